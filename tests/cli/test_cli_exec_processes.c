/* heapgate exec of several processes, and of programs that become others: what is told of which, and that
 * none is left. */
#include <signal.h>
#include <string.h>

#include "project.h"
#include "runner.h"

/* Where in the output the text begins; the test fails where it is not in it. */
static const char *find_text(const TestProject *project, const char *text)
{
    const char *found = strstr(project->output, text);
    ck_assert_msg(found != NULL, "\"%s\" is not in\n%s", text, project->output);
    return found;
}

/* The daemon writes its number and opens the FIFO when it is there; then heapgate is asked to end. */
START_TEST(test_exec_that_is_ended_leaves_nothing_running)
{
    static const char *const signals[] = {"TERM", "INT", "KILL"};
    g_autoptr(TestProject) project = test_project_new();
    test_project_write(
        project, "work.sh",
        "setsid sh -c 'trap \"\" TERM INT HUP; echo $$ > pid; echo > ready; exec sleep 1000' &\n"
        "exec sleep 1000\n");
    g_autofree char *script = g_strdup_printf(
        "mkfifo ready; python3 -c 'import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); "
        "os.execv(sys.argv[1], sys.argv[1:])' $heapgate exec -o seen sh work.sh 2> said & read word < ready; "
        "kill -%s $!; wait $!; echo status $?; timeout 20 tail --pid $(cat pid) -f /dev/null; echo gone $?; "
        "cat said",
        signals[_i]);
    test_project_shell(project, script);
    g_autofree char *status = g_strdup_printf("status %d\n", 128 + (int[]){SIGTERM, SIGINT, SIGKILL}[_i]);
    ck_assert_msg(strstr(project->output, status) != NULL && strstr(project->output, "gone 0\n") != NULL,
                  "%s", project->output);
    ck_assert_msg(_i == 2 || strstr(project->output, "saved: seen/") != NULL, "%s", project->output);
}
END_TEST

START_TEST(test_exec_tells_that_its_keeper_was_killed)
{
    g_autoptr(TestProject) project = test_project_new();
    test_project_expect(
        project, 3, "exec -o seen -- sh -c 'kill -9 $PPID; sleep 1000'",
        "the process by which heapgate guards sh was killed, and sh was ended with it; let it",
        "saved: seen/", NULL);
    test_project_expect(project, 5, "exec -- sh -c 'kill -STOP $PPID; exit 5'", "sh -c", NULL);
}
END_TEST

/* What grows, then what keeps most, then what held most, in whatever order they ran. */
START_TEST(test_exec_tells_the_process_that_grows_first)
{
    g_autoptr(TestProject) project = test_project_new();
    g_autofree char *grows = g_strdup(runner_path("build/tests/fixtures/lost_block"));
    g_autofree char *held = g_strdup(runner_path("build/tests/fixtures/peak_only"));
    g_autofree char *kept = g_strdup(runner_path("build/tests/fixtures/moved_site"));
    const char *const orders[][3] = {{held, kept, grows}, {grows, kept, held}};
    for (gsize i = 0; i < G_N_ELEMENTS(orders); i++) {
        g_autofree char *words = g_strdup_printf("exec -- sh -c '%s leaky; %s leaky; %s leaky; exit 0'",
                                                 orders[i][0], orders[i][1], orders[i][2]);
        test_project_expect(project, 0, words, NULL);
        const char *first = find_text(project, "lost_block leaky (process"),
                   *sites = find_text(project, "growth 40 B/iteration, by call site:"),
                   *second = find_text(project, "moved_site leaky (process"),
                   *third = find_text(project, "peak_only leaky (process");
        ck_assert_msg(first < sites && sites < second && second < third, "%s", project->output);
    }
}
END_TEST

