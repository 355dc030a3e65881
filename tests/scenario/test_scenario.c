/* A scenario's text: every key, and every mistake with its place and a way out. */
#include <string.h>

#include "allow_defaults.h"
#include "runner.h"
#include "scenario_text.h"

START_TEST(test_a_short_scenario_has_the_defaults)
{
    g_autoptr(Scenario) scenario = scenario_text_parse(MINIMAL);
    ck_assert_str_eq(scenario->name, "orders");
    ck_assert_str_eq(scenario->file, "scenarios/orders.yaml");
    ck_assert_ptr_null(scenario->about);
    ck_assert_str_eq(scenario->run[0], "sqlite3");
    ck_assert_ptr_null(scenario->run[1]);
    ck_assert_uint_eq(scenario->prepare->len, 0);
    ck_assert_ptr_null(scenario->stdin_file);
    ck_assert_uint_eq(scenario->files->len, 0);
    ck_assert_uint_eq(scenario->suppressions->len, 0);
    ck_assert_ptr_null(scenario->env[0]);
    ck_assert_int_eq(scenario->timeout_us, 600 * G_USEC_PER_SEC);
    ck_assert_str_eq(scenario->instruments[0], "massif");
    ck_assert(!scenario->has_workflow);
    ck_assert_int_eq(scenario->expect_exit, 0);
    check_allow_defaults(&scenario->allow);
    ck_assert_ptr_nonnull(scenario->tags);
    ck_assert_ptr_null(scenario->tags[0]);
}
END_TEST

START_TEST(test_source_of_python_may_grow_a_little_unless_the_scenario_says_otherwise)
{
    g_autoptr(Scenario) native = scenario_text_parse(MINIMAL),
                        python = scenario_text_parse("python: {call: 'a:b'}\n");
    g_autoptr(Scenario) strict =
        scenario_text_parse("python: {call: 'a:b'}\nallow: {retained: {floor: 0 B}}\n");
    ck_assert_int_eq(allow_allowance(&native->allow, METRIC_RETAINED).floor, 0);
    ck_assert_int_eq(allow_allowance(&python->allow, METRIC_RETAINED).floor, 16 * 1024);
    ck_assert_int_eq(allow_allowance(&python->allow, METRIC_GROWTH).floor, 0);
    ck_assert_int_eq(allow_allowance(&strict->allow, METRIC_RETAINED).floor, 0);
}
END_TEST

