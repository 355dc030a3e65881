/* The supervisor: how processes end, and that nothing of them is left. */
#include "run/processors.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"
#include "leftover.h"
#include "runner.h"
#include "supervised.h"

static char *contents(const char *path)
{
    char *text = NULL;
    ck_assert(g_file_get_contents(path, &text, NULL, NULL));
    return text;
}

START_TEST(test_a_program_may_be_kept_to_some_processors)
{
    const char *argv[] = {"/bin/sh", "-c", "nproc; nproc", NULL};
    SupervisorPlan plan = supervised_plan(argv);
    plan.cpus = 1;
    SupervisorOutcome outcome = supervised_run(&plan, NULL);
    g_autofree char *said = contents(supervised_stdout);
    ck_assert_int_eq(outcome.end, SUPERVISOR_EXITED);
    ck_assert_str_eq(said, "1\n1\n");
    plan.cpus = 0;
    supervised_run(&plan, NULL);
    g_autofree char *all = contents(supervised_stdout);
    ck_assert_int_eq(g_ascii_strtoll(all, NULL, 10), processors_available(0));
}
END_TEST

START_TEST(test_exit_statuses_are_told)
{
    for (int status = 0; status < 256; status += 51) {
        g_autofree char *line = g_strdup_printf("exit %d", status);
        SupervisorOutcome outcome = supervised_shell(line, SUPERVISED_LONG_US);
        ck_assert_int_eq(outcome.end, SUPERVISOR_EXITED);
        ck_assert_int_eq(outcome.status, status);
        ck_assert_int_gt(outcome.duration_us, 0);
    }
}
END_TEST

START_TEST(test_signals_are_told)
{
    const int signals[] = {SIGKILL, SIGTERM, SIGSEGV, SIGABRT};
    for (gsize i = 0; i < G_N_ELEMENTS(signals); i++) {
        g_autofree char *line = g_strdup_printf("kill -%d $$", signals[i]);
        SupervisorOutcome outcome = supervised_shell(line, SUPERVISED_LONG_US);
        ck_assert_int_eq(outcome.end, SUPERVISOR_SIGNALLED);
        ck_assert_int_eq(outcome.status, signals[i]);
    }
}
END_TEST

START_TEST(test_the_process_id_is_that_of_the_program)
{
    SupervisorOutcome outcome = supervised_shell("echo $$", SUPERVISED_LONG_US);
    g_autofree char *text = contents(supervised_stdout);
    ck_assert_int_eq(g_ascii_strtoll(text, NULL, 10), outcome.pid);
}
END_TEST

START_TEST(test_a_timeout_kills_the_whole_group)
{
    SupervisorOutcome outcome = supervised_shell("trap '' TERM; " LEFTOVER_CHILD "wait", G_USEC_PER_SEC);
    ck_assert_int_eq(outcome.end, SUPERVISOR_TIMED_OUT);
    ck_assert_int_ge(outcome.duration_us, G_USEC_PER_SEC);
    leftover_await_gone(supervised_folder);
}
END_TEST

/* It is in the keeper's group then, which nobody may kill. */
START_TEST(test_a_timeout_ends_a_program_that_has_left_its_group)
{
    const char *argv[] = {"/usr/bin/python3", "-c",
                          "import os, signal\nos.setpgid(0, os.getpgid(os.getppid()))\nsignal.pause()", NULL};
    SupervisorPlan plan = supervised_plan(argv);
    plan.timeout_us = G_USEC_PER_SEC;
    SupervisorOutcome outcome = supervised_run(&plan, NULL);
    ck_assert_int_eq(outcome.end, SUPERVISOR_TIMED_OUT);
    ck_assert_int_lt(outcome.duration_us, SUPERVISED_LONG_US);
}
END_TEST

START_TEST(test_children_that_end_early_are_no_end_of_the_run)
{
    SupervisorOutcome outcome =
        supervised_shell("(sleep 0 &); (setsid true &); sh -c true; exit 3", SUPERVISED_LONG_US);
    ck_assert_int_eq(outcome.end, SUPERVISOR_EXITED);
    ck_assert_int_eq(outcome.status, 3);
}
END_TEST

/* Opens the FIFO, and so waits until the program has opened it, too; then cancels. */
static gpointer cancel_when_ready(gpointer data)
{
    g_autofree char *path = g_build_filename(supervised_folder, "running", NULL);
    int fifo = open(path, O_RDONLY);
    g_cancellable_cancel(data);
    close(fifo);
    return NULL;
}

START_TEST(test_cancelling_kills_the_whole_group)
{
    g_autofree char *path = g_build_filename(supervised_folder, "running", NULL);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    GThread *thread = g_thread_new("cancel", cancel_when_ready, cancellable);
    const char *argv[] = {"/bin/sh", "-c", LEFTOVER_CHILD "exec 3> running; wait", NULL};
    SupervisorPlan plan = supervised_plan(argv);
    SupervisorOutcome outcome = supervised_run(&plan, cancellable);
    g_thread_join(thread);
    ck_assert_int_eq(outcome.end, SUPERVISOR_CANCELLED);
    leftover_await_gone(supervised_folder);
}
END_TEST

START_TEST(test_a_run_that_is_cancelled_already_ends_at_once)
{
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_cancellable_cancel(cancellable);
    const char *argv[] = {"/bin/sleep", "1000", NULL};
    SupervisorPlan plan = supervised_plan(argv);
    ck_assert_int_eq(supervised_run(&plan, cancellable).end, SUPERVISOR_CANCELLED);
}
END_TEST

