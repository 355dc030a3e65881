/* The ways into a sandbox: prctl, and syscall with prctl's number or seccomp's; syscall as the way to another
 * program; and syscall as mmap and its like, which mapping.c books. Whoever else stands in front of the C
 * library's is called, too. */
#include <dlfcn.h>
#include <linux/seccomp.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest.h"
#include "sandbox.h"
#include "sandbox_filter.h"

GUEST_EXPORT int prctl(int option, ...);
GUEST_HIDDEN void sandbox_enter(long number, unsigned operation, unsigned long mode,
                                const struct sock_fprog *filter) __attribute__((used));

_Static_assert(SECCOMP_SET_MODE_STRICT == 0 && SECCOMP_SET_MODE_FILTER == 1, "as compared below");
_Static_assert(PR_SET_SECCOMP == 22 && PR_SET_NO_NEW_PRIVS == 38, "as compared below");

/* As exec.c has them: what is started is entered and traced. */
GUEST_HIDDEN long syscall_execve(long number, const char *path, char *const *arguments,
                                 char *const *environment) __attribute__((used));
GUEST_HIDDEN long syscall_execveat(long number, int folder, const char *path, char *const *arguments,
                                   char *const *environment, int flags) __attribute__((used));

long syscall_execve(long number, const char *path, char *const *arguments, char *const *environment)
{
    (void)number;
    return execve(path, arguments, environment);
}

long syscall_execveat(long number, int folder, const char *path, char *const *arguments,
                      char *const *environment, int flags)
{
    (void)number;
    return execveat(folder, path, arguments, environment, flags);
}

/* Another library's; NULL: the C library's, whose work is done here. */
GUEST_HIDDEN extern long (*next_syscall)(long number, ...);
long (*next_syscall)(long number, ...);
static int (*next_prctl)(int option, ...);

extern void __libc_free(void *);

static void *call_find_next(const char *name)
{
    Dl_info theirs, libc;
    void *found = dlsym(RTLD_NEXT, name);
    bool is_anothers = found != NULL && dladdr(found, &theirs) != 0 &&
                       dladdr((void *)__libc_free, &libc) != 0 && theirs.dli_fbase != libc.dli_fbase;
    return is_anothers ? found : NULL;
}

__attribute__((constructor)) static void sandbox_begin(void)
{
    *(void **)&next_syscall = call_find_next("syscall");
    *(void **)&next_prctl = call_find_next("prctl");
}

/* As the call's own arguments lie: seccomp's second and third are the operation and flags, prctl's the option
 * and the mode; the filter is the fourth of both. A program that only asks whether there are filters gives
 * none. */
void sandbox_enter(long number, unsigned operation, unsigned long mode, const struct sock_fprog *filter)
{
    sandbox_entered = true;
    bool sets_filter = number == SYS_seccomp ? operation == SECCOMP_SET_MODE_FILTER
                                             : operation == PR_SET_SECCOMP && mode == SECCOMP_MODE_FILTER;
    if (!sets_filter)
        sandbox_kills_starts |= number == SYS_seccomp || operation == PR_SET_SECCOMP; /* the strict mode */
    else if (filter != NULL && filter->filter != NULL)
        sandbox_kills_starts |= sandbox_filter_kills(filter);
}

/* The program's. Without a frame, as the C library's own: a call may return twice, or on another stack. */
#ifdef __x86_64__
_Static_assert(SYS_prctl == 157 && SYS_seccomp == 317 && SYS_execve == 59 && SYS_execveat == 322,
               "as compared below");
_Static_assert(SYS_mmap == 9 && SYS_mprotect == 10 && SYS_munmap == 11 && SYS_brk == 12 && SYS_mremap == 25,
               "likewise");