START_TEST(test_every_key_is_read)
{
    g_autoptr(Scenario) scenario =
        scenario_text_parse("about: Orders\n"
                            "run: [sqlite3, \":memory:\", ./as it is]\n"
                            "prepare: [[tools/run.sh, -n, \"5\"], [cp, a, b]]\n"
                            "stdin: orders.sql\n"
                            "files: [../tools/run.sh, orders.sql]\n"
                            "env: {TZ: UTC, EMPTY: '', EQUALS: a=b}\n"
                            "timeout: 120 s\n"
                            "instruments: [massif, memcheck]\n"
                            "workflow: {warmup: 3, iterations: 20}\n"
                            "expect: {exit: 3}\n"
                            "heap: {sample: 512 KiB, blind: [busybox, 'helper-*']}\n"
                            "allow:\n"
                            "  peak: {percent: 7.5, floor: 64 KiB}\n"
                            "  growth: {floor: 16 B}\n"
                            "  call_site: {percent: 1}\n"
                            "  ceiling: {peak: 512 MiB, errors: 2}\n"
                            "suppressions: [qt.supp]\n"
                            "tags: [fast, db]\n");
    ck_assert_str_eq(scenario->about, "Orders");
    ck_assert_str_eq(scenario->run[1], ":memory:");
    ck_assert_str_eq(scenario->run[2], "./as it is");
    ck_assert_uint_eq(scenario->prepare->len, 2);
    g_autofree char *tool = g_build_filename(scenario_project->root, "tools/run.sh", NULL);
    g_autofree char *sql = g_build_filename(scenario_project->root, "scenarios/orders.sql", NULL);
    g_autofree char *suppressions = g_build_filename(scenario_project->root, "scenarios/qt.supp", NULL);
    ck_assert_str_eq(((GStrv)g_ptr_array_index(scenario->prepare, 0))[0], tool);
    ck_assert_str_eq(((GStrv)g_ptr_array_index(scenario->prepare, 0))[2], "5");
    ck_assert_str_eq(((GStrv)g_ptr_array_index(scenario->prepare, 1))[0], "cp");
    ck_assert_str_eq(scenario->stdin_file->path, sql);
    ck_assert_str_eq(scenario->stdin_file->text, "orders.sql");
    ck_assert_str_eq(((ScenarioFile *)g_ptr_array_index(scenario->files, 0))->path, tool);
    ck_assert_str_eq(((ScenarioFile *)g_ptr_array_index(scenario->suppressions, 0))->path, suppressions);
    ck_assert_str_eq(scenario->env[0], "TZ=UTC");
    ck_assert_str_eq(scenario->env[1], "EMPTY=");
    ck_assert_str_eq(scenario->env[2], "EQUALS=a=b");
    ck_assert_int_eq(scenario->heap.sample_bytes, 512 * 1024);
    ck_assert_int_eq(scenario->timeout_us, 120 * G_USEC_PER_SEC);
    ck_assert_str_eq(scenario->instruments[1], "memcheck");
    ck_assert(scenario->has_workflow);
    ck_assert_int_eq(scenario->warmup, 3);
    ck_assert_int_eq(scenario->iterations, 20);
    ck_assert_int_eq(scenario->expect_exit, 3);
    ck_assert_uint_eq(g_strv_length(scenario->heap.blind), 2);
    ck_assert_str_eq(scenario->heap.blind[1], "helper-*");
    ck_assert_double_eq(allow_allowance(&scenario->allow, METRIC_PEAK).percent, 7.5);
    ck_assert_int_eq(allow_allowance(&scenario->allow, METRIC_PEAK).floor, 65536);
    ck_assert_int_eq(allow_allowance(&scenario->allow, METRIC_GROWTH).floor, 16);
    ck_assert_double_eq(scenario->allow.call_site.percent, 1);
    ck_assert_int_eq(scenario->allow.call_site.floor, 0);
    ck_assert(allow_find(&scenario->allow, METRIC_PEAK)->has_ceiling);
    ck_assert(allow_find(&scenario->allow, METRIC_ERRORS)->has_ceiling);
    ck_assert(allow_find(&scenario->allow, METRIC_RETAINED) == NULL ||
              !allow_find(&scenario->allow, METRIC_RETAINED)->has_ceiling);
    ck_assert_int_eq(allow_find(&scenario->allow, METRIC_PEAK)->ceiling, 512 * 1024 * 1024);
    ck_assert_int_eq(allow_find(&scenario->allow, METRIC_ERRORS)->ceiling, 2);
    ck_assert_str_eq(scenario->tags[1], "db");
}
END_TEST

START_TEST(test_allowing_something_asks_for_it_and_counts_are_no_sizes)
{
    g_autoptr(Scenario) plain = scenario_text_parse(MINIMAL);
    ck_assert(allow_judges(&plain->allow, METRIC_PEAK) && !allow_judges(&plain->allow, METRIC_ALLOCATIONS));
    ck_assert_ptr_null(allow_find(&plain->allow, METRIC_ALLOCATIONS));
    g_autoptr(Scenario) asks = scenario_text_parse(
        MINIMAL "allow:\n  allocations: {percent: 5, floor: 100}\n  ceiling: {temporary: 9}\n");
    ck_assert(allow_judges(&asks->allow, METRIC_ALLOCATIONS) &&
              !allow_judges(&asks->allow, METRIC_TEMPORARY));
    ck_assert_int_eq(allow_allowance(&asks->allow, METRIC_ALLOCATIONS).floor, 100);
    ck_assert_int_eq(allow_find(&asks->allow, METRIC_TEMPORARY)->ceiling, 9);
    ck_assert_uint_eq(allow_find(&asks->allow, METRIC_TEMPORARY)->line, 5);
    ck_assert_uint_eq(allow_find(&asks->allow, METRIC_TEMPORARY)->column, 13);
    scenario_text_check_refused(MINIMAL "allow: {allocations: {floor: 64 KiB}}\n",
                                "3:30: expected a whole number, found \"64 KiB\"");
    scenario_text_check_refused(MINIMAL "allow: {ceiling: {errors: 1 B}}\n", "3:27: expected a whole number");
}
END_TEST

START_TEST(test_a_shell_line_is_run_by_the_shell)
{
    g_autoptr(Scenario) scenario = scenario_text_parse("shell: \"sort | uniq\"\ninstruments: [massif]\n");
    ck_assert_str_eq(scenario->run[0], "/bin/sh");
    ck_assert_str_eq(scenario->run[1], "-c");
    ck_assert_str_eq(scenario->run[2], "sort | uniq");
    ck_assert_ptr_null(scenario->run[3]);
}
END_TEST

