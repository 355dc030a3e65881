/* Every way in which a run can see nothing of a program ends with exit status 2 or 3, a sentence that says
 * what to do, and no report that passes. Every test starts from a project that passes and from the passing
 * reports of an earlier run. */
#include <glib/gstdio.h>
#include <string.h>

#include "refusals.h"
#include "runner.h"
#include "stand_in.h"

typedef struct {
    const char *behaviour, *problem, *remedy;
} BadDay;

/* Each bad day on its own, in the same project. */
static void expect_bad_days(const char *scenario, const BadDay *days, gsize n_days)
{
    g_autoptr(TestProject) project = refusal_project(scenario);
    for (gsize i = 0; i < n_days; i++) {
        stand_in_install(project, HEALTHY);
        test_project_expect(project, 0, "run", NULL);
        ck_assert_msg(refusal_find_pass(project) != NULL, "the passing twin leaves no pass: %s",
                      days[i].behaviour);
        stand_in_install(project, days[i].behaviour);
        refusal_expect(project, 3, "run", days[i].problem, days[i].remedy);
    }
}

START_TEST(test_run_refuses_massif_output_that_is_missing_or_damaged)
{
    static const char *const unusable = "what Valgrind wrote cannot be used", *const full =
                                                                                  "is the disk full?";
    const BadDay days[] = {
        {"\"$@\"", "massif left no output", "check that the program runs under valgrind"},
        {"\"$@\"; echo 'valgrind: cannot map' >&2", "cannot map", "by hand"},
        {HEALTHY "; : >\"$out\"; : >\"$left\"", unusable, full},
        {HEALTHY "; rm \"$out\"", "massif left no output", "by hand"},
        {HEALTHY "; rm \"$left\"", unusable, full},
        {HEALTHY "; : >\"$left\"", unusable, full},
        {HEALTHY "; echo 'not a profile' >\"$out\"", unusable, ".out:1: expected \"desc:\""},
        {HEALTHY "; cut=$(head -c 150 \"$out\"); echo \"$cut\" >\"$out\"", unusable, full},
        {HEALTHY "; cut=$(head -c 90 \"$left\"); echo \"$cut\" >\"$left\"", unusable, full},
        {HEALTHY "; sed -i 's/^ n0: .*/ n7: 1 0x1: f (a.c:1)/' \"$left\"", unusable, full},
        {HEALTHY "; mv \"$out\" \"${out%/*}/massif.1.out\"; mv \"$left\" \"${out%/*}/massif.1.exit.ms\"",
         "massif left no output", "by hand"},
        {"\"$@\"; leave 0 0", "no allocation at all", "linked statically"},
    };
    expect_bad_days(MASSIF, days, G_N_ELEMENTS(days));
}
END_TEST

START_TEST(test_run_refuses_memcheck_output_that_is_missing_or_damaged)
{
    static const char *const unusable = "memcheck's output cannot be used", *const full = "is the disk full?";
    const BadDay days[] = {
        {"\"$@\"", "memcheck left no output", "check that the program runs under valgrind"},
        {HEALTHY "; : >\"$xml\"", unusable, full},
        {HEALTHY "; echo 'not XML' >\"$xml\"", unusable, full},
        {HEALTHY "; cut=$(head -c 200 \"$xml\"); echo \"$cut\" >\"$xml\"", unusable, full},
        {HEALTHY "; sed -i '/FINISHED/d' \"$xml\"", unusable, full},
        {HEALTHY "; mv \"$xml\" \"${xml%/*}/memcheck.1.xml\"", "memcheck left no output", "by hand"},
        {HEALTHY "; rm \"$left\"", unusable, full},
        {HEALTHY "; : >\"$left\"", unusable, full},
        {"\"$@\"; leave 0 0", "no allocation at all", "linked statically"},
    };
    expect_bad_days(MEMCHECK, days, G_N_ELEMENTS(days));
}
END_TEST

