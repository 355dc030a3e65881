/* The way to the kernel: what the tracer's sources call syscall is guest_syscall (guest.mk), so that neither
 * the program nor another preloaded library comes in between. Without a frame, as the C library's own: a call
 * may return twice, or on another stack. */
#include <errno.h>

__attribute__((visibility("hidden"), used)) long guest_syscall_failed(long result);

long guest_syscall_failed(long result)
{
    errno = (int)-result;
    return -1;
}

#ifdef __x86_64__
__asm__(".text\n"
        ".globl guest_syscall\n"
        ".hidden guest_syscall\n"
        ".type guest_syscall, @function\n"
        "guest_syscall:\n"
        ".cfi_startproc\n"
        "    movq %rdi, %rax\n"
        "    movq %rsi, %rdi\n"
        "    movq %rdx, %rsi\n"
        "    movq %rcx, %rdx\n"
        "    movq %r8, %r10\n"
        "    movq %r9, %r8\n"
        "    movq 8(%rsp), %r9\n"
        "    syscall\n"
        "    cmpq $-4095, %rax\n"
        "    jae 1f\n"
        "    ret\n"
        "1:  movq %rax, %rdi\n"
        "    jmp guest_syscall_failed\n"
        ".cfi_endproc\n"
        ".size guest_syscall, .-guest_syscall\n");
#elif defined(__aarch64__)
__asm__(".text\n"
        ".globl guest_syscall\n"
        ".hidden guest_syscall\n"
        ".type guest_syscall, %function\n"
        "guest_syscall:\n"
        ".cfi_startproc\n"
        "    mov x8, x0\n"
        "    mov x0, x1\n"
        "    mov x1, x2\n"
        "    mov x2, x3\n"
        "    mov x3, x4\n"
        "    mov x4, x5\n"
        "    mov x5, x6\n"
        "    svc #0\n"
        "    cmn x0, #4095\n"
        "    b.cs 1f\n"
        "    ret\n"
        "1:  b guest_syscall_failed\n"
        ".cfi_endproc\n"
        ".size guest_syscall, .-guest_syscall\n");
#else
#error "no way to call the kernel on this processor"
#endif
