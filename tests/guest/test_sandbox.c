/* A program that is killed for system calls that it does not make itself, under the tracer. */
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "ledgers.h"
#include "runner.h"

/* 100 blocks of 1000 bytes stay, at a place whose stack is known. */
static void check_leak(const Received *received)
{
    gint64 found = 0;
    for (guint i = 2; i < received->header->sites; i++)
        found += received_sites(received)[i].live_bytes == 100 * 1000 ? 1 : 0;
    ck_assert_int_eq(found, 1);
    Sum sites = received_live_by_sites(received);
    ck_assert_int_eq(sites.bytes, received->header->live_bytes);
    ck_assert_int_eq(received_live_by_records(received).bytes, sites.bytes);
}

/* NULL: there are no sandboxes here. */
static Ledgers *run(const char *way, const char *how)
{
    const char *argv[] = {"sandbox", way, how, NULL};
    g_autoptr(Ledgers) alone = ledgers_run(argv, FALSE, 0);
    if (WIFEXITED(alone->wait_status) && WEXITSTATUS(alone->wait_status) == 77) {
        runner_skip("sandbox", "the kernel has no seccomp filters");
        return NULL;
    }
    ck_assert_msg(alone->wait_status == 0, "%s alone: status %x", way, alone->wait_status);
    Ledgers *ran = ledgers_run(argv, TRUE, 0);
    ck_assert_msg(ran->wait_status == 0 && strcmp(ran->out, "done\n") == 0, "%s by %s: status %x: %s", way,
                  how, ran->wait_status, ran->out);
    return ran;
}

static const char *const ways[] = {"plain", "heap", "deep", "thread_after", "thread_before", "stack"};
static const char *const hows[] = {"prctl", "syscall"};

START_TEST(test_no_sandbox_kills_for_what_malloc_does_not_call)
{
    const char *way = ways[_i / (int)G_N_ELEMENTS(hows)], *how = hows[_i % (int)G_N_ELEMENTS(hows)];
    g_autoptr(Ledgers) ran = run(way, how);
    if (ran == NULL)
        return;
    const Received *received = ledgers_at(ran, 0);
    check_leak(received);
    ck_assert_uint_ne(received->header->ended_ns, 0);
}
END_TEST

START_TEST(test_a_fork_in_a_sandbox_has_a_ledger)
{
    g_autoptr(Ledgers) ran = run("fork", hows[_i]);
    if (ran == NULL)
        return;
    ck_assert_uint_eq(ran->received->len, 2);
    for (guint i = 0; i < 2; i++)
        check_leak(ledgers_at(ran, i));
    ck_assert_uint_eq(ledgers_at(ran, 1)->header->forked, LEDGER_FORKED_APART);
}
END_TEST

START_TEST(test_a_program_that_the_tracers_calls_would_kill_is_started_without_it)
{
    g_autoptr(Ledgers) ran = run("exec", hows[_i]);
    if (ran == NULL)
        return;
    ck_assert_uint_eq(ran->received->len, 1);
    check_leak(ledgers_at(ran, 0));
}
END_TEST

START_TEST(test_another_librarys_syscall_is_called)
{
    g_autofree char *preload = g_strconcat("LD_PRELOAD=", runner_path("build/tests/guest/in_front.so"), NULL);
    const char *argv[] = {"/usr/bin/env", preload, runner_path("build/tests/guest/sandbox"), "in_front",
                          NULL};
    g_autoptr(Ledgers) alone = ledgers_run(argv, FALSE, 0), traced = ledgers_run(argv, TRUE, 0);
    ck_assert_int_eq(alone->wait_status, 0);
    ck_assert_int_eq(traced->wait_status, 0);
}
END_TEST

SUITE(sandbox, 120)
{
    tcase_add_test(tcase, test_another_librarys_syscall_is_called);
    tcase_add_loop_test(tcase, test_a_program_that_the_tracers_calls_would_kill_is_started_without_it, 0,
                        G_N_ELEMENTS(hows));
    tcase_add_loop_test(tcase, test_a_fork_in_a_sandbox_has_a_ledger, 0, G_N_ELEMENTS(hows));
    tcase_add_loop_test(tcase, test_no_sandbox_kills_for_what_malloc_does_not_call, 0,
                        G_N_ELEMENTS(ways) * G_N_ELEMENTS(hows));
}