START_TEST(test_exec_says_nothing_of_a_program_that_became_another)
{
    g_autoptr(TestProject) project = test_project_new();
    g_autofree char *words =
        g_strdup_printf("exec -o seen -- env X=Y %s leaky", runner_path("build/tests/fixtures/lost_block"));
    test_project_expect(project, 0, words, "lost_block leaky (process", "saved: seen/   see all of it", NULL);
    ck_assert_msg(strstr(project->output, "env X=Y") == NULL, "%s", project->output);
    test_project_expect(project, 0, "exec -- sh -c 'exec true'", "heapgate: true (process", NULL);
    ck_assert_msg(strstr(project->output, "sh -c") == NULL, "%s", project->output);
    /* But of one that marked iterations: they are what was to be looked at. */
#ifndef __SANITIZE_ADDRESS__ /* a heapgate that brings its own malloc cannot be traced */
    ck_assert_int_eq(test_project_shell(project,
                                        "heapgate exec -- sh -c 'for i in 1 2 3 4 5 6 7 8 9 10 11 12; "
                                        "do heapgate mark iteration; done; exec true'"),
                     0);
    find_text(project, "growth 0 B/iteration over 9 iterations after 3 of warm-up");
    ck_assert_msg(strstr(project->output, "heapgate: true") == NULL, "%s", project->output);
#endif
}
END_TEST

/* The shell retains most until it becomes another program, which retains little. */
START_TEST(test_exec_shows_call_sites_of_the_first_though_others_had_more_before)
{
    g_autoptr(TestProject) project = test_project_new();
    test_project_write(project, "work.sh",
                       "%s leaky\nx=$(head -c 300000 /dev/zero | tr '\\0' a)\nexec true\n",
                       runner_path("build/tests/fixtures/moved_site"));
    test_project_expect(project, 0, "exec -- sh work.sh", "heapgate: true (process", NULL);
    const char *first = find_text(project, "moved_site leaky (process"),
               *sites = find_text(project, "retained 93.8 KiB, by call site:"),
               *named = find_text(project, "moved_site.c:"), *second = find_text(project, "heapgate: true");
    ck_assert_msg(first < named && named < second && sites < second, "%s", project->output);
}
END_TEST

START_TEST(test_exec_names_a_child_of_which_it_saw_nothing)
{
    g_autoptr(TestProject) project = test_project_new();
    g_autofree char *script =
        g_strdup_printf("%s small_memory && echo well\n", runner_path("build/tests/guest/paths"));
    test_project_write(project, "limited.sh", "%s", script);
    test_project_expect(project, 0, "exec sh limited.sh", "well", "paths (process",
                        "the tracer saw nothing, because the tracer found no memory", NULL);
}
END_TEST

/* The marks are those of the program that set them, though its process ends as another. */
START_TEST(test_marks_count_of_a_program_that_becomes_another)
{
    g_autoptr(TestProject) project = test_project_new();
    test_project_write(
        project, "scenarios/script.yaml",
        "run: [/bin/sh, -c, 'for i in 1 2 3 4 5 6 7 8 9 10 11 12; do heapgate mark iteration; done; "
        "exec /bin/true']\nenv: {PATH: \"%s:/usr/bin:/bin\"}\ninstruments: [heap]\n"
        "workflow: {warmup: 3, iterations: 12}\n",
        runner_path("build"));
    test_project_expect(project, 3, "run", "no baseline", "growth", NULL);
    g_autoptr(Result) result = test_project_result(project);
    const Measurement *measurement = test_result_find(result, "script", "heap")->measurement;
    ck_assert_ptr_null(measurement->problem);
    ck_assert_uint_eq(measurement->iterations, 9);
    ck_assert_uint_eq(measurement->warmup, 3);
    ck_assert_ptr_nonnull(measurement_find(measurement, METRIC_GROWTH));
}
END_TEST

SUITE(cli_exec_processes, 60)
{
    tcase_add_loop_test(tcase, test_exec_that_is_ended_leaves_nothing_running, 0, 3);
    tcase_add_test(tcase, test_exec_tells_that_its_keeper_was_killed);
    tcase_add_test(tcase, test_exec_tells_the_process_that_grows_first);
    tcase_add_test(tcase, test_exec_says_nothing_of_a_program_that_became_another);
    tcase_add_test(tcase, test_exec_shows_call_sites_of_the_first_though_others_had_more_before);
    tcase_add_test(tcase, test_exec_names_a_child_of_which_it_saw_nothing);
    tcase_add_test(tcase, test_marks_count_of_a_program_that_becomes_another);
}
