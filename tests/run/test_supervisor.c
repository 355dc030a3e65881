/* The supervisor: how processes end, and that nothing of them is left. */
#include "run/processors.h"
#include "run/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "error.h"
#include "runner.h"

enum { LONG_US = 60 * G_USEC_PER_SEC };

static char *folder, *stdout_path, *stderr_path;

static void setup(void)
{
    folder = runner_temporary();
    stdout_path = g_build_filename(folder, "stdout", NULL);
    stderr_path = g_build_filename(folder, "stderr", NULL);
}

static void teardown(void)
{
    runner_remove(folder);
    g_free(folder);
    g_free(stdout_path);
    g_free(stderr_path);
}

static SupervisorPlan plan_of(const char *const *argv)
{
    static const char *const env[] = {"PATH=/usr/bin:/bin", NULL};
    return (SupervisorPlan){.argv = argv,
                            .env = env,
                            .folder = folder,
                            .stdout_path = stdout_path,
                            .stderr_path = stderr_path,
                            .timeout_us = LONG_US};
}

static SupervisorOutcome run(const SupervisorPlan *plan, GCancellable *cancellable)
{
    SupervisorOutcome outcome;
    g_autoptr(GError) error = NULL;
    ck_assert_msg(supervisor_run(plan, cancellable, &outcome, &error), "%s",
                  error != NULL ? error->message : "");
    ck_assert_int_gt(outcome.pid, 1);
    return outcome;
}

/* Runs a line of shell. */
static SupervisorOutcome run_shell(const char *line, gint64 timeout_us)
{
    const char *argv[] = {"/bin/sh", "-c", line, NULL};
    SupervisorPlan plan = plan_of(argv);
    plan.timeout_us = timeout_us;
    return run(&plan, NULL);
}

static char *contents(const char *path)
{
    char *text = NULL;
    ck_assert(g_file_get_contents(path, &text, NULL, NULL));
    return text;
}

START_TEST(test_a_program_may_be_kept_to_some_processors)
{
    const char *argv[] = {"/bin/sh", "-c", "nproc; nproc", NULL};
    SupervisorPlan plan = plan_of(argv);
    plan.cpus = 1;
    SupervisorOutcome outcome = run(&plan, NULL);
    g_autofree char *said = contents(stdout_path);
    ck_assert_int_eq(outcome.end, SUPERVISOR_EXITED);
    ck_assert_str_eq(said, "1\n1\n");
    plan.cpus = 0;
    run(&plan, NULL);
    g_autofree char *all = contents(stdout_path);
    ck_assert_int_eq(g_ascii_strtoll(all, NULL, 10), processors_available(0));
}
END_TEST

START_TEST(test_exit_statuses_are_told)
{
    for (int status = 0; status < 256; status += 51) {
        g_autofree char *line = g_strdup_printf("exit %d", status);
        SupervisorOutcome outcome = run_shell(line, LONG_US);
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
        SupervisorOutcome outcome = run_shell(line, LONG_US);
        ck_assert_int_eq(outcome.end, SUPERVISOR_SIGNALLED);
        ck_assert_int_eq(outcome.status, signals[i]);
    }
}
END_TEST

START_TEST(test_the_process_id_is_that_of_the_program)
{
    SupervisorOutcome outcome = run_shell("echo $$", LONG_US);
    g_autofree char *text = contents(stdout_path);
    ck_assert_int_eq(g_ascii_strtoll(text, NULL, 10), outcome.pid);
}
END_TEST

/* A process that writes its number to the file "pid" of the folder: waits until it is gone, without sleeping.
 */
static void await_gone(void)
{
    g_autofree char *path = g_build_filename(folder, "pid", NULL), *text = contents(path);
    pid_t pid = (pid_t)g_ascii_strtoll(text, NULL, 10);
    ck_assert_int_gt(pid, 1);
    int descriptor = (int)syscall(SYS_pidfd_open, pid, 0);
    if (descriptor < 0) {
        ck_assert_int_eq(errno, ESRCH);
        return;
    }
    struct pollfd gone = {descriptor, POLLIN, 0};
    int ready = poll(&gone, 1, 10000);
    close(descriptor);
    if (ready != 1)
        kill(pid, SIGKILL);
    ck_assert_msg(ready == 1, "process %d outlived its run", (int)pid);
}

/* Its grandchild ignores every signal that can be ignored; "ready" is a FIFO by which it tells that it is
 * there. */
#define STUBBORN                                                                                             \
    "mkfifo ready; sh -c 'trap \"\" TERM INT HUP; echo $$ > pid; echo > ready; exec sleep 1000' & read "     \
    "word < ready; "

START_TEST(test_a_timeout_kills_the_whole_group)
{
    SupervisorOutcome outcome = run_shell("trap '' TERM; " STUBBORN "wait", G_USEC_PER_SEC);
    ck_assert_int_eq(outcome.end, SUPERVISOR_TIMED_OUT);
    ck_assert_int_ge(outcome.duration_us, G_USEC_PER_SEC);
    await_gone();
}
END_TEST