START_TEST(test_run_refuses_a_program_that_ends_otherwise_than_expected)
{
    const BadDay days[] = {
        {HEALTHY "; kill -SEGV $$", "killed by signal 11 (Segmentation fault)", "run it by hand"},
        {HEALTHY "; kill -KILL $$", "killed by signal 9 (Killed)", "run it by hand"},
        {HEALTHY "; exit 7", "echo exited with status 7, expected 0", "expect: {exit: 7}"},
        {HEALTHY "; echo out of luck >&2; exit 139", "it last wrote: out of luck", "expect: {exit: 139}"},
    };
    expect_bad_days(MASSIF, days, G_N_ELEMENTS(days));
    expect_bad_days(MEMCHECK, days, G_N_ELEMENTS(days));
}
END_TEST

START_TEST(test_run_refuses_status_0_where_the_scenario_expects_another)
{
    g_autoptr(TestProject) project = refusal_project(MASSIF);
    test_project_write(project, SCENARIO, MASSIF "expect: {exit: 3}\n");
    refusal_expect(project, 3, "run", "exited with status 0, expected 3", "expect: {exit: 0}");
}
END_TEST

START_TEST(test_run_refuses_a_program_that_outlives_its_timeout)
{
    g_autoptr(TestProject) project = refusal_project(MASSIF "timeout: 300 ms\n");
    stand_in_install(project, HEALTHY "; exec sleep 1000");
    refusal_expect(project, 3, "run", "still running after its timeout of 0.3 s", "raise `timeout`");
}
END_TEST

START_TEST(test_run_refuses_a_real_program_that_crashes_or_fails)
{
    g_autoptr(TestProject) project = refusal_project(MASSIF);
    g_unlink(test_project_path(project, "bin/valgrind"));
    test_project_write(project, SCENARIO, "shell: kill -SEGV $$\ninstruments: [massif, memcheck]\n");
    refusal_expect(project, 3, "run", "killed by signal 11", "run it by hand");
    g_autoptr(Result) result = test_project_result(project);
    ck_assert_int_eq(test_result_find(result, "work", "massif")->verdict, VERDICT_BROKEN);
    ck_assert_int_eq(test_result_find(result, "work", "memcheck")->verdict, VERDICT_BROKEN);
    test_project_write(project, SCENARIO, "run: [ls, /nonexistent]\ninstruments: [massif]\n");
    refusal_expect(project, 3, "run", "No such file or directory", "expect: {exit: 2}");
}
END_TEST

/* Whoever opens a pipe that nobody writes to waits for ever. */
START_TEST(test_run_refuses_a_program_that_puts_a_pipe_where_its_measurement_is_read)
{
    static const char *const behaviours[] = {
        "mkfifo ../output/memcheck.1.xml",
        "mkfifo ../output/massif.1.out",
        "ln -s /dev/zero ../output/mark.1.2.iteration",
        "rm ../stderr; mkfifo ../stderr; exit 1",
        "exit 0]\nprepare: [[sh, -c, rm ../stdout; mkfifo ../stdout]",
    };
    g_autoptr(TestProject) project = test_project_new();
    for (gsize i = 0; i < G_N_ELEMENTS(behaviours); i++) {
        gboolean prepared = strchr(behaviours[i], ']') != NULL;
        test_project_write(project, SCENARIO, "run: [sh, -c, %s]\ninstruments: [heap, memcheck, massif]\n",
                           behaviours[i]);
        refusal_expect(project, 3, "run", "which is neither a file nor a folder", "its working folder alone");
        g_autoptr(Result) result = test_project_result(project);
        ck_assert_uint_eq(result->scenarios->len, 1);
        ck_assert_int_eq(test_result_find(result, "work", "heap")->verdict, VERDICT_BROKEN);
        ck_assert_int_eq(test_result_find(result, "work", "massif")->verdict, VERDICT_BROKEN);
        ck_assert_int_eq(test_result_find(result, "work", "memcheck")->verdict, VERDICT_BROKEN);
        ck_assert(prepared == (strstr(project->output, "prepare: sh") != NULL));
    }
}
END_TEST

