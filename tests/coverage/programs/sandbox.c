/* Sandboxes: a system call is refused with EPERM, or kills. */
#include "coverage.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

static int filtered(int number, unsigned action)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, action),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
        return CANNOT;
    return 0;
}

#define SANDBOX(name)                                                                                        \
    static int refuse_##name(void)                                                                           \
    {                                                                                                        \
        return filtered(SYS_##name, SECCOMP_RET_ERRNO | EPERM);                                              \
    }                                                                                                        \
    static int kill_##name(void)                                                                             \
    {                                                                                                        \
        return filtered(SYS_##name, SECCOMP_RET_KILL_PROCESS);                                               \
    }
SANDBOX(socket)
SANDBOX(connect)
SANDBOX(sendmsg)
SANDBOX(recvmsg)
SANDBOX(memfd_create)
SANDBOX(ftruncate)
SANDBOX(madvise)
SANDBOX(mincore)
SANDBOX(openat)
SANDBOX(readlink)
SANDBOX(process_vm_readv)
SANDBOX(gettid)
SANDBOX(getpid)
SANDBOX(fcntl)
SANDBOX(poll)

#define ROW(name)                                                                                            \
    {"refuse-" #name, refuse_##name},                                                                        \
    {                                                                                                        \
        "kill-" #name, kill_##name                                                                           \
    }
const Method sandbox_methods[] = {
    ROW(socket),  ROW(connect), ROW(sendmsg), ROW(recvmsg),  ROW(memfd_create),     ROW(ftruncate),
    ROW(madvise), ROW(mincore), ROW(openat),  ROW(readlink), ROW(process_vm_readv), ROW(gettid),
    ROW(getpid),  ROW(fcntl),   ROW(poll),    {NULL, NULL},
};
