/* The keeper: nothing of a run is left, whoever is killed or stopped. */
#include "run/keeper.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "leftover.h"
#include "runner.h"
#include "supervised.h"

START_TEST(test_a_timeout_ends_a_program_that_has_stopped_its_keeper)
{
    static const char *const lines[] = {"kill -STOP $PPID", "kill -STOP $PPID; exec sleep 100",
                                        "while :; do kill -STOP $PPID; done"};
    SupervisorOutcome outcome = supervised_shell(lines[_i], G_USEC_PER_SEC);
    ck_assert_int_eq(outcome.end, SUPERVISOR_TIMED_OUT);
    ck_assert_int_lt(outcome.duration_us, SUPERVISED_LONG_US);
}
END_TEST

START_TEST(test_what_a_program_leaves_running_is_killed_when_it_ends)
{
    SupervisorOutcome outcome = supervised_shell(LEFTOVER_CHILD "exit 7", SUPERVISED_LONG_US);
    ck_assert_int_eq(outcome.end, SUPERVISOR_EXITED);
    ck_assert_int_eq(outcome.status, 7);
    leftover_await_gone(supervised_folder);
}
END_TEST

START_TEST(test_what_a_crashed_program_leaves_running_is_killed)
{
    SupervisorOutcome outcome = supervised_shell(LEFTOVER_CHILD "kill -9 $$", SUPERVISED_LONG_US);
    ck_assert_int_eq(outcome.end, SUPERVISOR_SIGNALLED);
    leftover_await_gone(supervised_folder);
}
END_TEST

START_TEST(test_a_daemon_does_not_outlive_its_run)
{
    const char *const ends[] = {LEFTOVER_DAEMON "exit 7", LEFTOVER_DAEMON "kill -9 $$"};
    for (gsize i = 0; i < G_N_ELEMENTS(ends); i++) {
        SupervisorOutcome outcome = supervised_shell(ends[i], SUPERVISED_LONG_US);
        ck_assert_int_eq(outcome.end, i == 0 ? SUPERVISOR_EXITED : SUPERVISOR_SIGNALLED);
        ck_assert_int_eq(outcome.status, i == 0 ? 7 : SIGKILL);
        leftover_await_gone(supervised_folder);
        supervised_shell("rm ready pid", SUPERVISED_LONG_US);
    }
}
END_TEST

START_TEST(test_a_daemon_does_not_outlive_a_timeout)
{
    ck_assert_int_eq(supervised_shell(LEFTOVER_DAEMON "wait; sleep 1000", G_USEC_PER_SEC).end,
                     SUPERVISOR_TIMED_OUT);
    leftover_await_gone(supervised_folder);
}
END_TEST

/* By SIGTERM it ends as if heapgate were gone. */
START_TEST(test_a_keeper_that_is_killed_is_told_and_takes_what_it_guards_with_it)
{
    static const char *const lines[] = {LEFTOVER_DAEMON "kill -9 $PPID; sleep 1000",
                                        LEFTOVER_DAEMON "kill $PPID; sleep 1000",
                                        LEFTOVER_CHILD "kill -9 $PPID; exit 0"};
    SupervisorOutcome outcome = supervised_shell(lines[_i], SUPERVISED_LONG_US);
    ck_assert_int_eq(outcome.end, SUPERVISOR_UNGUARDED);
    leftover_await_gone(supervised_folder);
}
END_TEST

START_TEST(test_a_daemon_does_not_outlive_heapgate_itself)
{
    g_autofree char *path = g_build_filename(supervised_folder, "running", NULL);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    pid_t heapgate = fork();
    if (heapgate == 0) {
        supervised_shell(LEFTOVER_DAEMON "exec 3> running; sleep 1000", SUPERVISED_LONG_US);
        _exit(0);
    }
    close(open(path, O_RDONLY)); /* until the daemon is there */
    kill(heapgate, SIGKILL);
    waitpid(heapgate, NULL, 0);
    leftover_await_gone(supervised_folder);
}
END_TEST

SUITE(run_keeper, 60)
{
    tcase_add_checked_fixture(tcase, supervised_setup, supervised_teardown);
    tcase_add_loop_test(tcase, test_a_timeout_ends_a_program_that_has_stopped_its_keeper, 0, 3);
    tcase_add_test(tcase, test_what_a_program_leaves_running_is_killed_when_it_ends);
    tcase_add_test(tcase, test_what_a_crashed_program_leaves_running_is_killed);
    tcase_add_test(tcase, test_a_daemon_does_not_outlive_its_run);
    tcase_add_test(tcase, test_a_daemon_does_not_outlive_a_timeout);
    tcase_add_loop_test(tcase, test_a_keeper_that_is_killed_is_told_and_takes_what_it_guards_with_it, 0, 3);
    tcase_add_test(tcase, test_a_daemon_does_not_outlive_heapgate_itself);
}
