/* A run, with an instrument made for these tests: what it launches is a shell, what it collects is what the
 * shell left. */
#include "run/run.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "run/session.h"
#include "runner.h"

static char *folder;
static Project *project;

static gboolean fake_probe(GError **error)
{
    (void)error;
    return TRUE;
}

static gboolean missing_probe(GError **error)
{
    g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_BROKEN, "the fake is not installed; install it");
    return FALSE;
}

/* The scenario's own program, natively; it finds the output folder in OUTPUT. */
static void fake_launch(const Scenario *scenario, const char *program, const char *output, Launch *launch)
{
    g_ptr_array_add(launch->argv, g_strdup(program));
    for (GStrv argument = scenario->run + 1; *argument != NULL; argument++)
        g_ptr_array_add(launch->argv, g_strdup(*argument));
    g_autofree char *variable = g_strconcat("OUTPUT=", output, NULL);
    const char *env[] = {variable, NULL};
    launch->env = g_strdupv((GStrv)env);
}

/* The number in fake.out is the peak, the number in fake.marks how many iterations were marked. */
static void fake_collect(const Scenario *scenario, const Outcome *outcome, Measurement *measurement)
{
    g_autofree char *path = g_build_filename(outcome->output, "fake.out", NULL), *text = NULL, *marks = NULL;
    g_autofree char *marks_path = g_build_filename(outcome->output, "fake.marks", NULL);
    if (!g_file_get_contents(path, &text, NULL, NULL)) {
        measurement_set_problem(measurement, "the fake left no output for %s", scenario->run[0]);
        return;
    }
    measurement_set(measurement, METRIC_PEAK, g_ascii_strtoll(text, NULL, 10), NULL);
    if (!g_file_get_contents(marks_path, &marks, NULL, NULL))
        return;
    guint marked = (guint)g_ascii_strtoll(marks, NULL, 10);
    measurement->warmup = MIN(marked, (guint)scenario->warmup);
    measurement->iterations = marked - measurement->warmup;
    if (measurement->iterations >= SCENARIO_FEWEST_COUNTED)
        measurement_set(measurement, METRIC_GROWTH, 0, NULL);
}

static const Instrument fake = {
    .name = "fake",
    .summary = "Runs the program as it is.",
    .capture_runs = 1,
    .probe = fake_probe,
    .launch = fake_launch,
    .collect = fake_collect,
};

static const Instrument missing = {
    .name = "missing",
    .summary = "Cannot run here.",
    .capture_runs = 1,
    .probe = missing_probe,
    .launch = fake_launch,
    .collect = fake_collect,
};

static void setup(void)
{
    folder = runner_temporary();
    g_autofree char *scenarios = g_build_filename(folder, "scenarios", NULL);
    g_autofree char *data = g_build_filename(scenarios, "data.txt", NULL);
    g_mkdir(scenarios, 0700);
    ck_assert(g_file_set_contents(data, "12345", -1, NULL));
    project = project_find(folder, NULL);
}

static void teardown(void)
{
    project_free(project);
    runner_remove(folder);
    g_free(folder);
}

static Scenario *scenario_of(const char *shell, const char *more)
{
    g_autofree char *quoted = g_strescape(shell, NULL);
    g_autofree char *text =
        g_strdup_printf("shell: \"%s\"\ninstruments: [fake]\n%s", quoted, more != NULL ? more : "");
    g_autofree char *path = g_build_filename(project->scenarios, "s.yaml", NULL);
    g_autoptr(GError) error = NULL;
    Scenario *scenario = scenario_parse(project, path, text, strlen(text), &error);
    ck_assert_msg(scenario != NULL, "%s", error != NULL ? error->message : "");
    return scenario;
}

/* Measures a scenario under the instrument; the measurement is the run's. */
static Run *measure(const Scenario *scenario, const Instrument *instrument)
{
    Run *run = run_new(project, scenario, instrument, 0);
    run_measure(run, NULL);
    ck_assert_int_eq(run->state, RUN_DONE);
    ck_assert_ptr_nonnull(run->measurement);
    ck_assert_ptr_null(run->marks_folder);
    ck_assert_uint_eq(run_iterations_so_far(run), 0);
    return run;
}