static void check_cannot_start(const SupervisorPlan *plan, const char *expected)
{
    SupervisorOutcome outcome;
    g_autoptr(GError) error = NULL;
    ck_assert(!supervisor_run(plan, NULL, &outcome, &error));
    ck_assert(g_error_matches(error, HEAPGATE_ERROR, HEAPGATE_ERROR_BROKEN));
    ck_assert_msg(g_str_has_prefix(error->message, expected), "expected: %s\nfound: %s", expected,
                  error->message);
}

START_TEST(test_what_cannot_be_started_is_an_error)
{
    const char *missing[] = {"/not/there", NULL}, *no_program[] = {"/etc/passwd", NULL},
               *good[] = {"/bin/true", NULL};
    SupervisorPlan plan = supervised_plan(missing), folder_plan = supervised_plan(no_program),
                   stdin_plan = supervised_plan(good), cwd_plan = supervised_plan(good);
    stdin_plan.stdin_path = "/not/there";
    cwd_plan.folder = "/not/there";
    check_cannot_start(&plan, "/not/there cannot be started: ");
    check_cannot_start(&folder_plan, "/etc/passwd cannot be started: ");
    check_cannot_start(&stdin_plan, "/bin/true cannot be started: ");
    check_cannot_start(&cwd_plan, "/bin/true cannot be started: ");
}
END_TEST

START_TEST(test_standard_streams_are_the_plans_files)
{
    g_autofree char *input = g_build_filename(supervised_folder, "input", NULL);
    ck_assert(g_file_set_contents(input, "one\ntwo\n", -1, NULL));
    ck_assert(g_file_set_contents(supervised_stdout, "what was there before, and longer than what comes", -1,
                                  NULL));
    const char *argv[] = {"/bin/sh", "-c", "cat; echo wrong >&2", NULL};
    SupervisorPlan plan = supervised_plan(argv);
    plan.stdin_path = input;
    ck_assert_int_eq(supervised_run(&plan, NULL).status, 0);
    g_autofree char *out = contents(supervised_stdout), *err = contents(supervised_stderr);
    ck_assert_str_eq(out, "one\ntwo\n");
    ck_assert_str_eq(err, "wrong\n");
}
END_TEST

START_TEST(test_without_a_file_there_is_nothing_to_read)
{
    ck_assert_int_eq(supervised_shell("cat; echo end", SUPERVISED_LONG_US).status, 0);
    g_autofree char *out = contents(supervised_stdout);
    ck_assert_str_eq(out, "end\n");
}
END_TEST

START_TEST(test_the_program_gets_the_plans_environment_and_folder_only)
{
    g_setenv("HEAPGATE_TEST_SECRET", "1", TRUE);
    const char *argv[] = {"/usr/bin/env", NULL}, *env[] = {"A=1", "B=two words", NULL};
    SupervisorPlan plan = supervised_plan(argv);
    plan.env = env;
    supervised_run(&plan, NULL);
    g_autofree char *out = contents(supervised_stdout);
    ck_assert_str_eq(out, "A=1\nB=two words\n");
    supervised_shell("pwd -P", SUPERVISED_LONG_US);
    g_autofree char *where = contents(supervised_stdout);
    ck_assert_str_eq(g_strchomp(where), supervised_folder);
}
END_TEST

START_TEST(test_no_descriptor_of_ours_reaches_the_program)
{
    int leaky = open("/dev/null", O_RDONLY);
    supervised_shell("ls /proc/self/fd | wc -l", SUPERVISED_LONG_US);
    close(leaky);
    g_autofree char *out = contents(supervised_stdout);
    /* The three standard streams and the folder that ls reads. */
    ck_assert_str_eq(g_strstrip(out), "4");
}
END_TEST

START_TEST(test_addresses_are_not_randomised_and_no_core_is_dumped)
{
    supervised_shell("cat /proc/self/personality; ulimit -c", SUPERVISED_LONG_US);
    g_autofree char *out = contents(supervised_stdout);
    ck_assert_str_eq(out, "00040000\n0\n");
}
END_TEST

START_TEST(test_much_output_does_not_block_the_program)
{
    ck_assert_int_eq(
        supervised_shell("head -c 3000000 /dev/zero; head -c 3000000 /dev/zero >&2", SUPERVISED_LONG_US)
            .status,
        0);
    struct stat info;
    ck_assert_int_eq(stat(supervised_stderr, &info), 0);
    ck_assert_int_eq(info.st_size, 3000000);
}
END_TEST

SUITE(run_supervisor, 60)
{
    tcase_add_checked_fixture(tcase, supervised_setup, supervised_teardown);
    tcase_add_test(tcase, test_a_program_may_be_kept_to_some_processors);
    tcase_add_test(tcase, test_exit_statuses_are_told);
    tcase_add_test(tcase, test_signals_are_told);
    tcase_add_test(tcase, test_the_process_id_is_that_of_the_program);
    tcase_add_test(tcase, test_a_timeout_kills_the_whole_group);
    tcase_add_test(tcase, test_a_timeout_ends_a_program_that_has_left_its_group);
    tcase_add_test(tcase, test_children_that_end_early_are_no_end_of_the_run);
    tcase_add_test(tcase, test_cancelling_kills_the_whole_group);
    tcase_add_test(tcase, test_a_run_that_is_cancelled_already_ends_at_once);
    tcase_add_test(tcase, test_what_cannot_be_started_is_an_error);
    tcase_add_test(tcase, test_standard_streams_are_the_plans_files);
    tcase_add_test(tcase, test_without_a_file_there_is_nothing_to_read);
    tcase_add_test(tcase, test_the_program_gets_the_plans_environment_and_folder_only);
    tcase_add_test(tcase, test_no_descriptor_of_ours_reaches_the_program);
    tcase_add_test(tcase, test_addresses_are_not_randomised_and_no_core_is_dumped);
    tcase_add_test(tcase, test_much_output_does_not_block_the_program);
}
