#include "collector_message.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST_DESCRIPTORS = 8 }; /* a packet from elsewhere may carry more than one: they are closed */

static void take_descriptors(Message *message, const struct cmsghdr *part)
{
    int fds[MOST_DESCRIPTORS];
    gsize count = MIN((part->cmsg_len - CMSG_LEN(0)) / sizeof(int), MOST_DESCRIPTORS);
    memcpy(fds, CMSG_DATA(part), count * sizeof(int));
    for (gsize i = 0; i < count; i++)
        if (message->fd < 0)
            message->fd = fds[i];
        else
            close(fds[i]);
}

gboolean message_receive(Message *message, int connection)
{
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int) * MOST_DESCRIPTORS)];
    struct iovec part = {message->bytes, sizeof message->bytes};
    struct msghdr header = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    message->fd = -1;
    do
        message->length = recvmsg(connection, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    while (message->length < 0 && errno == EINTR);
    if (message->length < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return FALSE;
    message->length = MAX(message->length, 0);
    message->lost = message->length > 0 && (header.msg_flags & MSG_CTRUNC) != 0;
    for (struct cmsghdr *at = CMSG_FIRSTHDR(&header); at != NULL && message->length > 0;
         at = CMSG_NXTHDR(&header, at))
        if (at->cmsg_level == SOL_SOCKET && at->cmsg_type == SCM_RIGHTS)
            take_descriptors(message, at);
    return TRUE;
}

void message_clear(Message *message)
{
    if (message->fd >= 0)
        close(message->fd);
    message->fd = -1;
}