static void check_good(const char *shell, const char *more, gint64 peak)
{
    g_autoptr(Scenario) scenario = scenario_of(shell, more);
    g_autoptr(Run) run = measure(scenario, &fake);
    ck_assert_msg(run->measurement->problem == NULL, "%s", run->measurement->problem);
    ck_assert_int_eq(measurement_value(run->measurement, METRIC_PEAK), peak);
    ck_assert_str_eq(run->measurement->instrument, "fake");
    ck_assert_int_gt(run->measurement->duration_us, 0);
}

static void check_broken(const char *shell, const char *more, const char *expected)
{
    g_autoptr(Scenario) scenario = scenario_of(shell, more);
    g_autoptr(Run) run = measure(scenario, &fake);
    ck_assert_msg(run->measurement->problem != NULL, "no problem in: %s", shell);
    ck_assert_msg(g_pattern_match_simple(expected, run->measurement->problem), "expected: %s\nfound: %s",
                  expected, run->measurement->problem);
}

START_TEST(test_a_run_measures_what_the_program_left)
{
    check_good("echo 42 > $OUTPUT/fake.out", NULL, 42);
}
END_TEST

START_TEST(test_output_that_is_missing_is_broken_and_never_zero)
{
    check_broken("true", NULL, "the fake left no output for /bin/sh");
}
END_TEST

START_TEST(test_an_unexpected_exit_status_is_broken_with_the_last_words)
{
    check_broken("echo 42 > $OUTPUT/fake.out; echo no such table >&2; exit 3", NULL,
                 "/bin/sh exited with status 3, expected 0*; it last wrote: no such table");
    check_broken("echo 42 > $OUTPUT/fake.out", "expect: {exit: 3}\n",
                 "/bin/sh exited with status 0, expected 3*; it wrote no message");
    check_good("echo 42 > $OUTPUT/fake.out; exit 3", "expect: {exit: 3}\n", 42);
}
END_TEST

START_TEST(test_a_keeper_that_is_killed_is_broken_though_output_is_there)
{
    check_broken("echo 42 > $OUTPUT/fake.out; kill -9 $PPID; exit 0", NULL,
                 "the process by which heapgate guards /bin/sh was killed, and /bin/sh was ended with it; *");
    check_broken("echo 42 > $OUTPUT/fake.out", "prepare: [[sh, -c, \"kill -9 $PPID\"]]\n",
                 "the process by which heapgate guards prepare: sh was killed*");
}
END_TEST

START_TEST(test_a_crash_is_broken_though_output_is_there)
{
    check_broken("echo 42 > $OUTPUT/fake.out; kill -SEGV $$", NULL,
                 "/bin/sh was killed by signal 11 (Segmentation fault)*; it wrote no message");
}
END_TEST

START_TEST(test_a_timeout_is_broken_and_says_what_to_do)
{
    check_broken(
        "echo 42 > $OUTPUT/fake.out; echo waiting >&2; exec sleep 1000", "timeout: 300 ms\n",
        "/bin/sh was still running after its timeout of 0.3 s; raise `timeout`, or find what it waits for; "
        "it last wrote: waiting");
}
END_TEST

START_TEST(test_an_instrument_that_cannot_run_is_broken_and_says_how_to_get_it)
{
    g_autoptr(Scenario) scenario = scenario_of("true", NULL);
    g_autoptr(Run) run = measure(scenario, &missing);
    ck_assert_str_eq(run->measurement->problem, "the fake is not installed; install it");
}
END_TEST

START_TEST(test_a_program_that_is_not_there_is_broken_and_named)
{
    const char *const programs[] = {"no-such-program-anywhere", "build/none", "scenarios/data.txt",
                                    "./scenarios"};
    for (gsize i = 0; i < G_N_ELEMENTS(programs); i++) {
        g_autofree char *text = g_strdup_printf("run: [%s]\ninstruments: [fake]\n", programs[i]);
        g_autofree char *path = g_build_filename(project->scenarios, "s.yaml", NULL);
        g_autoptr(Scenario) scenario = scenario_parse(project, path, text, strlen(text), NULL);
        ck_assert_ptr_nonnull(scenario);
        g_autoptr(Run) run = measure(scenario, &fake);
        ck_assert_msg(run->measurement->problem != NULL, "%s", programs[i]);
        ck_assert_msg(strstr(run->measurement->problem, scenario->run[0]) != NULL, "%s",
                      run->measurement->problem);
    }
}
END_TEST

