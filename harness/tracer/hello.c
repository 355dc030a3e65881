#include "hello.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process.h"

/* System calls by number, as in process_ledger.c. */

/* fd: passed along; -1: none. */
static bool send_by(int socket, const LedgerHello *hello, int fd)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, process_inheritance.socket, sizeof address.sun_path);
    union {
        char buffer[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = {0};
    struct iovec part = {(void *)hello, sizeof *hello};
    struct msghdr message = {
        .msg_name = &address, .msg_namelen = sizeof address, .msg_iov = &part, .msg_iovlen = 1};
    if (fd >= 0) {
        message.msg_control = control.buffer;
        message.msg_controllen = sizeof control.buffer;
        struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
        *rights = (struct cmsghdr){CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
        memcpy(CMSG_DATA(rights), &fd, sizeof fd);
    }
    long sent;
    do
        sent = syscall(SYS_sendmsg, socket, &message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent == (long)sizeof *hello;
}

/* 1: sent; 0: nobody listens; -1: there is no descriptor for a socket. */
static int send_hello(const LedgerHello *hello, int fd)
{
    int socket = (int)syscall(SYS_socket, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (socket < 0)
        return -1;
    /* A harness that does not read does not hold the host for ever. */
    struct timeval patience = {.tv_sec = 10};
    syscall(SYS_setsockopt, socket, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    bool sent = send_by(socket, hello, fd);
    syscall(SYS_close, socket);
    return sent;
}

/* A copy of the process has descriptors of its own, and may close one of them. No signal tells of its end,
 * and no wait of the host finds it. */
static void send_by_copy(const LedgerHello *hello)
{
    long copy = syscall(SYS_clone, 0, 0, 0, 0, 0);
    if (copy == 0) {
        for (int fd = 0; fd < 3; fd++)
            syscall(SYS_close, fd);
        send_hello(hello, -1);
        for (;;)
            syscall(SYS_exit_group, 0);
    }
    while (copy > 0 && syscall(SYS_wait4, copy, NULL, __WALL, NULL) < 0 && errno == EINTR)
        continue;
}

void hello_send_off(bool forked, uint32_t off_reason)
{
    LedgerHello hello = {.magic = LEDGER_MAGIC,
                         .pid = (uint32_t)syscall(SYS_getpid),
                         .forked = forked,
                         .kind = LEDGER_HELLO_OFF,
                         .off_reason = off_reason};
    if (send_hello(&hello, -1) < 0)
        send_by_copy(&hello);
}

bool hello_send(const LedgerHeader *header, int fd)
{
    LedgerHello hello = {
        .magic = LEDGER_MAGIC, .pid = header->pid, .forked = header->forked, .kind = LEDGER_HELLO};
    int sent = send_hello(&hello, fd);
    syscall(SYS_close, fd);
    if (sent < 0)
        hello_send_off(header->forked, LEDGER_OFF_NO_DESCRIPTOR);
    return sent == 1;
}

void hello_announce(uint32_t kind, uint32_t pid, int program)
{
    LedgerHello hello = {.magic = LEDGER_MAGIC, .pid = pid, .kind = kind};
    send_hello(&hello, program);
}
