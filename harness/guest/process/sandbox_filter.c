#include "sandbox_filter.h"

#include <linux/audit.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#ifdef __x86_64__
#define ARCHITECTURE AUDIT_ARCH_X86_64
#else
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14 */
#endif

enum { LONGEST = BPF_MAXINSNS };

typedef struct {
    uint32_t a, x, memory[BPF_MEMWORDS];
} Registers;

/* False: no such operation, or a division by nothing. */
static bool calculate(Registers *self, uint16_t code, uint32_t value)
{
    switch (BPF_OP(code)) {
    case BPF_ADD:
        self->a += value;
        return true;
    case BPF_SUB:
        self->a -= value;
        return true;
    case BPF_MUL:
        self->a *= value;
        return true;
    case BPF_DIV:
        if (value == 0)
            return false;
        self->a /= value;
        return true;
    case BPF_AND:
        self->a &= value;
        return true;
    case BPF_OR:
        self->a |= value;
        return true;
    case BPF_XOR:
        self->a ^= value;
        return true;
    case BPF_LSH:
        self->a = value < 32 ? self->a << value : 0;
        return true;
    case BPF_RSH:
        self->a = value < 32 ? self->a >> value : 0;
        return true;
    case BPF_NEG:
        self->a = -self->a;
        return true;
    default:
        return false;
    }
}

static bool compares(uint16_t code, uint32_t a, uint32_t value)
{
    switch (BPF_OP(code)) {
    case BPF_JEQ:
        return a == value;
    case BPF_JGT:
        return a > value;
    case BPF_JGE:
        return a >= value;
    default:
        return (a & value) != 0; /* BPF_JSET */
    }
}

/* Loads and stores; false: no such one. */
static bool moves(Registers *self, const struct sock_filter *at, const struct seccomp_data *call)
{
    bool in_memory = at->k < BPF_MEMWORDS;
    switch (at->code) {
    case BPF_LD | BPF_W | BPF_ABS:
        if (at->k % sizeof self->a != 0 || at->k >= sizeof *call)
            return false;
        memcpy(&self->a, (const char *)call + at->k, sizeof self->a);
        return true;
    case BPF_LD | BPF_W | BPF_LEN:
        self->a = sizeof *call;
        return true;
    case BPF_LDX | BPF_W | BPF_LEN:
        self->x = sizeof *call;
        return true;
    case BPF_LD | BPF_IMM:
        self->a = at->k;
        return true;
    case BPF_LDX | BPF_IMM:
        self->x = at->k;
        return true;
    case BPF_LD | BPF_MEM:
        self->a = in_memory ? self->memory[at->k] : 0;
        return in_memory;
    case BPF_LDX | BPF_MEM:
        self->x = in_memory ? self->memory[at->k] : 0;
        return in_memory;
    case BPF_ST:
        if (in_memory)
            self->memory[at->k] = self->a;
        return in_memory;
    case BPF_STX:
        if (in_memory)
            self->memory[at->k] = self->x;
        return in_memory;
    case BPF_MISC | BPF_TAX:
        self->x = self->a;
        return true;
    case BPF_MISC | BPF_TXA:
        self->a = self->x;
        return true;
    default:
        return false;
    }
}

uint32_t sandbox_filter_run(const struct sock_fprog *filter, const struct seccomp_data *call)
{
    Registers self = {0};
    /* Jumps go forward alone. */
    for (uint64_t next = 0; next < filter->len && filter->len <= LONGEST;) {
        const struct sock_filter *at = &filter->filter[next++];
        uint32_t value = BPF_SRC(at->code) == BPF_X ? self.x : at->k;
        bool known = true;
        switch (BPF_CLASS(at->code)) {
        case BPF_RET:
            return BPF_RVAL(at->code) == BPF_A ? self.a : at->k;
        case BPF_JMP:
            next += BPF_OP(at->code) == BPF_JA ? at->k : compares(at->code, self.a, value) ? at->jt : at->jf;
            break;
        case BPF_ALU:
            known = calculate(&self, at->code, value);
            break;
        default:
            known = moves(&self, at, call);
            break;
        }
        if (!known)
            break;
    }
    return SECCOMP_RET_KILL_PROCESS;
}

static bool is_deadly(uint32_t answer)
{
    uint32_t action = answer & SECCOMP_RET_ACTION_FULL;
    return action != SECCOMP_RET_ALLOW && action != SECCOMP_RET_ERRNO && action != SECCOMP_RET_LOG &&
           action != SECCOMP_RET_TRACE && action != SECCOMP_RET_USER_NOTIF;
}

/* What any process may call is not in it: the loader did. */
static const struct {
    int number;
    uint64_t first, third; /* arguments that filters look at */
} calls[] = {
    {SYS_madvise, 0, MADV_WIPEONFORK},
    {SYS_madvise, 0, MADV_DONTDUMP},
    {SYS_madvise, 0, MADV_POPULATE_WRITE},
    {SYS_memfd_create, 0, 0},
    {SYS_prlimit64, 0, 0},
    {SYS_ftruncate, 0, 0},
    {SYS_socket, AF_UNIX, 0},
    {SYS_connect, 0, 0},
    {SYS_sendmsg, 0, 0},
    {SYS_getpid, 0, 0},
    {SYS_getppid, 0, 0},
    {SYS_newfstatat, 0, 0},
    {SYS_readlinkat, 0, 0},
    {SYS_openat, 0, 0},
    {SYS_read, 0, 0},
    {SYS_close, 0, 0},
    {SYS_mremap, 0, 0},
    {SYS_mincore, 0, 0},
    {SYS_process_vm_readv, 0, 0},
    {SYS_remap_file_pages, 0, 0},
    {SYS_faccessat, 0, 0},
    {SYS_getcwd, 0, 0},
};

bool sandbox_filter_kills(const struct sock_fprog *filter)
{
    for (unsigned i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        struct seccomp_data call = {
            .nr = calls[i].number, .arch = ARCHITECTURE, .args = {calls[i].first, 0, calls[i].third}};
        if (is_deadly(sandbox_filter_run(filter, &call)))
            return true;
    }
    return false;
}