START_TEST(test_unknown_keys_are_told_at_every_level)
{
    static const RefusedText rows[] = {
        {MINIMAL "ruin: [a]\n",
         "3:1: unknown key \"ruin\"; expected one of about, run, shell, python, prepare, "},
        {MINIMAL "workflow: {warm-up: 3}\n",
         "3:12: unknown key \"warm-up\"; expected one of warmup, iterations"},
        {MINIMAL "heap: {blnid: [a]}\n", "3:8: unknown key \"blnid\"; expected one of sample, blind"},
        {MINIMAL "expect: {exit: 0, output: a}\n", "3:19: unknown key \"output\"; expected one of exit"},
        {MINIMAL "allow:\n  peek: {floor: 1}\n",
         "4:3: unknown key \"peek\"; expected one of peak, retained, growth, mapped_peak, mapped, "
         "mapped_growth, lost, possibly_lost, "
         "errors, allocations, temporary, total_allocated, "
         "call_site, ceiling"},
        {MINIMAL "allow: {peak: {per: 1}}\n", "3:16: unknown key \"per\"; expected one of percent, floor"},
        {MINIMAL "allow: {ceiling: {peek: 1}}\n",
         "3:19: unknown key \"peek\"; expected one of peak, retained, growth, mapped_peak, mapped, "
         "mapped_growth, lost, possibly_lost, "
         "errors, allocations, temporary, total_allocated"},
        {0},
    };
    scenario_text_check_all_refused(rows);
}
END_TEST

START_TEST(test_keys_given_twice_are_told_at_every_level)
{
    static const RefusedText rows[] = {
        {MINIMAL "run: [b]\n", "3:1: \"run\" is given twice"},
        {MINIMAL "env: {A: b, A: c}\n", "3:13: \"A\" is given twice"},
        {MINIMAL "workflow: {iterations: 20, iterations: 21}\n", "3:28: \"iterations\" is given twice"},
        {MINIMAL "allow: {peak: {floor: 1, floor: 2}}\n", "3:26: \"floor\" is given twice"},
        {MINIMAL "allow: {ceiling: {peak: 1, peak: 2}}\n", "3:28: \"peak\" is given twice"},
        {0},
    };
    scenario_text_check_all_refused(rows);
}
END_TEST

START_TEST(test_wrong_units_are_told_with_the_right_ones)
{
    static const RefusedText rows[] = {
        {MINIMAL "timeout: 120\n", "3:10: expected a duration such as 500 ms, 120 s or 5 min, found \"120\""},
        {MINIMAL "heap: {sample: 100 B}\n",
         "3:16: expected a mean distance between samples from 1 KiB to 1 GiB, found 100 B"},
        {MINIMAL "heap: {sampling: 1 MiB}\n", "3:8: unknown key \"sampling\"; expected one of sample, blind"},
        {MINIMAL "cpus: 0\n", "3:7: expected a number of processors from 1 to 1024"},
        {MINIMAL "cpus: 1025\n", "3:7: expected a number of processors from 1 to 1024"},
        {MINIMAL "timeout: 0 s\n", "3:10: expected a timeout above 0, found 0"},
        {MINIMAL "allow: {peak: {floor: 64 KB}}\n", "3:23: expected a size such as 0 B, 64 KiB"},
        {MINIMAL "allow: {peak: {percent: 5%}}\n", "3:25: expected a percentage such as 5 or 2.5"},
        {MINIMAL "allow: {ceiling: {peak: lots}}\n", "3:25: expected a size"},
        {MINIMAL "workflow: {iterations: many}\n", "3:24: expected a whole number, found \"many\""},
        {MINIMAL "expect: {exit: -1}\n", "3:16: expected a whole number, found \"-1\""},
        {MINIMAL "expect: {exit: 256}\n", "3:16: expected an exit status from 0 to 255, found 256"},
        {0},
    };
    scenario_text_check_all_refused(rows);
}
END_TEST

