/* A command in its user's own place: how it ends, what is passed on to it, and that nothing of it is left. */
#include "run/foreground.h"

#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "error.h"
#include "leftover.h"
#include "runner.h"

static char *folder, *running;

static void setup(void)
{
    folder = runner_temporary();
    running = g_build_filename(folder, "running", NULL);
    ck_assert_int_eq(chdir(folder), 0);
    ck_assert_int_eq(mkfifo(running, 0600), 0);
}

static void teardown(void)
{
    runner_remove(folder);
    g_free(folder);
    g_free(running);
}

/* Runs a line of shell. */
static ForegroundOutcome run_shell(const char *line)
{
    const char *argv[] = {"sh", "-c", line, NULL};
    g_auto(GStrv) env = g_get_environ();
    g_autoptr(KeeperLog) log = keeper_log_new(FALSE);
    g_autoptr(GError) error = NULL;
    ForegroundOutcome outcome;
    ck_assert_msg(foreground_run((char **)argv, env, log, &outcome, &error), "%s",
                  error != NULL ? error->message : "");
    return outcome;
}

START_TEST(test_status_and_process_are_those_of_the_command)
{
    ForegroundOutcome outcome = run_shell("echo $$ > pid; exit 7");
    g_autofree char *text = NULL;
    ck_assert(g_file_get_contents("pid", &text, NULL, NULL));
    ck_assert_int_eq(outcome.status, 7);
    ck_assert_int_eq(outcome.pid, g_ascii_strtoll(text, NULL, 10));
    ck_assert_int_eq(run_shell("kill -SEGV $$").status, 128 + SIGSEGV);
    ck_assert(!outcome.unguarded);
}
END_TEST

/* Else the terminal's keys would not reach it, and reading from the terminal would stop it. */
START_TEST(test_the_command_is_in_the_process_group_of_who_runs_it)
{
    g_autofree char *line = g_strdup_printf("test $(cut -d ' ' -f 5 /proc/$$/stat) = %d", (int)getpgrp());
    ck_assert_int_eq(run_shell(line).status, 0);
}
END_TEST

START_TEST(test_what_cannot_be_started_is_an_error_of_usage)
{
    const char *argv[] = {"/nowhere/program", NULL};
    g_auto(GStrv) env = g_get_environ();
    g_autoptr(KeeperLog) log = keeper_log_new(FALSE);
    g_autoptr(GError) error = NULL;
    ForegroundOutcome outcome;
    ck_assert(!foreground_run((char **)argv, env, log, &outcome, &error));
    ck_assert(g_error_matches(error, HEAPGATE_ERROR, HEAPGATE_ERROR_USAGE));
    ck_assert(g_str_has_prefix(error->message, "/nowhere/program cannot be started: "));
}
END_TEST

START_TEST(test_what_the_command_leaves_running_is_killed_with_it)
{
    static const char *const lines[] = {LEFTOVER_DAEMON "exit 7", LEFTOVER_CHILD "exit 7"};
    ck_assert_int_eq(run_shell(lines[_i]).status, 7);
    leftover_await_gone(folder);
}
END_TEST

START_TEST(test_a_keeper_that_is_killed_takes_what_it_guards_with_it)
{
    static const char *const lines[] = {LEFTOVER_DAEMON "kill -9 $PPID; exec sleep 1000",
                                        LEFTOVER_CHILD "kill -9 $PPID; exec sleep 1000",
                                        LEFTOVER_CHILD "kill $PPID; wait"};
    ck_assert(run_shell(lines[_i]).unguarded);
    leftover_await_gone(folder);
}
END_TEST

START_TEST(test_a_keeper_that_is_stopped_goes_on)
{
    static const char *const lines[] = {"kill -STOP $PPID; exit 5",
                                        LEFTOVER_DAEMON "kill -STOP $PPID; exit 5",
                                        "for i in 1 2 3 4 5 6 7 8 9; do kill -STOP $PPID; done; exit 5"};
    ForegroundOutcome outcome = run_shell(lines[_i]);
    ck_assert_int_eq(outcome.status, 5);
    ck_assert(!outcome.unguarded);
}
END_TEST