/* pyenv's shims are scripts that replace themselves by the real Python. */
START_TEST(test_run_refuses_a_shim_whose_program_is_not_traced_and_follows_one_that_is)
{
    g_autoptr(TestProject) project = refusal_project(MASSIF);
    test_project_write(project, "bin/python3", "#!/bin/sh\nexec /usr/bin/python3 \"$@\"\n");
    test_project_write(project, SCENARIO,
                       "run: [python3, -S, -c, 'x = bytes(3000000)']\ninstruments: [massif]\n");
    stand_in_filter(project, "/^--trace-children=/d");
    refusal_expect(project, 3, "run", "massif left no output for python3", "a script that starts one");
    g_unlink(test_project_path(project, "bin/valgrind"));
    g_unlink(test_project_path(project, refusal_baseline()));
    test_project_expect(project, 3, "run", "no baseline", "peak 3.", NULL);
    g_autoptr(Result) result = test_project_result(project);
    const Measurement *measurement = test_result_find(result, "work", "massif")->measurement;
    ck_assert_msg(measurement_value(measurement, METRIC_PEAK) > 3000000,
                  "massif did not follow the shim: a peak of %" G_GINT64_FORMAT,
                  measurement_value(measurement, METRIC_PEAK));
}
END_TEST

START_TEST(test_run_refuses_a_program_that_is_missing_or_cannot_be_started)
{
    g_autoptr(TestProject) project = refusal_project(MASSIF);
    test_project_write(project, SCENARIO, "run: [no-such-program]\ninstruments: [massif]\n");
    refusal_expect(project, 3, "run", "no-such-program is not there or not executable",
                   "build or install it");
    test_project_write(project, SCENARIO, "run: [scenarios/work.yaml]\ninstruments: [massif]\n");
    refusal_expect(project, 3, "run", "not executable", "build or install it");
    test_project_write(project, SCENARIO, "run: [scenarios/]\ninstruments: [massif]\n");
    refusal_expect(project, 3, "run", "not executable", "build or install it");
    test_project_write(project, SCENARIO, MASSIF "prepare: [[no-such-generator]]\n");
    refusal_expect(project, 3, "run", "prepare: no-such-generator is not there", "build or install it");
    test_project_write(project, SCENARIO, MASSIF "prepare: [[sh, -c, 'exit 4']]\n");
    refusal_expect(project, 3, "run", "prepare: sh exited with status 4", "run it by hand");
    test_project_write(project, SCENARIO, MASSIF "stdin: no-such-file\n");
    refusal_expect(project, 2, "run", "work.yaml:3:8: \"no-such-file\" does not exist", "correct the name");
}
END_TEST

START_TEST(test_run_refuses_to_measure_no_scenario_at_all)
{
    g_autoptr(TestProject) project = refusal_project(MASSIF);
    g_unlink(test_project_path(project, SCENARIO));
    refusal_expect(project, 2, "run", "nothing would be measured", "heapgate init");
    g_rmdir(test_project_path(project, "scenarios"));
    test_project_write(project, "heapgate.yaml", "timeout: 60 s\n");
    refusal_expect(project, 2, "run", "scenarios cannot be read", "heapgate init");
}
END_TEST