START_TEST(test_preparing_happens_in_the_working_folder_before_measuring)
{
    check_good("cat made > $OUTPUT/fake.out",
               "prepare: [[cp, data.txt, copy], [mv, copy, made]]\nfiles: [data.txt]\n", 12345);
}
END_TEST

START_TEST(test_preparing_that_fails_is_broken_and_nothing_is_measured)
{
    check_broken("echo 42 > $OUTPUT/fake.out", "prepare: [[cp, none, copy]]\n",
                 "prepare: cp exited with status 1, expected 0*; it last wrote: *none*");
    check_broken("echo 42 > $OUTPUT/fake.out", "prepare: [[no-such-program-anywhere]]\n",
                 "prepare: no-such-program-anywhere is not there or not executable; build or install it");
    check_broken("echo 42 > $OUTPUT/fake.out", "prepare: [[sleep, \"1000\"]]\ntimeout: 200 ms\n",
                 "prepare: sleep was still running after its timeout of 0.2 s*");
    check_broken("echo 42 > $OUTPUT/fake.out", "prepare: [[sh, -c, \"kill -9 $$\"]]\n",
                 "prepare: sh was killed by signal 9 (Killed)*; it wrote no message");
}
END_TEST

START_TEST(test_what_preparing_wrote_is_not_taken_for_the_programs_last_words)
{
    check_broken("exit 3", "prepare: [[sh, -c, \"echo a long warning >&2\"]]\n",
                 "/bin/sh exited with status 3, expected 0*; it wrote no message");
    check_broken("echo oh >&2; exit 3", "prepare: [[sh, -c, \"echo a long warning >&2\"]]\n",
                 "/bin/sh exited with status 3, expected 0*; it last wrote: oh");
}
END_TEST

START_TEST(test_iterations_other_than_promised_are_broken)
{
    const char *flow = "workflow: {warmup: 3, iterations: 20}\n";
    check_good("echo 42 > $OUTPUT/fake.out; echo 20 > $OUTPUT/fake.marks", flow, 42);
    check_broken("echo 42 > $OUTPUT/fake.out; echo 19 > $OUTPUT/fake.marks", flow,
                 "the program marked 19 iterations, the scenario expects 20; call heapgate_iteration() "
                 "(heapgate.h) *");
    check_broken("echo 42 > $OUTPUT/fake.out; echo 21 > $OUTPUT/fake.marks", flow,
                 "the program marked 21 iterations, *");
    check_broken("echo 42 > $OUTPUT/fake.out", flow, "the program marked 0 iterations, *");
}
END_TEST

START_TEST(test_a_workflow_without_a_number_needs_enough_iterations_to_tell_growth)
{
    const char *flow = "workflow: {warmup: 3}\n";
    check_good("echo 42 > $OUTPUT/fake.out; echo 11 > $OUTPUT/fake.marks", flow, 42);
    check_broken(
        "echo 42 > $OUTPUT/fake.out; echo 10 > $OUTPUT/fake.marks", flow,
        "the program marked 10 iterations, too few to tell growth from noise; mark at least 8 after the "
        "warm-up");
    check_broken("echo 42 > $OUTPUT/fake.out", flow, "the program marked 0 iterations, too few*");
}
END_TEST

START_TEST(test_files_are_linked_and_standard_input_is_read)
{
    check_good("cat data.txt > $OUTPUT/fake.out", "files: [data.txt]\n", 12345);
    check_good("cat > $OUTPUT/fake.out", "stdin: data.txt\n", 12345);
    check_good("cat; echo 7 > $OUTPUT/fake.out", NULL, 7);
    check_broken("cat > $OUTPUT/fake.out", "stdin: none.txt\n", "/bin/sh cannot be started: *none.txt*");
}
END_TEST

/* What a run kept of the program's standard output; (transfer full). */
static char *kept_output(void)
{
    g_autofree char *path = g_build_filename(project->reports, "raw/s.fake/stdout", NULL);
    char *text = NULL;
    ck_assert(g_file_get_contents(path, &text, NULL, NULL));
    return text;
}