/* Opens the FIFO, and so waits until the command has opened it, too; then sends the signal to this process.
 */
static gpointer send_when_running(gpointer data)
{
    int fifo = open(running, O_RDONLY);
    kill(getpid(), GPOINTER_TO_INT(data));
    close(fifo);
    return NULL;
}

/* The program runs when nobody waits for the keeper to close a descriptor any more. That is a matter of luck
 * where it is wrong, so it is tried often. */
START_TEST(test_a_keeper_that_is_stopped_in_the_first_moment_goes_on)
{
    for (guint i = 0; i < 100; i++)
        ck_assert_int_eq(run_shell("kill -STOP $PPID; exit 5").status, 5);
}
END_TEST

START_TEST(test_signals_are_passed_on_to_the_command)
{
    static const int signals[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP};
    GThread *thread = g_thread_new("signal", send_when_running, GINT_TO_POINTER(signals[_i]));
    ForegroundOutcome outcome = run_shell(LEFTOVER_DAEMON "exec 3> running; exec sleep 1000");
    g_thread_join(thread);
    ck_assert_int_eq(outcome.status, 128 + signals[_i]);
    leftover_await_gone(folder);
}
END_TEST

/* The key is sent before what is read: the command counts it once, and may read from the terminal. */
START_TEST(test_a_terminals_keys_reach_the_command_once)
{
    int terminal = -1, status = 0;
    pid_t child = forkpty(&terminal, NULL, NULL, NULL);
    if (child == 0)
        _exit(run_shell("n=0; trap 'n=$((n+1))' INT; exec 3> running; until read word; do :; done; "
                        "test $word = word && exit $((n + 40))")
                  .status);
    close(open(running, O_RDONLY)); /* until the trap is set */
    ck_assert_int_eq(write(terminal, "\3word\n", 6), 6);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    close(terminal);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 41);
}
END_TEST

START_TEST(test_a_command_may_end_in_its_own_way_when_it_is_asked_to)
{
    GThread *thread = g_thread_new("signal", send_when_running, GINT_TO_POINTER(SIGTERM));
    ForegroundOutcome outcome = run_shell("trap 'exit 9' TERM; exec 3> running; while :; do sleep 1; done");
    g_thread_join(thread);
    ck_assert_int_eq(outcome.status, 9);
}
END_TEST

START_TEST(test_what_is_ignored_stays_ignored_and_what_is_not_is_as_before)
{
    struct sigaction before, action;
    ck_assert_int_eq(sigaction(SIGTERM, NULL, &before), 0);
    signal(SIGHUP, SIG_IGN);
    ck_assert_int_eq(run_shell("kill -HUP $$; exit 4").status, 4);
    ck_assert_int_eq(sigaction(SIGHUP, NULL, &action), 0);
    ck_assert(action.sa_handler == SIG_IGN);
    ck_assert_int_eq(sigaction(SIGTERM, NULL, &action), 0);
    ck_assert(action.sa_handler == before.sa_handler);
}
END_TEST

SUITE(run_foreground, 60)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_status_and_process_are_those_of_the_command);
    tcase_add_test(tcase, test_the_command_is_in_the_process_group_of_who_runs_it);
    tcase_add_test(tcase, test_what_cannot_be_started_is_an_error_of_usage);
    tcase_add_loop_test(tcase, test_what_the_command_leaves_running_is_killed_with_it, 0, 2);
    tcase_add_loop_test(tcase, test_a_keeper_that_is_killed_takes_what_it_guards_with_it, 0, 3);
    tcase_add_loop_test(tcase, test_a_keeper_that_is_stopped_goes_on, 0, 3);
    tcase_add_test(tcase, test_a_keeper_that_is_stopped_in_the_first_moment_goes_on);
    tcase_add_loop_test(tcase, test_signals_are_passed_on_to_the_command, 0, 4);
    tcase_add_test(tcase, test_a_terminals_keys_reach_the_command_once);
    tcase_add_test(tcase, test_a_command_may_end_in_its_own_way_when_it_is_asked_to);
    tcase_add_test(tcase, test_what_is_ignored_stays_ignored_and_what_is_not_is_as_before);
}
