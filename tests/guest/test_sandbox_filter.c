/* What a filter of system calls would do, without being in force. */
#include "guest/process/sandbox_filter.h"

#include <linux/audit.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "runner.h"

#define NUMBER         BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))
#define RETURN(action) BPF_STMT(BPF_RET | BPF_K, action)
#define FILTER(name, ...)                                                                                    \
    struct sock_filter name##_code[] = {__VA_ARGS__};                                                        \
    struct sock_fprog name = {G_N_ELEMENTS(name##_code), name##_code}

START_TEST(test_a_filter_answers_as_the_kernel_lets_it)
{
    FILTER(filter, NUMBER, BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 7, 0, 4),
           BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])), BPF_STMT(BPF_ST, 3),
           BPF_STMT(BPF_LDX | BPF_MEM, 3), BPF_JUMP(BPF_JMP | BPF_JSET | BPF_X, 0, 0, 2),
           BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 1), BPF_STMT(BPF_RET | BPF_A, 0), RETURN(99));
    struct seccomp_data call = {.nr = 7, .args = {0, 0, 0x50}};
    ck_assert_uint_eq(sandbox_filter_run(&filter, &call), 0x28);
    call.args[2] = 0;
    ck_assert_uint_eq(sandbox_filter_run(&filter, &call), 99);
    call.nr = 8;
    call.args[2] = 0x50;
    ck_assert_uint_eq(sandbox_filter_run(&filter, &call), 8 >> 1);
}
END_TEST

START_TEST(test_a_filter_that_makes_no_sense_kills)
{
    struct seccomp_data call = {0};
    FILTER(endless, BPF_STMT(BPF_JMP | BPF_JA, 1000));
    FILTER(far, BPF_STMT(BPF_LD | BPF_W | BPF_ABS, sizeof call), RETURN(SECCOMP_RET_ALLOW));
    FILTER(outside, BPF_STMT(BPF_STX, BPF_MEMWORDS), RETURN(SECCOMP_RET_ALLOW));
    FILTER(nothing, BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 0), RETURN(SECCOMP_RET_ALLOW));
    const struct sock_fprog *filters[] = {&endless, &far, &outside, &nothing};
    for (gsize i = 0; i < G_N_ELEMENTS(filters); i++)
        ck_assert_uint_eq(sandbox_filter_run(filters[i], &call), SECCOMP_RET_KILL_PROCESS);
}
END_TEST

static gboolean kills(int number, guint action)
{
    FILTER(filter, NUMBER, BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (guint)number, 0, 1), RETURN(action),
           RETURN(SECCOMP_RET_ALLOW));
    return sandbox_filter_kills(&filter);
}

START_TEST(test_a_filter_is_deadly_if_it_kills_for_what_the_tracer_calls)
{
    static const int ours[] = {SYS_madvise, SYS_memfd_create, SYS_socket, SYS_getpid, SYS_openat};
    for (gsize i = 0; i < G_N_ELEMENTS(ours); i++) {
        ck_assert(kills(ours[i], SECCOMP_RET_KILL_PROCESS));
        ck_assert(kills(ours[i], SECCOMP_RET_KILL_THREAD));
        ck_assert(kills(ours[i], SECCOMP_RET_TRAP));
        ck_assert(!kills(ours[i], SECCOMP_RET_ERRNO | 1));
        ck_assert(!kills(ours[i], SECCOMP_RET_LOG));
    }
    ck_assert(!kills(SYS_reboot, SECCOMP_RET_KILL_PROCESS));
}
END_TEST

SUITE(sandbox_filter, 10)
{
    tcase_add_test(tcase, test_a_filter_answers_as_the_kernel_lets_it);
    tcase_add_test(tcase, test_a_filter_that_makes_no_sense_kills);
    tcase_add_test(tcase, test_a_filter_is_deadly_if_it_kills_for_what_the_tracer_calls);
}