START_TEST(test_run_refuses_a_choice_that_matches_nothing)
{
    static const struct {
        const char *words, *problem, *remedy;
    } choices[] = {
        {"run nothing-like-it", "no scenario in scenarios matches \"nothing-like-it\"", "heapgate list"},
        {"run work nothing-like-it", "matches \"nothing-like-it\"", "heapgate list"},
        {"run 'x*'", "matches \"x*\"", "heapgate list"},
        {"run --tag slow", "no scenario carries the tag slow", "heapgate list"},
        {"run --instrument memcheck", "none of the scenarios uses the instrument asked for",
         "nothing would be"},
        {"run --instrument callgrind", "\"callgrind\" is not an instrument",
         "expected one of heap, massif, memcheck"},
        {"run --jobs -3", "--jobs", "expected a number from 1"},
        {"run --jobs 2147483647", "--jobs", "expected a number from 1 to 256"},
        {"run --bogus", "--bogus", "heapgate run --help"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(choices); i++) {
        g_autoptr(TestProject) project = refusal_project(MASSIF);
        refusal_expect(project, 2, choices[i].words, choices[i].problem, choices[i].remedy);
    }
}
END_TEST

START_TEST(test_run_refuses_fewer_iterations_than_promised)
{
    g_autoptr(TestProject) project = refusal_project(MASSIF);
    const char *program = runner_path("build/tests/fixtures/lost_block");
    test_project_write(project, SCENARIO, MASSIF "workflow: {warmup: 4, iterations: 24}\n");
    refusal_expect(project, 3, "run", "marked 0 iterations, the scenario expects 24", "heapgate_iteration()");
    g_unlink(test_project_path(project, "bin/valgrind"));
    test_project_write(project, SCENARIO,
                       "run: [%s, healthy]\ninstruments: [massif, memcheck]\n"
                       "workflow: {warmup: 4, iterations: 25}\n",
                       program);
    refusal_expect(project, 3, "run", "marked 24 iterations, the scenario expects 25",
                   "correct workflow.iterations");
    g_autoptr(Result) result = test_project_result(project);
    ck_assert_int_eq(test_result_find(result, "work", "massif")->verdict, VERDICT_BROKEN);
    ck_assert_int_eq(test_result_find(result, "work", "memcheck")->verdict, VERDICT_BROKEN);
}
END_TEST

/* The baseline holds growth; a scenario that stopped marking must not lose that guard unnoticed. */
START_TEST(test_run_refuses_a_metric_that_the_baseline_holds_and_the_run_lacks)
{
    g_autoptr(TestProject) project = refusal_project(MASSIF);
    g_autofree char *before = test_project_read(project, refusal_baseline());
    *strstr(before, "...\n") = '\0'; /* the end comes after what is added */
    test_project_write(project, refusal_baseline(),
                       "%s      growth:\n        value: 0\n        spread: 0\n...\n", before);
    refusal_expect(project, 3, "run", "the baseline holds growth",
                   "does the program still mark its iterations?");
}
END_TEST

/* What was recorded is all that can be seen. */
START_TEST(test_run_recorded_refuses_a_result_that_lacks_what_the_scenario_asks_for)
{
    g_autoptr(TestProject) project = refusal_project(MASSIF);
    g_rename(test_project_path(project, "reports/result.json"), test_project_path(project, "kept.json"));
    test_project_expect(project, 0, "run --recorded kept.json", "1 scenario passes", NULL);
    test_project_write(project, SCENARIO, "run: [echo, hi]\ninstruments: [massif, memcheck]\n");
    refusal_expect(project, 3, "run --recorded kept.json",
                   "kept.json holds no measurement of work by memcheck", "measure again");
    test_project_write(project, "scenarios/more.yaml", MASSIF);
    refusal_expect(project, 3, "run --recorded kept.json", "kept.json holds no measurement of more",
                   "measure again");
    refusal_expect(project, 2, "run --recorded gone.json work", "gone.json cannot be read", "No such file");
    test_project_write(project, "cut.json", "{\"format\":\"heapgate-result\",");
    refusal_expect(project, 2, "run --recorded cut.json work", "cut.json:1", "expected");
}
END_TEST

START_TEST(test_update_refuses_what_run_refuses_and_keeps_the_old_baseline)
{
    g_autoptr(TestProject) project = refusal_project(MASSIF);
    g_autofree char *before = test_project_read(project, refusal_baseline());
    stand_in_install(project, "\"$@\"");
    test_project_expect(project, 3, "update --reason again", "massif left no output",
                        "no baseline was written", NULL);
    stand_in_install(project, HEALTHY "; exit 5");
    test_project_expect(project, 3, "update --reason again", "exited with status 5",
                        "no baseline was written", NULL);
    test_project_expect(project, 2, "update --reason again nothing-like-it", "matches \"nothing-like-it\"",
                        "heapgate list", NULL);
    test_project_expect(project, 2, "update --reason again -i memcheck", "nothing would be measured",
                        "instrument", NULL);
    g_autofree char *after = test_project_read(project, refusal_baseline());
    ck_assert_str_eq(after, before);
}
END_TEST

/* A ceiling that nobody measures would be kept by nobody. */
START_TEST(test_an_allowance_that_no_instrument_of_the_scenario_measures_is_refused)
{
    static const struct {
        const char *instruments, *allow, *expected;
    } cases[] = {
        {"massif", "ceiling: {lost: 0 B}",
         "scenarios/work.yaml:3:19: lost is measured by memcheck, and the instruments of this scenario are "
         "massif: add it to them, or take the line out"},
        {"memcheck", "peak: {percent: 5}", "3:9: peak is measured by heap or massif, and the instruments of"},
        {"massif, memcheck", "allocations: {percent: 5}", "3:9: allocations is measured by heap, and"},
    };
    g_autoptr(TestProject) project = test_project_new();
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        test_project_write(project, "scenarios/work.yaml",
                           "run: [echo, hi]\ninstruments: [%s]\nallow: {%s}\n", cases[i].instruments,
                           cases[i].allow);
        test_project_expect(project, 2, "run", cases[i].expected, NULL);
        test_project_expect(project, 2, "update --reason x", cases[i].expected, NULL);
    }
    /* The project's own are for those that measure them. */
    test_project_write(project, "heapgate.yaml", "instruments: [heap]\nallow: {ceiling: {lost: 0 B}}\n");
    test_project_write(project, "scenarios/work.yaml", "run: [echo, hi]\n");
    test_project_expect(project, 3, "run", "no baseline", NULL);
}
END_TEST

