/* The ways into a sandbox: prctl, and syscall with prctl's number or seccomp's; syscall as the way to another
 * program; and syscall as mmap and its like, which mapping.c books. */
#include <errno.h>
#include <linux/seccomp.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest.h"
#include "sandbox.h"
#include "sandbox_filter.h"

GUEST_EXPORT int prctl(int option, ...);
GUEST_HIDDEN long syscall_failed(long result) __attribute__((used));
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

long syscall_failed(long result)
{
    errno = (int)-result;
    return -1;
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

/* Without a frame, as the C library's own: a call may return twice, or on another stack. */
#ifdef __x86_64__
_Static_assert(SYS_prctl == 157 && SYS_seccomp == 317 && SYS_execve == 59 && SYS_execveat == 322,
               "as compared below");
_Static_assert(SYS_mmap == 9 && SYS_mprotect == 10 && SYS_munmap == 11 && SYS_mremap == 25, "likewise");
__asm__(".text\n"
        ".hidden __ehdr_start\n"
        ".hidden _end\n"
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
        "    cmpq $2, %rax\n"
        "    jbe 6f\n"
        "    cmpq $25, %rdi\n"
        "    je 6f\n"
        "1:  movq %rdi, %rax\n"
        "    movq %rsi, %rdi\n"
        "    movq %rdx, %rsi\n"
        "    movq %rcx, %rdx\n"
        "    movq %r8, %r10\n"
        "    movq %r9, %r8\n"
        "    movq 8(%rsp), %r9\n"
        "    syscall\n"
        "    cmpq $-4095, %rax\n"
        "    jae 5f\n"
        "    ret\n"
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
        "5:  movq %rax, %rdi\n"
        "    jmp syscall_failed\n"
        /* What maps is booked, unless this library itself calls. */
        "6:  leaq __ehdr_start(%rip), %rax\n"
        "    cmpq %rax, (%rsp)\n"
        "    jb mapping_syscall\n"
        "    leaq _end(%rip), %rax\n"
        "    cmpq %rax, (%rsp)\n"
        "    jae mapping_syscall\n"
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
        "1:  mov x8, x0\n"
        "    mov x0, x1\n"
        "    mov x1, x2\n"
        "    mov x2, x3\n"
        "    mov x3, x4\n"
        "    mov x4, x5\n"
        "    mov x5, x6\n"
        "    svc #0\n"
        "    cmn x0, #4095\n"
        "    b.cs 5f\n"
        "    ret\n"
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
        "5:  b syscall_failed\n"
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
    return (int)syscall(SYS_prctl, option, arguments[0], arguments[1], arguments[2], arguments[3]);
}
