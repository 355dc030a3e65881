/* The runner of these tests, on suites of its own (samples/samples.c). */
#include "runner.h"
#include "slowest.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char *folder;

static void setup(void)
{
    folder = runner_temporary();
    g_autofree char *meeting = g_build_filename(folder, "meeting", NULL);
    ck_assert_int_eq(mkfifo(meeting, 0600), 0);
}

static void teardown(void)
{
    runner_remove(folder);
    g_clear_pointer(&folder, g_free);
}

/* The words and the environment for a run of the samples. (transfer full) */
static GStrv argv_of(const char *words)
{
    g_autofree char *line = g_strdup_printf("'%s' %s", runner_path("build/tests/runner-samples"), words);
    GStrv argv = NULL;
    ck_assert(g_shell_parse_argv(line, NULL, &argv, NULL));
    return argv;
}

static GStrv environment(void)
{
    GStrv env = g_environ_setenv(g_get_environ(), "MEETING_PLACE", folder, TRUE);
    env = g_environ_unsetenv(env, "CK_VERBOSITY");
    return g_environ_unsetenv(env, "CK_FORK");
}

/* Runs the samples and expects this exit status; what they printed. (transfer full) */
static char *output_of(const char *words, int expected)
{
    g_auto(GStrv) argv = argv_of(words), env = environment();
    g_autofree char *errors = NULL;
    char *output = NULL;
    int status = 0;
    ck_assert(g_spawn_sync(NULL, argv, env, G_SPAWN_DEFAULT, NULL, NULL, &output, &errors, &status, NULL));
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == expected, "%s: wait status %d\n%.1000s%.1000s",
                  words, status, output, errors);
    return output;
}

static void expect_text(const char *output, const char *text)
{
    ck_assert_msg(strstr(output, text) != NULL, "\"%s\" is not in\n%.2000s", text, output);
}

START_TEST(test_runner_runs_suites_side_by_side_and_keeps_their_output_together)
{
    g_autofree char *output = output_of("--jobs=2 'meet_*'", 0);
    expect_text(output, "reading begins\nreading ends\n");
    expect_text(output, "writing begins\nwriting ends\n");
    expect_text(output, "\n2 passed, 0 failed\n");
}
END_TEST

START_TEST(test_runner_sums_what_passed_failed_and_skipped)
{
    g_autofree char *output = output_of("passes fails 'skips*'", 1);
    expect_text(output, "passes: 2 passed, 0 failed in ");
    expect_text(output, "fails: 1 passed, 1 failed in ");
    expect_text(output, "Assertion '1 + 1 == 3' failed");
    expect_text(output, "skips: 1 passed, 0 failed, 1 skipped in ");
    expect_text(output, "skipped: test_two_parts: no left hand\n");
    expect_text(output, "skipped: test_two_parts: no right hand\n");
    expect_text(output, "\nfailed: fails\n");
    expect_text(output, "\n4 passed, 2 failed, 1 skipped\n");
}
END_TEST

START_TEST(test_runner_counts_a_suite_that_dies_as_failed_by_name)
{
    g_autofree char *output = output_of("dies leaves passes", 1);
    expect_text(output, "dies: died of signal 11 (Segmentation fault)\n");
    expect_text(output, "leaves: ended before its tests had\n");
    expect_text(output, "failed: dies\n");
    expect_text(output, "failed: leaves\n");
    expect_text(output, "\n2 passed, 2 failed\n");
}
END_TEST

START_TEST(test_runner_runs_a_suite_alone_that_asks_for_it)
{
    g_autofree char *output = output_of("--jobs=4 'alone_*' takes_the_lock", 0);
    expect_text(output, "\n60 passed, 0 failed\n");
}
END_TEST

START_TEST(test_runner_makes_a_skip_a_failure_if_told)
{
    g_autofree char *output = output_of("--no-skips passes skips", 1);
    expect_text(output, "skipped: test_two_parts: no left hand\n");
    expect_text(output, "\n3 passed, 1 failed\n");
    g_autofree char *whole = output_of("--no-skips passes", 0);
    expect_text(whole, "\n2 passed, 0 failed\n");
    g_autofree char *lenient = output_of("passes skips", 0);
    expect_text(lenient, "\n3 passed, 0 failed, 1 skipped\n");
}
END_TEST