/* So would one on growth, in a program that marks no iterations. */
START_TEST(test_growth_that_is_promised_and_not_marked_is_broken)
{
    g_autoptr(TestProject) project = test_project_new();
    test_project_write(project, "scenarios/work.yaml",
                       "run: [echo, hi]\ninstruments: [heap]\nallow: {ceiling: {growth: 1 KiB}}\n");
    test_project_expect(project, 0, "update --runs 1 --reason first", NULL);
    test_project_expect(project, 3, "run", "BROKEN", "allow names growth, but this run did not measure it",
                        NULL);
}
END_TEST

SUITE(cli_fail_closed, 60)
{
    tcase_add_test(tcase, test_run_refuses_massif_output_that_is_missing_or_damaged);
    tcase_add_test(tcase, test_run_refuses_memcheck_output_that_is_missing_or_damaged);
    tcase_add_test(tcase, test_run_refuses_a_program_that_ends_otherwise_than_expected);
    tcase_add_test(tcase, test_run_refuses_status_0_where_the_scenario_expects_another);
    tcase_add_test(tcase, test_run_refuses_a_program_that_outlives_its_timeout);
    tcase_add_test(tcase, test_run_refuses_a_real_program_that_crashes_or_fails);
    tcase_add_test(tcase, test_run_refuses_a_program_that_puts_a_pipe_where_its_measurement_is_read);
    tcase_add_test(tcase, test_run_refuses_a_shim_whose_program_is_not_traced_and_follows_one_that_is);
    tcase_add_test(tcase, test_run_refuses_a_program_that_is_missing_or_cannot_be_started);
    tcase_add_test(tcase, test_run_refuses_to_measure_no_scenario_at_all);
    tcase_add_test(tcase, test_run_refuses_a_choice_that_matches_nothing);
    tcase_add_test(tcase, test_run_refuses_fewer_iterations_than_promised);
    tcase_add_test(tcase, test_run_refuses_a_metric_that_the_baseline_holds_and_the_run_lacks);
    tcase_add_test(tcase, test_run_recorded_refuses_a_result_that_lacks_what_the_scenario_asks_for);
    tcase_add_test(tcase, test_update_refuses_what_run_refuses_and_keeps_the_old_baseline);
    tcase_add_test(tcase, test_an_allowance_that_no_instrument_of_the_scenario_measures_is_refused);
    tcase_add_test(tcase, test_growth_that_is_promised_and_not_marked_is_broken);
}