START_TEST(test_the_environment_is_the_short_list_and_the_scenarios_own)
{
    g_setenv("HEAPGATE_TEST_SECRET", "1", TRUE);
    g_setenv("LC_ALL", "de_DE.UTF-8", TRUE);
    check_good("echo 42 > $OUTPUT/fake.out; exec env", "env: {TZ: Europe/Berlin, OWN: a=b}\n", 42);
    g_autofree char *text = kept_output();
    g_auto(GStrv) lines = g_strsplit(g_strchomp(text), "\n", -1);
    static const char *const expected[] = {
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME=/tmp/heapgate-*/work",
        "LC_ALL=C",
        "TZ=Europe/Berlin",
        "PYTHONHASHSEED=0",
        "OUTPUT=/tmp/heapgate-*/output",
        "OWN=a=b",
        "PWD=/tmp/heapgate-*/work", /* the shell's own */
        NULL};
    for (GStrv line = lines; *line != NULL; line++) {
        gboolean known = FALSE;
        for (const char *const *one = expected; *one != NULL; one++)
            known = known || g_pattern_match_simple(*one, *line);
        ck_assert_msg(known, "%s", *line);
    }
    ck_assert_uint_eq(g_strv_length(lines), g_strv_length((GStrv)expected));
}
END_TEST

START_TEST(test_the_working_folder_is_gone_after_every_kind_of_end)
{
    const char *const shells[] = {"echo 42 > $OUTPUT/fake.out; pwd", "pwd; mkdir -p a/b; touch a/b/c; exit 3",
                                  "pwd; kill -9 $$"};
    for (gsize i = 0; i < G_N_ELEMENTS(shells); i++) {
        g_autoptr(Scenario) scenario = scenario_of(shells[i], NULL);
        g_autoptr(Run) run = measure(scenario, &fake);
        ck_assert_int_eq(run->measurement->problem != NULL, i > 0);
        g_autofree char *where = kept_output();
        g_strchomp(where);
        ck_assert(g_str_has_prefix(where, "/tmp/heapgate-"));
        ck_assert_msg(!g_file_test(where, G_FILE_TEST_EXISTS), "%s is still there", where);
    }
}
END_TEST

START_TEST(test_the_instruments_files_are_kept_under_the_reports)
{
    check_good("echo 42 > $OUTPUT/fake.out; echo said; echo complained >&2", NULL, 42);
    static const struct {
        const char *name, *text;
    } files[] = {{"fake.out", "42\n"}, {"stdout", "said\n"}, {"stderr", "complained\n"}};
    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_build_filename(project->reports, "raw/s.fake", files[i].name, NULL),
                        *text = NULL;
        ck_assert_msg(g_file_get_contents(path, &text, NULL, NULL), "%s", path);
        ck_assert_str_eq(text, files[i].text);
    }
}
END_TEST

START_TEST(test_reports_that_cannot_be_written_do_not_change_a_measurement)
{
    ck_assert(g_file_set_contents(project->reports, "a file", -1, NULL));
    check_good("echo 42 > $OUTPUT/fake.out", NULL, 42);
}
END_TEST

START_TEST(test_a_run_that_is_cancelled_before_it_begins_launches_nothing)
{
    g_autofree char *witness = g_build_filename(folder, "witness", NULL);
    g_autofree char *shell = g_strdup_printf("touch %s", witness);
    g_autoptr(Scenario) scenario = scenario_of(shell, NULL);
    g_autoptr(Run) run = run_new(project, scenario, &fake, 0);
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_cancellable_cancel(cancellable);
    run_measure(run, cancellable);
    ck_assert_str_eq(run->measurement->problem, "the run was interrupted");
    ck_assert(!g_file_test(witness, G_FILE_TEST_EXISTS));
}
END_TEST

/* What a watcher heard. */
typedef struct {
    guint started, finished;
    guint running, most_running;
} Heard;

static void hear_started(Run *run, gpointer user_data)
{
    (void)run;
    Heard *heard = user_data;
    heard->started++;
    heard->running++;
    heard->most_running = MAX(heard->most_running, heard->running);
}

static void hear_finished(Run *run, gpointer user_data)
{
    Heard *heard = user_data;
    ck_assert_int_eq(run->state, RUN_DONE);
    heard->finished++;
    heard->running--;
}