START_TEST(test_runner_names_slow_tests)
{
    g_autofree char *output = output_of("passes delays", 0);
    expect_text(output, " s, delays: test_takes_its_time, 4\n");
    expect_text(output, " s, delays: test_takes_its_time, 5\n");
    ck_assert_ptr_null(strstr(output, "test_nothing"));
}
END_TEST

/* A log as check writes it, of this many tests; the seconds of test i are (7 * i) % count. */
static int log_of(int count)
{
    int log = memfd_create("log", 0);
    for (int i = 0; i < count; i++)
        dprintf(log,
                "    <test result=\"success\">\n      <fn>test.c:1</fn>\n      <id>test_%d</id>\n"
                "      <iteration>0</iteration>\n      <duration>%d.000000</duration>\n    </test>\n",
                i, 7 * i % count);
    dprintf(log, "    <test result=\"error\">\n      <id>test_wrong</id>\n"
                 "      <duration>-1.000000</duration>\n    </test>\n  <duration>1000.000000</duration>\n");
    ck_assert_int_eq(lseek(log, 0, SEEK_SET), 0);
    return log;
}

START_TEST(test_the_slowest_tests_are_ten_the_slowest_first)
{
    Slowest slowest = {0}, few = {0};
    slowest_read(&slowest, "suite", log_of(16));
    for (int place = 0; place < SLOWEST; place++)
        ck_assert_double_eq(slowest.tests[place].seconds, 15 - place);
    ck_assert_str_eq(slowest.tests[0].name, "suite: test_9");
    slowest_read(&few, "suite", log_of(2));
    ck_assert_double_eq(few.tests[0].seconds, 1);
    ck_assert_str_eq(few.tests[1].name, "");
}
END_TEST

START_TEST(test_runner_refuses_options_and_suites_that_it_does_not_know)
{
    static const char *const wrong[] = {"--jobs=0", "--jobs=two", "--jobs", "--fast", "no_such_suite"};
    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++)
        g_free(output_of(wrong[i], 1));
}
END_TEST

/* Whatever ends the runner ends its suites and their tests. */
static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGKILL};

START_TEST(test_runner_takes_its_suites_with_it)
{
    g_auto(GStrv) argv = argv_of("waits passes"), env = environment();
    GPid runner = 0;
    ck_assert(g_spawn_async(NULL, argv, env, G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL, NULL,
                            NULL, &runner, NULL));
    g_autofree char *path = g_build_filename(folder, "meeting", NULL);
    FILE *meeting = fopen(path, "r");
    ck_assert_ptr_nonnull(meeting);
    ck_assert_int_eq(fgetc(meeting), 'h');
    kill(runner, signals[_i]);
    while (fgetc(meeting) != EOF)
        ;
    fclose(meeting);
    int status = 0;
    ck_assert_int_eq(waitpid(runner, &status, 0), runner);
    ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == signals[_i], "wait status %d", status);
}
END_TEST

SUITE(test_runner, 60)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_runner_runs_suites_side_by_side_and_keeps_their_output_together);
    tcase_add_test(tcase, test_runner_sums_what_passed_failed_and_skipped);
    tcase_add_test(tcase, test_runner_counts_a_suite_that_dies_as_failed_by_name);
    tcase_add_test(tcase, test_runner_runs_a_suite_alone_that_asks_for_it);
    tcase_add_test(tcase, test_runner_makes_a_skip_a_failure_if_told);
    tcase_add_test(tcase, test_runner_names_slow_tests);
    tcase_add_test(tcase, test_the_slowest_tests_are_ten_the_slowest_first);
    tcase_add_test(tcase, test_runner_refuses_options_and_suites_that_it_does_not_know);
    tcase_add_loop_test(tcase, test_runner_takes_its_suites_with_it, 0, G_N_ELEMENTS(signals));
}