/* It is in the keeper's group then, which nobody may kill. */
START_TEST(test_a_timeout_ends_a_program_that_has_left_its_group)
{
    const char *argv[] = {"/usr/bin/python3", "-c",
                          "import os, signal\nos.setpgid(0, os.getpgid(os.getppid()))\nsignal.pause()", NULL};
    SupervisorPlan plan = plan_of(argv);
    plan.timeout_us = G_USEC_PER_SEC;
    SupervisorOutcome outcome = run(&plan, NULL);
    ck_assert_int_eq(outcome.end, SUPERVISOR_TIMED_OUT);
    ck_assert_int_lt(outcome.duration_us, LONG_US);
}
END_TEST

START_TEST(test_a_timeout_ends_a_program_that_has_stopped_its_keeper)
{
    static const char *const lines[] = {"kill -STOP $PPID", "kill -STOP $PPID; exec sleep 100",
                                        "while :; do kill -STOP $PPID; done"};
    SupervisorOutcome outcome = run_shell(lines[_i], G_USEC_PER_SEC);
    ck_assert_int_eq(outcome.end, SUPERVISOR_TIMED_OUT);
    ck_assert_int_lt(outcome.duration_us, LONG_US);
}
END_TEST

START_TEST(test_what_a_program_leaves_running_is_killed_when_it_ends)
{
    SupervisorOutcome outcome = run_shell(STUBBORN "exit 7", LONG_US);
    ck_assert_int_eq(outcome.end, SUPERVISOR_EXITED);
    ck_assert_int_eq(outcome.status, 7);
    await_gone();
}
END_TEST

START_TEST(test_what_a_crashed_program_leaves_running_is_killed)
{
    SupervisorOutcome outcome = run_shell(STUBBORN "kill -9 $$", LONG_US);
    ck_assert_int_eq(outcome.end, SUPERVISOR_SIGNALLED);
    await_gone();
}
END_TEST

/* A daemon as they are made: a session of its own, and a parent that is gone. */
#define DAEMON                                                                                               \
    "mkfifo ready; (setsid sh -c 'trap \"\" TERM INT HUP; echo $$ > pid; echo > ready; exec sleep 1000' "    \
    "&); "                                                                                                   \
    "read word < ready; "

START_TEST(test_a_daemon_does_not_outlive_its_run)
{
    const char *const ends[] = {DAEMON "exit 7", DAEMON "kill -9 $$"};
    for (gsize i = 0; i < G_N_ELEMENTS(ends); i++) {
        SupervisorOutcome outcome = run_shell(ends[i], LONG_US);
        ck_assert_int_eq(outcome.end, i == 0 ? SUPERVISOR_EXITED : SUPERVISOR_SIGNALLED);
        ck_assert_int_eq(outcome.status, i == 0 ? 7 : SIGKILL);
        await_gone();
        run_shell("rm ready pid", LONG_US);
    }
}
END_TEST

START_TEST(test_a_daemon_does_not_outlive_a_timeout)
{
    ck_assert_int_eq(run_shell(DAEMON "wait; sleep 1000", G_USEC_PER_SEC).end, SUPERVISOR_TIMED_OUT);
    await_gone();
}
END_TEST

/* By SIGTERM it ends as if heapgate were gone. */
START_TEST(test_a_keeper_that_is_killed_is_told_and_takes_what_it_guards_with_it)
{
    static const char *const lines[] = {DAEMON "kill -9 $PPID; sleep 1000", DAEMON "kill $PPID; sleep 1000",
                                        STUBBORN "kill -9 $PPID; exit 0"};
    SupervisorOutcome outcome = run_shell(lines[_i], LONG_US);
    ck_assert_int_eq(outcome.end, SUPERVISOR_UNGUARDED);
    await_gone();
}
END_TEST

START_TEST(test_a_daemon_does_not_outlive_heapgate_itself)
{
    g_autofree char *path = g_build_filename(folder, "running", NULL);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    pid_t heapgate = fork();
    if (heapgate == 0) {
        run_shell(DAEMON "exec 3> running; sleep 1000", LONG_US);
        _exit(0);
    }
    close(open(path, O_RDONLY)); /* until the daemon is there */
    kill(heapgate, SIGKILL);
    waitpid(heapgate, NULL, 0);
    await_gone();
}
END_TEST

START_TEST(test_children_that_end_early_are_no_end_of_the_run)
{
    SupervisorOutcome outcome = run_shell("(sleep 0 &); (setsid true &); sh -c true; exit 3", LONG_US);
    ck_assert_int_eq(outcome.end, SUPERVISOR_EXITED);
    ck_assert_int_eq(outcome.status, 3);
}
END_TEST

/* Opens the FIFO, and so waits until the program has opened it, too; then cancels. */
static gpointer cancel_when_ready(gpointer data)
{
    g_autofree char *path = g_build_filename(folder, "running", NULL);
    int fifo = open(path, O_RDONLY);
    g_cancellable_cancel(data);
    close(fifo);
    return NULL;
}