START_TEST(test_lists_and_values_in_each_others_place_are_told)
{
    static const RefusedText rows[] = {
        {"run: sqlite3\n", "1:6: expected a list, found a single value"},
        {"run: {a: b}\n", "1:6: expected a list, found a mapping"},
        {"run: []\n", "1:6: expected a program and its arguments, found an empty list"},
        {"run: ['']\n", "1:6: expected a program and its arguments, found an empty list"},
        {"run: [[a]]\n", "1:7: expected one value, found a list"},
        {"shell: [a]\n", "1:8: expected one value, found a list"},
        {"shell: ' '\n", "1:8: expected a line for the shell, found nothing"},
        {MINIMAL "about: [a]\n", "3:8: expected one value, found a list"},
        {MINIMAL "prepare: [make, a]\n", "3:11: expected a list, found a single value"},
        {MINIMAL "prepare: [[]]\n", "3:11: expected a program and its arguments, found an empty list"},
        {MINIMAL "stdin: [a]\n", "3:8: expected one value, found a list"},
        {MINIMAL "stdin: ''\n", "3:8: expected the name of a file, found nothing"},
        {MINIMAL "files: a\n", "3:8: expected a list, found a single value"},
        {MINIMAL "files: [a, '']\n", "3:12: expected the name of a file, found nothing"},
        {MINIMAL "env: [a]\n", "3:6: expected keys and values, found a list"},
        {MINIMAL "env: {A: [b]}\n", "3:10: expected one value, found a list"},
        {MINIMAL "env: {A=B: c}\n", "3:7: \"A=B\" cannot name an environment variable"},
        {MINIMAL "env: {'': c}\n", "3:7: \"\" cannot name an environment variable"},
        {MINIMAL "timeout: [1 s]\n", "3:10: expected one value, found a list"},
        {"run: [a]\ninstruments: massif\n", "2:14: expected a list, found a single value"},
        {"run: [a]\ninstruments: []\n", "2:14: expected at least one instrument, found an empty list"},
        {"run: [a]\ninstruments: [massif, memcheck, massif]\n", "2:14: instrument \"massif\" is named twice"},
        {MINIMAL "workflow: 20\n", "3:11: expected keys and values, found a single value"},
        {MINIMAL "workflow: [20]\n", "3:11: expected keys and values, found a list"},
        {MINIMAL "expect: 0\n", "3:9: expected keys and values, found a single value"},
        {MINIMAL "allow: 5\n", "3:8: expected keys and values, found a single value"},
        {MINIMAL "allow: {peak: 5}\n", "3:15: expected keys and values, found a single value"},
        {MINIMAL "allow: {ceiling: 5}\n", "3:18: expected keys and values, found a single value"},
        {MINIMAL "suppressions: a\n", "3:15: expected a list, found a single value"},
        {MINIMAL "tags: fast\n", "3:7: expected a list, found a single value"},
        {0},
    };
    scenario_text_check_all_refused(rows);
}
END_TEST

START_TEST(test_what_is_missing_is_told)
{
    static const RefusedText rows[] = {
        {"instruments: [massif]\n",
         "1:1: expected one of the keys run, shell and python: what is to be measured"},
        {"run: [a]\nshell: a\n", "1:1: give one of run, shell and python, not several"},
        {"shell: a\nrun: [a]\n", "1:1: give one of run, shell and python, not several"},
        {0},
    };
    scenario_text_check_all_refused(rows);
}
END_TEST

START_TEST(test_files_that_are_no_scenario_are_told)
{
    static const RefusedText rows[] = {
        {"", "1:1: expected keys and values, found nothing"},
        {"- run\n", "1:1: expected keys and values, found a list"},
        {"run: [a\n", "2:1: this is not YAML"},
        {"run:\n\t- a\n", "2:1: this is not YAML"},
        {MINIMAL "---\nrun: [b]\n", "4:1: expected one document, found a second"},
        {"run: [\"a\\0b\"]\n", "1:7: expected text, found a NUL character in it"},
        {"run: &r [*r]\n", "1:6: expected one value, found a list"},
        {"prepare: &p [*p]\n", "1:10: expected one value, found a list"},
        {"&s\nallow: *s\n", "2:1: unknown key \"allow\""},
        {0},
    };
    scenario_text_check_all_refused(rows);
    g_autoptr(GError) error = NULL;
    ck_assert_ptr_null(scenario_text_try("run: [a]\0\n", 10, &error));
    scenario_text_check_message(
        error, "scenarios/orders.yaml:1:9: this is not YAML: control characters are not allowed", "NUL");
}
END_TEST

