#include "traced.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "instrument/heap_socket.h"
#include "runner.h"

int traced_connect(const char *address)
{
    int fd = heap_socket_connect(address);
    ck_assert_int_ge(fd, 0);
    return fd;
}

void traced_send_with(const char *address, int file, const char *key)
{
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
    LedgerHello hello = {.magic = LEDGER_MAGIC, .kind = LEDGER_HELLO, .pid = (guint32)getpid()};
    g_strlcpy(hello.key, key, sizeof hello.key);
    struct iovec part = {&hello, sizeof hello};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(rights), &file, sizeof file);
    int to = traced_connect(address);
    ck_assert_int_eq(sendmsg(to, &message, 0), sizeof hello);
    close(to);
}

void traced_send(const char *address, int file)
{
    traced_send_with(address, file, TRACED_KEY);
}

void *traced_hold(const MadeLedger *made)
{
    void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, made->fd, 0);
    ck_assert_ptr_ne(memory, MAP_FAILED);
    return memory;
}

Collector *traced_listen(const char *folder, char **path)
{
    g_autoptr(GError) error = NULL;
    *path = g_strdup_printf("%s/socket#" TRACED_KEY, folder);
    Collector *collector = collector_new(*path, &error);
    ck_assert_msg(collector != NULL, "%s", error != NULL ? error->message : "");
    return collector;
}
