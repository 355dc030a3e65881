#include "hello.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process.h"

/* System calls by number, as in family.c. */

static bool connect_to(int socket, const struct sockaddr_un *address, size_t path_size)
{
    long size = (long)(offsetof(struct sockaddr_un, sun_path) + path_size);
    long connected;
    do
        connected = syscall(SYS_connect, socket, address, size);
    while (connected < 0 && errno == EINTR);
    return connected == 0;
}

/* By the abstract name first, which needs no folder and no permission; but it is another network's where the
 * program has one of its own. */
static bool connect_harness(int socket)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *text = process_inheritance.socket;
    size_t length = (size_t)(strchrnul(text, '#') - text);
    if (length + 1 >= sizeof address.sun_path)
        return false;
    memcpy(address.sun_path + 1, text, length);
    if (connect_to(socket, &address, length + 1))
        return true;
    memcpy(address.sun_path, text, length);
    address.sun_path[length] = '\0';
    return connect_to(socket, &address, length + 1);
}

/* fd: passed along; -1: none. */
static bool send_by(int socket, const LedgerHello *hello, int fd)
{
    union {
        char buffer[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = {0};
    struct iovec part = {(void *)hello, sizeof *hello};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
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
    int socket = (int)syscall(SYS_socket, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (socket < 0)
        return -1;
    bool sent = connect_harness(socket) && send_by(socket, hello, fd);
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

/* static: not on the host's stack; one thread opens. */
static const LedgerHello *hello_of(uint32_t kind, uint32_t off_reason)
{
    static LedgerHello hello;
    hello = (LedgerHello){.magic = LEDGER_MAGIC, .kind = kind, .off_reason = off_reason};
    hello.pid = (uint32_t)syscall(SYS_getpid);
    const char *key = strchr(process_inheritance.socket, '#');
    strncpy(hello.key, key != NULL ? key + 1 : "", sizeof hello.key - 1);
    strncpy(hello.program, process_executable(), sizeof hello.program - 1);
    process_parent(&hello.parent_family, &hello.parent_entry);
    return &hello;
}

void hello_send_off(uint32_t off_reason)
{
    const LedgerHello *hello = hello_of(LEDGER_HELLO_OFF, off_reason);
    if (send_hello(hello, -1) < 0)
        send_by_copy(hello);
}

bool hello_send(int file)
{
    int sent = send_hello(hello_of(LEDGER_HELLO, LEDGER_OFF_NOT), file);
    if (sent < 0)
        hello_send_off(LEDGER_OFF_NO_DESCRIPTOR);
    return sent == 1;
}