__asm__(".text\n"
        ".globl syscall\n"
        ".type syscall, @function\n"
        "syscall:\n"
        ".cfi_startproc\n"
        "    cmpq $317, %rdi\n"
        "    je 2f\n"
        "    cmpq $157, %rdi\n"
        "    je 3f\n"
        "    cmpq $59, %rdi\n"
        "    je syscall_execve\n"
        "    cmpq $322, %rdi\n"
        "    je syscall_execveat\n"
        "    leaq -9(%rdi), %rax\n"
        "    cmpq $3, %rax\n"
        "    jbe mapping_syscall\n"
        "    cmpq $25, %rdi\n"
        "    je mapping_syscall\n"
        "1:  cmpq $0, next_syscall(%rip)\n"
        "    je guest_syscall\n"
        "    jmp *next_syscall(%rip)\n"
        "2:  cmpl $1, %esi\n"
        "    ja 1b\n"
        "    jmp 4f\n"
        "3:  cmpl $22, %esi\n"
        "    je 4f\n"
        "    cmpl $38, %esi\n"
        "    jne 1b\n"
        "4:  pushq %rdi\n"
        "    .cfi_adjust_cfa_offset 8\n"
        "    pushq %rsi\n"
        "    .cfi_adjust_cfa_offset 8\n"
        "    pushq %rdx\n"
        "    .cfi_adjust_cfa_offset 8\n"
        "    pushq %rcx\n"
        "    .cfi_adjust_cfa_offset 8\n"
        "    pushq %r8\n"
        "    .cfi_adjust_cfa_offset 8\n"
        "    pushq %r9\n"
        "    .cfi_adjust_cfa_offset 8\n"
        "    subq $8, %rsp\n"
        "    .cfi_adjust_cfa_offset 8\n"
        "    call sandbox_enter\n"
        "    addq $8, %rsp\n"
        "    .cfi_adjust_cfa_offset -8\n"
        "    popq %r9\n"
        "    .cfi_adjust_cfa_offset -8\n"
        "    popq %r8\n"
        "    .cfi_adjust_cfa_offset -8\n"
        "    popq %rcx\n"
        "    .cfi_adjust_cfa_offset -8\n"
        "    popq %rdx\n"
        "    .cfi_adjust_cfa_offset -8\n"
        "    popq %rsi\n"
        "    .cfi_adjust_cfa_offset -8\n"
        "    popq %rdi\n"
        "    .cfi_adjust_cfa_offset -8\n"
        "    jmp 1b\n"
        ".cfi_endproc\n"
        ".size syscall, .-syscall\n");
#elif defined(__aarch64__)
_Static_assert(SYS_prctl == 167 && SYS_seccomp == 277 && SYS_execve == 221 && SYS_execveat == 281,
               "as compared below");
__asm__(".text\n"
        ".globl syscall\n"
        ".type syscall, %function\n"
        "syscall:\n"
        ".cfi_startproc\n"
        "    cmp x0, #277\n"
        "    b.eq 2f\n"
        "    cmp x0, #167\n"
        "    b.eq 3f\n"
        "    cmp x0, #221\n"
        "    b.eq syscall_execve\n"
        "    cmp x0, #281\n"
        "    b.eq syscall_execveat\n"
        "1:  adrp x9, next_syscall\n"
        "    ldr x9, [x9, #:lo12:next_syscall]\n"
        "    cbz x9, 5f\n"
        "    br x9\n"
        "2:  cmp w1, #1\n"
        "    b.hi 1b\n"
        "    b 4f\n"
        "3:  cmp w1, #22\n"
        "    b.eq 4f\n"
        "    cmp w1, #38\n"
        "    b.ne 1b\n"
        "4:  stp x29, x30, [sp, #-80]!\n"
        "    .cfi_adjust_cfa_offset 80\n"
        "    .cfi_offset x29, -80\n"
        "    .cfi_offset x30, -72\n"
        "    stp x0, x1, [sp, #16]\n"
        "    stp x2, x3, [sp, #32]\n"
        "    stp x4, x5, [sp, #48]\n"
        "    str x6, [sp, #64]\n"
        "    bl sandbox_enter\n"
        "    ldp x0, x1, [sp, #16]\n"
        "    ldp x2, x3, [sp, #32]\n"
        "    ldp x4, x5, [sp, #48]\n"
        "    ldr x6, [sp, #64]\n"
        "    ldp x29, x30, [sp], #80\n"
        "    .cfi_adjust_cfa_offset -80\n"
        "    .cfi_restore x29\n"
        "    .cfi_restore x30\n"
        "    b 1b\n"
        "5:  b guest_syscall\n"
        ".cfi_endproc\n"
        ".size syscall, .-syscall\n");
#else
#error "no way to call the kernel on this processor"
#endif

int prctl(int option, ...)
{
    unsigned long arguments[4];
    va_list list;
    va_start(list, option);
    for (int i = 0; i < 4; i++)
        arguments[i] = va_arg(list, unsigned long);
    va_end(list);
    if (option == PR_SET_SECCOMP || option == PR_SET_NO_NEW_PRIVS)
        sandbox_enter(SYS_prctl, (unsigned)option, arguments[0], (const struct sock_fprog *)arguments[1]);
    if (next_prctl != NULL)
        return next_prctl(option, arguments[0], arguments[1], arguments[2], arguments[3]);
    return (int)syscall(SYS_prctl, option, arguments[0], arguments[1], arguments[2], arguments[3]);
}
