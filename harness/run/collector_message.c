#include "collector_message.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static void read_control(struct msghdr *header, Message *message)
{
    for (struct cmsghdr *part = CMSG_FIRSTHDR(header); part != NULL; part = CMSG_NXTHDR(header, part)) {
        if (part->cmsg_level != SOL_SOCKET)
            continue;
        gsize size = part->cmsg_len - CMSG_LEN(0);
        if (part->cmsg_type == SCM_RIGHTS && message->n_fds == 0) {
            message->n_fds = (guint)MIN(size / sizeof(int), MESSAGE_MOST_DESCRIPTORS);
            memcpy(message->fds, CMSG_DATA(part), message->n_fds * sizeof(int));
        } else if (part->cmsg_type == SCM_CREDENTIALS && size >= sizeof(struct ucred)) {
            struct ucred sender;
            memcpy(&sender, CMSG_DATA(part), sizeof sender);
            message->pid = sender.pid;
        }
    }
}

gboolean message_receive(Message *message, int socket)
{
    _Alignas(struct cmsghdr) char
        control[CMSG_SPACE(sizeof(int) * MESSAGE_MOST_DESCRIPTORS) + CMSG_SPACE(sizeof(struct ucred))];
    struct iovec part = {message->bytes, sizeof message->bytes};
    struct msghdr header = {
        .msg_name = &message->sender,
        .msg_namelen = sizeof message->sender,
        .msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = control,
        .msg_controllen = sizeof control,
    };
    message->n_fds = 0;
    message->pid = 0;
    do
        message->length = recvmsg(socket, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    while (message->length < 0 && errno == EINTR);
    if (message->length < 0)
        return FALSE;
    message->sender_length = header.msg_namelen;
    read_control(&header, message);
    return TRUE;
}

void message_clear(Message *message)
{
    for (guint i = 0; i < message->n_fds; i++)
        close(message->fds[i]);
    message->n_fds = 0;
}