START_TEST(test_a_session_measures_every_run_and_no_more_than_so_many_at_a_time)
{
    for (guint jobs = 1; jobs <= 3; jobs++) {
        g_autoptr(Scenario) scenario = scenario_of("echo 42 > $OUTPUT/fake.out", NULL);
        g_autoptr(GPtrArray) runs = g_ptr_array_new_with_free_func((GDestroyNotify)run_free);
        for (guint i = 0; i < 6; i++)
            g_ptr_array_add(runs, run_new(project, scenario, &fake, i));
        Heard heard = {0};
        const SessionWatcher watcher = {
            .started = hear_started, .finished = hear_finished, .user_data = &heard};
        ck_assert(session_run(runs, jobs, &watcher));
        ck_assert_uint_eq(heard.started, 6);
        ck_assert_uint_eq(heard.finished, 6);
        ck_assert_uint_le(heard.most_running, jobs);
        for (guint i = 0; i < runs->len; i++) {
            const Run *run = g_ptr_array_index(runs, i);
            ck_assert_msg(run->measurement->problem == NULL, "%s", run->measurement->problem);
        }
    }
}
END_TEST

/* Interrupts as a user does, once the first run is under way. */
static void interrupt_at_start(Run *run, gpointer user_data)
{
    hear_started(run, user_data);
    kill(getpid(), SIGINT);
}

START_TEST(test_an_interrupt_ends_what_runs_and_marks_the_rest)
{
    g_autoptr(Scenario) scenario = scenario_of("exec sleep 1000", NULL);
    g_autoptr(GPtrArray) runs = g_ptr_array_new_with_free_func((GDestroyNotify)run_free);
    for (guint i = 0; i < 4; i++)
        g_ptr_array_add(runs, run_new(project, scenario, &fake, i));
    Heard heard = {0};
    const SessionWatcher watcher = {
        .started = interrupt_at_start, .finished = hear_finished, .user_data = &heard};
    ck_assert(!session_run(runs, 2, &watcher));
    ck_assert_uint_eq(heard.finished, 4);
    for (guint i = 0; i < runs->len; i++)
        ck_assert_str_eq(((Run *)g_ptr_array_index(runs, i))->measurement->problem,
                         "the run was interrupted");
}
END_TEST

SUITE(run_measure, 60)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_a_run_measures_what_the_program_left);
    tcase_add_test(tcase, test_output_that_is_missing_is_broken_and_never_zero);
    tcase_add_test(tcase, test_an_unexpected_exit_status_is_broken_with_the_last_words);
    tcase_add_test(tcase, test_a_keeper_that_is_killed_is_broken_though_output_is_there);
    tcase_add_test(tcase, test_a_crash_is_broken_though_output_is_there);
    tcase_add_test(tcase, test_a_timeout_is_broken_and_says_what_to_do);
    tcase_add_test(tcase, test_an_instrument_that_cannot_run_is_broken_and_says_how_to_get_it);
    tcase_add_test(tcase, test_a_program_that_is_not_there_is_broken_and_named);
    tcase_add_test(tcase, test_preparing_happens_in_the_working_folder_before_measuring);
    tcase_add_test(tcase, test_preparing_that_fails_is_broken_and_nothing_is_measured);
    tcase_add_test(tcase, test_what_preparing_wrote_is_not_taken_for_the_programs_last_words);
    tcase_add_test(tcase, test_iterations_other_than_promised_are_broken);
    tcase_add_test(tcase, test_a_workflow_without_a_number_needs_enough_iterations_to_tell_growth);
    tcase_add_test(tcase, test_files_are_linked_and_standard_input_is_read);
    tcase_add_test(tcase, test_the_environment_is_the_short_list_and_the_scenarios_own);
    tcase_add_test(tcase, test_the_working_folder_is_gone_after_every_kind_of_end);
    tcase_add_test(tcase, test_the_instruments_files_are_kept_under_the_reports);
    tcase_add_test(tcase, test_reports_that_cannot_be_written_do_not_change_a_measurement);
    tcase_add_test(tcase, test_a_run_that_is_cancelled_before_it_begins_launches_nothing);
    tcase_add_test(tcase, test_a_session_measures_every_run_and_no_more_than_so_many_at_a_time);
    tcase_add_test(tcase, test_an_interrupt_ends_what_runs_and_marks_the_rest);
}