START_TEST(test_cancelling_kills_the_whole_group)
{
    g_autofree char *path = g_build_filename(folder, "running", NULL);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    GThread *thread = g_thread_new("cancel", cancel_when_ready, cancellable);
    const char *argv[] = {"/bin/sh", "-c", STUBBORN "exec 3> running; wait", NULL};
    SupervisorPlan plan = plan_of(argv);
    SupervisorOutcome outcome = run(&plan, cancellable);
    g_thread_join(thread);
    ck_assert_int_eq(outcome.end, SUPERVISOR_CANCELLED);
    await_gone();
}
END_TEST

START_TEST(test_a_run_that_is_cancelled_already_ends_at_once)
{
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_cancellable_cancel(cancellable);
    const char *argv[] = {"/bin/sleep", "1000", NULL};
    SupervisorPlan plan = plan_of(argv);
    ck_assert_int_eq(run(&plan, cancellable).end, SUPERVISOR_CANCELLED);
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
    SupervisorPlan plan = plan_of(missing), folder_plan = plan_of(no_program), stdin_plan = plan_of(good),
                   cwd_plan = plan_of(good);
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
    g_autofree char *input = g_build_filename(folder, "input", NULL);
    ck_assert(g_file_set_contents(input, "one\ntwo\n", -1, NULL));
    ck_assert(
        g_file_set_contents(stdout_path, "what was there before, and longer than what comes", -1, NULL));
    const char *argv[] = {"/bin/sh", "-c", "cat; echo wrong >&2", NULL};
    SupervisorPlan plan = plan_of(argv);
    plan.stdin_path = input;
    ck_assert_int_eq(run(&plan, NULL).status, 0);
    g_autofree char *out = contents(stdout_path), *err = contents(stderr_path);
    ck_assert_str_eq(out, "one\ntwo\n");
    ck_assert_str_eq(err, "wrong\n");
}
END_TEST

START_TEST(test_without_a_file_there_is_nothing_to_read)
{
    ck_assert_int_eq(run_shell("cat; echo end", LONG_US).status, 0);
    g_autofree char *out = contents(stdout_path);
    ck_assert_str_eq(out, "end\n");
}
END_TEST

START_TEST(test_the_program_gets_the_plans_environment_and_folder_only)
{
    g_setenv("HEAPGATE_TEST_SECRET", "1", TRUE);
    const char *argv[] = {"/usr/bin/env", NULL}, *env[] = {"A=1", "B=two words", NULL};
    SupervisorPlan plan = plan_of(argv);
    plan.env = env;
    run(&plan, NULL);
    g_autofree char *out = contents(stdout_path);
    ck_assert_str_eq(out, "A=1\nB=two words\n");
    run_shell("pwd -P", LONG_US);
    g_autofree char *where = contents(stdout_path);
    ck_assert_str_eq(g_strchomp(where), folder);
}
END_TEST

START_TEST(test_no_descriptor_of_ours_reaches_the_program)
{
    int leaky = open("/dev/null", O_RDONLY);
    run_shell("ls /proc/self/fd | wc -l", LONG_US);
    close(leaky);
    g_autofree char *out = contents(stdout_path);
    /* The three standard streams and the folder that ls reads. */
    ck_assert_str_eq(g_strstrip(out), "4");
}
END_TEST

START_TEST(test_addresses_are_not_randomised_and_no_core_is_dumped)
{
    run_shell("cat /proc/self/personality; ulimit -c", LONG_US);
    g_autofree char *out = contents(stdout_path);
    ck_assert_str_eq(out, "00040000\n0\n");
}
END_TEST

START_TEST(test_much_output_does_not_block_the_program)
{
    ck_assert_int_eq(run_shell("head -c 3000000 /dev/zero; head -c 3000000 /dev/zero >&2", LONG_US).status,
                     0);
    struct stat info;
    ck_assert_int_eq(stat(stderr_path, &info), 0);
    ck_assert_int_eq(info.st_size, 3000000);
}
END_TEST

SUITE(run_supervisor, 60)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_a_program_may_be_kept_to_some_processors);
    tcase_add_test(tcase, test_exit_statuses_are_told);
    tcase_add_test(tcase, test_signals_are_told);
    tcase_add_test(tcase, test_the_process_id_is_that_of_the_program);
    tcase_add_test(tcase, test_a_timeout_kills_the_whole_group);
    tcase_add_test(tcase, test_a_timeout_ends_a_program_that_has_left_its_group);
    tcase_add_loop_test(tcase, test_a_timeout_ends_a_program_that_has_stopped_its_keeper, 0, 3);
    tcase_add_test(tcase, test_a_daemon_does_not_outlive_its_run);
    tcase_add_test(tcase, test_a_daemon_does_not_outlive_a_timeout);
    tcase_add_loop_test(tcase, test_a_keeper_that_is_killed_is_told_and_takes_what_it_guards_with_it, 0, 3);
    tcase_add_test(tcase, test_a_daemon_does_not_outlive_heapgate_itself);
    tcase_add_test(tcase, test_children_that_end_early_are_no_end_of_the_run);
    tcase_add_test(tcase, test_what_a_program_leaves_running_is_killed_when_it_ends);
    tcase_add_test(tcase, test_what_a_crashed_program_leaves_running_is_killed);
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