START_TEST(test_a_workflow_too_short_to_tell_growth_is_refused)
{
    static const RefusedText rows[] = {
        {MINIMAL "workflow: {iterations: 10}\n",
         "3:11: 10 iterations less 3 of warm-up leave fewer than 8 to count: growth cannot be told from "
         "noise; raise iterations"},
        {MINIMAL "workflow: {warmup: 20, iterations: 20}\n", "3:11: 20 iterations less 20 of warm-up"},
        {MINIMAL "workflow: {warmup: 0, iterations: 8}\n", "3:11: 8 iterations less 1 of warm-up"},
        {MINIMAL "workflow: {warmup: 1000000, iterations: 1}\n", "3:11: 1 iterations less 1000000"},
        {0},
    };
    scenario_text_check_all_refused(rows);
    g_autoptr(Scenario) first = scenario_text_parse(MINIMAL "workflow: {iterations: 11}\n");
    g_autoptr(Scenario) second = scenario_text_parse(MINIMAL "workflow: {warmup: 0, iterations: 9}\n");
    g_autoptr(Scenario) open = scenario_text_parse(MINIMAL "workflow: {}\n");
    ck_assert_int_eq(first->warmup, SCENARIO_DEFAULT_WARMUP);
    ck_assert_int_eq(second->warmup, 0);
    ck_assert(open->has_workflow);
    ck_assert_int_eq(open->iterations, 0);
}
END_TEST

START_TEST(test_a_warmup_beyond_counting_is_refused)
{
    scenario_text_check_refused(MINIMAL "workflow: {warmup: 4294967299}\n",
                                "3:11: expected at most 67108864 iterations, warm-up included, found more");
    scenario_text_check_refused(MINIMAL "workflow: {iterations: 67108865}\n",
                                "3:11: expected at most 67108864 iterations");
}
END_TEST

START_TEST(test_steps_from_outside_are_not_yet_supported_and_say_so)
{
    const char *const later[] = {"workflow: {ready: {port: 6379}}\n", "workflow: {step: [redis-cli, ping]}\n",
                                 "workflow: {stop: TERM}\n"};
    const char *const places[] = {"3:19: ", "3:18: ", "3:18: "};
    for (gsize i = 0; i < G_N_ELEMENTS(later); i++) {
        g_autofree char *text = g_strconcat(MINIMAL, later[i], NULL);
        g_autofree char *expected = g_strconcat(
            places[i], "workflow.ready, step and stop are not yet supported: let the program mark", NULL);
        scenario_text_check_refused(text, expected);
    }
}
END_TEST

START_TEST(test_every_beginning_of_a_scenario_is_read_or_refused)
{
    const char *text = "run: [sqlite3, \":memory:\"]\ninstruments: [massif]\nenv: {TZ: UTC}\n"
                       "allow:\n  peak: {percent: 5, floor: 64 KiB}\n  ceiling: {peak: 512 MiB}\n"
                       "prepare:\n- [cp, a, b]\nworkflow: {iterations: 20}\ntags: [a]\n";
    for (gsize cut = 0; cut <= strlen(text); cut++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Scenario) scenario = scenario_text_try(text, cut, &error);
        ck_assert_msg((scenario != NULL) == (error == NULL), "cut at %zu", cut);
    }
}
END_TEST

SUITE(scenario, 20)
{
    tcase_add_checked_fixture(tcase, scenario_text_setup, scenario_text_teardown);
    tcase_add_test(tcase, test_a_short_scenario_has_the_defaults);
    tcase_add_test(tcase, test_source_of_python_may_grow_a_little_unless_the_scenario_says_otherwise);
    tcase_add_test(tcase, test_every_key_is_read);
    tcase_add_test(tcase, test_allowing_something_asks_for_it_and_counts_are_no_sizes);
    tcase_add_test(tcase, test_a_shell_line_is_run_by_the_shell);
    tcase_add_test(tcase, test_unknown_keys_are_told_at_every_level);
    tcase_add_test(tcase, test_keys_given_twice_are_told_at_every_level);
    tcase_add_test(tcase, test_wrong_units_are_told_with_the_right_ones);
    tcase_add_test(tcase, test_lists_and_values_in_each_others_place_are_told);
    tcase_add_test(tcase, test_what_is_missing_is_told);
    tcase_add_test(tcase, test_files_that_are_no_scenario_are_told);
    tcase_add_test(tcase, test_a_workflow_too_short_to_tell_growth_is_refused);
    tcase_add_test(tcase, test_a_warmup_beyond_counting_is_refused);
    tcase_add_test(tcase, test_steps_from_outside_are_not_yet_supported_and_say_so);
    tcase_add_test(tcase, test_every_beginning_of_a_scenario_is_read_or_refused);
}
