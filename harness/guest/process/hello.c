#include "hello.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
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

/* -1: none. */
static uint32_t send_hello(const LedgerHello *hello, int fd)
{
    int socket = (int)syscall(SYS_socket, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (socket < 0)
        return errno == EMFILE || errno == ENFILE ? LEDGER_OFF_NO_DESCRIPTOR : LEDGER_OFF_NO_HARNESS;
    bool sent = connect_harness(socket) && send_by(socket, hello, fd);
    syscall(SYS_close, socket);
    return sent ? LEDGER_OFF_NOT : LEDGER_OFF_NO_HARNESS;
}

uint32_t hello_send(int file)
{
    return send_hello(hello_of(LEDGER_HELLO, LEDGER_OFF_NOT), file);
}

uint32_t hello_send_off(uint32_t off_reason)
{
    return send_hello(hello_of(LEDGER_HELLO_OFF, off_reason), -1);
}
