/* The scenario and its reader: every key, and every mistake with its place and a way out. */
#include "scenario/scenario.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "allow_defaults.h"
#include "runner.h"

static char *folder;
static Project *project;

static void write_file(const char *relative, const char *text)
{
    g_autofree char *path = g_build_filename(folder, relative, NULL), *parent = g_path_get_dirname(path);
    ck_assert_int_eq(g_mkdir_with_parents(parent, 0700), 0);
    ck_assert(g_file_set_contents(path, text, -1, NULL));
}

static void setup(void)
{
    folder = runner_temporary();
    write_file("heapgate.yaml", "{}");
    write_file("scenarios/orders.sql", "select 1;");
    write_file("tools/run.sh", "exit 0");
    project = project_find(folder, NULL);
    ck_assert_ptr_nonnull(project);
}

static void teardown(void)
{
    project_free(project);
    runner_remove(folder);
    g_free(folder);
}

static Scenario *try_parse(const char *text, gsize length, GError **error)
{
    g_autofree char *path = g_build_filename(project->scenarios, "orders.yaml", NULL);
    return scenario_parse(project, path, text, length, error);
}

static Scenario *parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    Scenario *scenario = try_parse(text, strlen(text), &error);
    ck_assert_msg(scenario != NULL, "%s\n%s", error != NULL ? error->message : "no error", text);
    return scenario;
}

static void check_message(const GError *error, const char *expected, const char *text)
{
    ck_assert_msg(error != NULL, "accepted: %s", text);
    ck_assert(error->domain == HEAPGATE_ERROR);
    ck_assert_msg(g_str_has_prefix(error->message, expected), "expected: %s\nfound: %s\nin: %s", expected,
                  error->message, text);
}

/* expected: what the message begins with, after the file's name. */
static void check_refused(const char *text, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Scenario) scenario = try_parse(text, strlen(text), &error);
    g_autofree char *whole = g_strconcat("scenarios/orders.yaml:", expected, NULL);
    ck_assert_ptr_null(scenario);
    check_message(error, whole, text);
    ck_assert(g_error_matches(error, HEAPGATE_ERROR, HEAPGATE_ERROR_CONFIG));
}

/* What every scenario needs. */
#define MINIMAL "run: [sqlite3]\ninstruments: [massif]\n"

START_TEST(test_a_short_scenario_has_the_defaults)
{
    g_autoptr(Scenario) scenario = parse(MINIMAL);
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
    g_autoptr(Scenario) native = parse(MINIMAL), python = parse("python: {call: 'a:b'}\n");
    g_autoptr(Scenario) strict = parse("python: {call: 'a:b'}\nallow: {retained: {floor: 0 B}}\n");
    ck_assert_int_eq(allow_allowance(&native->allow, METRIC_RETAINED).floor, 0);
    ck_assert_int_eq(allow_allowance(&python->allow, METRIC_RETAINED).floor, 16 * 1024);
    ck_assert_int_eq(allow_allowance(&python->allow, METRIC_GROWTH).floor, 0);
    ck_assert_int_eq(allow_allowance(&strict->allow, METRIC_RETAINED).floor, 0);
}
END_TEST

START_TEST(test_every_key_is_read)
{
    g_autoptr(Scenario) scenario = parse("about: Orders\n"
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
    g_autofree char *tool = g_build_filename(project->root, "tools/run.sh", NULL);
    g_autofree char *sql = g_build_filename(project->root, "scenarios/orders.sql", NULL);
    g_autofree char *suppressions = g_build_filename(project->root, "scenarios/qt.supp", NULL);
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
    g_autoptr(Scenario) plain = parse(MINIMAL);
    ck_assert(allow_judges(&plain->allow, METRIC_PEAK) && !allow_judges(&plain->allow, METRIC_ALLOCATIONS));
    ck_assert_ptr_null(allow_find(&plain->allow, METRIC_ALLOCATIONS));
    g_autoptr(Scenario) asks =
        parse(MINIMAL "allow:\n  allocations: {percent: 5, floor: 100}\n  ceiling: {temporary: 9}\n");
    ck_assert(allow_judges(&asks->allow, METRIC_ALLOCATIONS) &&
              !allow_judges(&asks->allow, METRIC_TEMPORARY));
    ck_assert_int_eq(allow_allowance(&asks->allow, METRIC_ALLOCATIONS).floor, 100);
    ck_assert_int_eq(allow_find(&asks->allow, METRIC_TEMPORARY)->ceiling, 9);
    ck_assert_uint_eq(allow_find(&asks->allow, METRIC_TEMPORARY)->line, 5);
    ck_assert_uint_eq(allow_find(&asks->allow, METRIC_TEMPORARY)->column, 13);
    check_refused(MINIMAL "allow: {allocations: {floor: 64 KiB}}\n",
                  "3:30: expected a whole number, found \"64 KiB\"");
    check_refused(MINIMAL "allow: {ceiling: {errors: 1 B}}\n", "3:27: expected a whole number");
}
END_TEST

START_TEST(test_a_shell_line_is_run_by_the_shell)
{
    g_autoptr(Scenario) scenario = parse("shell: \"sort | uniq\"\ninstruments: [massif]\n");
    ck_assert_str_eq(scenario->run[0], "/bin/sh");
    ck_assert_str_eq(scenario->run[1], "-c");
    ck_assert_str_eq(scenario->run[2], "sort | uniq");
    ck_assert_ptr_null(scenario->run[3]);
}
END_TEST

START_TEST(test_unknown_keys_are_told_at_every_level)
{
    check_refused(MINIMAL "ruin: [a]\n",
                  "3:1: unknown key \"ruin\"; expected one of about, run, shell, python, prepare, ");
    check_refused(MINIMAL "workflow: {warm-up: 3}\n",
                  "3:12: unknown key \"warm-up\"; expected one of warmup, iterations");
    check_refused(MINIMAL "heap: {blnid: [a]}\n",
                  "3:8: unknown key \"blnid\"; expected one of sample, blind");
    check_refused(MINIMAL "expect: {exit: 0, output: a}\n",
                  "3:19: unknown key \"output\"; expected one of exit");
    check_refused(MINIMAL "allow:\n  peek: {floor: 1}\n",
                  "4:3: unknown key \"peek\"; expected one of peak, retained, growth, mapped_peak, mapped, "
                  "mapped_growth, lost, possibly_lost, "
                  "errors, allocations, temporary, total_allocated, "
                  "call_site, ceiling");
    check_refused(MINIMAL "allow: {peak: {per: 1}}\n",
                  "3:16: unknown key \"per\"; expected one of percent, floor");
    check_refused(MINIMAL "allow: {ceiling: {peek: 1}}\n",
                  "3:19: unknown key \"peek\"; expected one of peak, retained, growth, mapped_peak, mapped, "
                  "mapped_growth, lost, possibly_lost, "
                  "errors, allocations, temporary, total_allocated");
}
END_TEST

START_TEST(test_keys_given_twice_are_told_at_every_level)
{
    check_refused(MINIMAL "run: [b]\n", "3:1: \"run\" is given twice");
    check_refused(MINIMAL "env: {A: b, A: c}\n", "3:13: \"A\" is given twice");
    check_refused(MINIMAL "workflow: {iterations: 20, iterations: 21}\n",
                  "3:28: \"iterations\" is given twice");
    check_refused(MINIMAL "allow: {peak: {floor: 1, floor: 2}}\n", "3:26: \"floor\" is given twice");
    check_refused(MINIMAL "allow: {ceiling: {peak: 1, peak: 2}}\n", "3:28: \"peak\" is given twice");
}
END_TEST

START_TEST(test_wrong_units_are_told_with_the_right_ones)
{
    check_refused(MINIMAL "timeout: 120\n",
                  "3:10: expected a duration such as 500 ms, 120 s or 5 min, found \"120\"");
    check_refused(MINIMAL "heap: {sample: 100 B}\n",
                  "3:16: expected a mean distance of samples from 1 KiB to 1 GiB, found 100 B");
    check_refused(MINIMAL "heap: {sampling: 1 MiB}\n",
                  "3:8: unknown key \"sampling\"; expected one of sample, blind");
    check_refused(MINIMAL "cpus: 0\n", "3:7: expected a number of processors from 1 to 1024");
    check_refused(MINIMAL "cpus: 1025\n", "3:7: expected a number of processors from 1 to 1024");
    check_refused(MINIMAL "timeout: 0 s\n", "3:10: expected a timeout above 0, found 0");
    check_refused(MINIMAL "allow: {peak: {floor: 64 KB}}\n", "3:23: expected a size such as 0 B, 64 KiB");
    check_refused(MINIMAL "allow: {peak: {percent: 5%}}\n", "3:25: expected a percentage such as 5 or 2.5");
    check_refused(MINIMAL "allow: {ceiling: {peak: lots}}\n", "3:25: expected a size");
    check_refused(MINIMAL "workflow: {iterations: many}\n", "3:24: expected a whole number, found \"many\"");
    check_refused(MINIMAL "expect: {exit: -1}\n", "3:16: expected a whole number, found \"-1\"");
    check_refused(MINIMAL "expect: {exit: 256}\n", "3:16: expected an exit status from 0 to 255, found 256");
}
END_TEST

START_TEST(test_lists_and_values_in_each_others_place_are_told)
{
    check_refused("run: sqlite3\n", "1:6: expected a list, found a single value");
    check_refused("run: {a: b}\n", "1:6: expected a list, found a mapping");
    check_refused("run: []\n", "1:6: expected a program and its arguments, found an empty list");
    check_refused("run: ['']\n", "1:6: expected a program and its arguments, found an empty list");
    check_refused("run: [[a]]\n", "1:7: expected one value, found a list");
    check_refused("shell: [a]\n", "1:8: expected one value, found a list");
    check_refused("shell: ' '\n", "1:8: expected a line for the shell, found nothing");
    check_refused(MINIMAL "about: [a]\n", "3:8: expected one value, found a list");
    check_refused(MINIMAL "prepare: [make, a]\n", "3:11: expected a list, found a single value");
    check_refused(MINIMAL "prepare: [[]]\n",
                  "3:11: expected a program and its arguments, found an empty list");
    check_refused(MINIMAL "stdin: [a]\n", "3:8: expected one value, found a list");
    check_refused(MINIMAL "stdin: ''\n", "3:8: expected the name of a file, found nothing");
    check_refused(MINIMAL "files: a\n", "3:8: expected a list, found a single value");
    check_refused(MINIMAL "files: [a, '']\n", "3:12: expected the name of a file, found nothing");
    check_refused(MINIMAL "env: [a]\n", "3:6: expected keys and values, found a list");
    check_refused(MINIMAL "env: {A: [b]}\n", "3:10: expected one value, found a list");
    check_refused(MINIMAL "env: {A=B: c}\n", "3:7: \"A=B\" cannot name an environment variable");
    check_refused(MINIMAL "env: {'': c}\n", "3:7: \"\" cannot name an environment variable");
    check_refused(MINIMAL "timeout: [1 s]\n", "3:10: expected one value, found a list");
    check_refused("run: [a]\ninstruments: massif\n", "2:14: expected a list, found a single value");
    check_refused("run: [a]\ninstruments: []\n",
                  "2:14: expected at least one instrument, found an empty list");
    check_refused("run: [a]\ninstruments: [massif, memcheck, massif]\n",
                  "2:14: instrument \"massif\" is named twice");
    check_refused(MINIMAL "workflow: 20\n", "3:11: expected keys and values, found a single value");
    check_refused(MINIMAL "workflow: [20]\n", "3:11: expected keys and values, found a list");
    check_refused(MINIMAL "expect: 0\n", "3:9: expected keys and values, found a single value");
    check_refused(MINIMAL "allow: 5\n", "3:8: expected keys and values, found a single value");
    check_refused(MINIMAL "allow: {peak: 5}\n", "3:15: expected keys and values, found a single value");
    check_refused(MINIMAL "allow: {ceiling: 5}\n", "3:18: expected keys and values, found a single value");
    check_refused(MINIMAL "suppressions: a\n", "3:15: expected a list, found a single value");
    check_refused(MINIMAL "tags: fast\n", "3:7: expected a list, found a single value");
}
END_TEST

START_TEST(test_what_is_missing_is_told)
{
    check_refused("instruments: [massif]\n",
                  "1:1: expected a key \"run\" with the program and its arguments");
    check_refused("run: [a]\nshell: a\n", "1:1: give one of run, shell and python, not several");
    check_refused("shell: a\nrun: [a]\n", "1:1: give one of run, shell and python, not several");
}
END_TEST

START_TEST(test_files_that_are_no_scenario_are_told)
{
    check_refused("", "1:1: expected keys and values, found nothing");
    check_refused("- run\n", "1:1: expected keys and values, found a list");
    check_refused("run: [a\n", "2:1: this is not YAML");
    check_refused("run:\n\t- a\n", "2:1: this is not YAML");
    check_refused(MINIMAL "---\nrun: [b]\n", "4:1: expected one document, found a second");
    check_refused("run: [\"a\\0b\"]\n", "1:7: expected text, found a NUL character in it");
    check_refused("run: &r [*r]\n", "1:6: expected one value, found a list");
    check_refused("prepare: &p [*p]\n", "1:10: expected one value, found a list");
    check_refused("&s\nallow: *s\n", "2:1: unknown key \"allow\"");
    g_autoptr(GError) error = NULL;
    ck_assert_ptr_null(try_parse("run: [a]\0\n", 10, &error));
    check_message(error, "scenarios/orders.yaml:1:9: this is not YAML: control characters are not allowed",
                  "NUL");
}
END_TEST

START_TEST(test_a_workflow_too_short_to_tell_growth_is_refused)
{
    check_refused(
        MINIMAL "workflow: {iterations: 10}\n",
        "3:11: 10 iterations less 3 of warm-up leave fewer than 8 to count: growth cannot be told from "
        "noise; raise iterations");
    check_refused(MINIMAL "workflow: {warmup: 20, iterations: 20}\n",
                  "3:11: 20 iterations less 20 of warm-up");
    check_refused(MINIMAL "workflow: {warmup: 0, iterations: 8}\n", "3:11: 8 iterations less 1 of warm-up");
    check_refused(MINIMAL "workflow: {warmup: 1000000, iterations: 1}\n", "3:11: 1 iterations less 1000000");
    g_autoptr(Scenario) first = parse(MINIMAL "workflow: {iterations: 11}\n");
    g_autoptr(Scenario) second = parse(MINIMAL "workflow: {warmup: 0, iterations: 9}\n");
    g_autoptr(Scenario) open = parse(MINIMAL "workflow: {}\n");
    ck_assert_int_eq(first->warmup, SCENARIO_DEFAULT_WARMUP);
    ck_assert_int_eq(second->warmup, 0);
    ck_assert(open->has_workflow);
    ck_assert_int_eq(open->iterations, 0);
}
END_TEST

START_TEST(test_a_warmup_beyond_counting_is_refused)
{
    check_refused(MINIMAL "workflow: {warmup: 4294967299}\n",
                  "3:11: expected at most 67108864 iterations, warm-up included, found more");
    check_refused(MINIMAL "workflow: {iterations: 67108865}\n", "3:11: expected at most 67108864 iterations");
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
        check_refused(text, expected);
    }
}
END_TEST

START_TEST(test_names_that_leave_the_project_are_refused)
{
    g_autofree char *link = g_build_filename(folder, "scenarios/out", NULL);
    g_autofree char *folder_link = g_build_filename(folder, "scenarios/etc", NULL);
    ck_assert_int_eq(symlink("/etc/passwd", link), 0);
    ck_assert_int_eq(symlink("/etc", folder_link), 0);
    const char *const names[] = {"../../etc/passwd",
                                 "/etc/passwd",
                                 "out",
                                 "etc/passwd",
                                 "../..",
                                 "/",
                                 "../../../../../../../../../../../etc/passwd",
                                 "etc/not/there"};
    const struct {
        const char *before, *after, *place;
    } keys[] = {{"stdin: ", "\n", "3:8"}, {"files: [", "]\n", "3:9"}, {"suppressions: [", "]\n", "3:16"}};
    for (gsize n = 0; n < G_N_ELEMENTS(names); n++)
        for (gsize k = 0; k < G_N_ELEMENTS(keys); k++) {
            g_autofree char *text = g_strconcat(MINIMAL, keys[k].before, names[n], keys[k].after, NULL);
            g_autofree char *expected = g_strdup_printf(
                "%s: \"%s\" lies outside the project; name a file below its root", keys[k].place, names[n]);
            check_refused(text, expected);
        }
}
END_TEST

START_TEST(test_a_neighbour_whose_name_begins_like_the_project_is_outside)
{
    g_autofree char *base = g_path_get_basename(folder);
    g_autofree char *text = g_strdup_printf(MINIMAL "stdin: ../../%s-other/a\n", base);
    check_refused(text, "3:8: \"../../");
}
END_TEST

START_TEST(test_programs_that_leave_the_project_are_refused_and_links_to_programs_are_kept)
{
    g_autofree char *link = g_build_filename(folder, "tools/python3", NULL);
    ck_assert_int_eq(symlink("/bin/sh", link), 0);
    check_refused("run: [../sh]\n", "1:6: \"../sh\" lies outside the project; name a program below its root");
    check_refused(MINIMAL "prepare: [[tools/../../sh]]\n",
                  "3:11: \"tools/../../sh\" lies outside the project");
    g_autoptr(Scenario) linked = parse("run: [tools/python3]\ninstruments: [massif]\n");
    g_autofree char *expected = g_build_filename(project->root, "tools/python3", NULL);
    ck_assert_str_eq(linked->run[0], expected);
    g_autoptr(Scenario) absolute = parse("run: [/bin/sh]\ninstruments: [massif]\n");
    ck_assert_str_eq(absolute->run[0], "/bin/sh");
}
END_TEST

static void check_files(const char *text, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Scenario) scenario = parse(text);
    gboolean there = scenario_check_files(scenario, &error);
    ck_assert_int_eq(there, expected == NULL);
    if (expected == NULL)
        return;
    g_autofree char *whole = g_strconcat("scenarios/orders.yaml:", expected, NULL);
    check_message(error, whole, text);
}

START_TEST(test_files_that_are_not_there_are_told_where_they_are_named)
{
    const char *advice = " does not exist; correct the name or build it first";
    g_autofree char *stdin_text = g_strconcat("3:8: \"none.sql\"", advice, NULL);
    g_autofree char *files_text = g_strconcat("3:21: \"none.txt\"", advice, NULL);
    g_autofree char *suppressions_text = g_strconcat("4:3: \"none.supp\"", advice, NULL);
    check_files(MINIMAL "stdin: none.sql\n", stdin_text);
    check_files(MINIMAL "files: [orders.sql, none.txt]\n", files_text);
    check_files(MINIMAL "suppressions:\n- none.supp\n", suppressions_text);
    check_files(MINIMAL "stdin: orders.sql\nfiles: [../tools/run.sh, ../tools]\nsuppressions: [orders.sql]\n",
                NULL);
}
END_TEST

START_TEST(test_a_folder_in_the_place_of_a_file_is_told)
{
    check_files(MINIMAL "stdin: ../tools\n", "3:8: \"../tools\" is a folder; name a file");
    check_files(MINIMAL "suppressions: [.]\n", "3:16: \".\" is a folder; name a file");
}
END_TEST

START_TEST(test_two_files_of_one_name_cannot_share_the_working_folder)
{
    check_refused(MINIMAL "files: [orders.sql, ../tools/orders.sql]\n",
                  "3:21: a file named \"orders.sql\" is listed already; the working folder can hold one");
    check_refused(MINIMAL "files: [..]\n", "3:9: \"..\" has no name of its own");
    check_refused(MINIMAL "files: [../tools/.]\n", "3:9: \"../tools/.\" has no name of its own");
}
END_TEST

START_TEST(test_scenario_names_are_plain)
{
    const char *const names[] = {"a b.yaml", "größe.yaml", "-n.yaml", "a:b.yaml", "a\nb.yaml"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(project->scenarios, names[i], NULL);
        g_autoptr(GError) error = NULL;
        ck_assert_ptr_null(scenario_parse(project, path, MINIMAL, strlen(MINIMAL), &error));
        ck_assert_ptr_nonnull(
            strstr(error->message, ":1:1: the file's name is the scenario's: use letters, digits"));
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
        g_autoptr(Scenario) scenario = try_parse(text, cut, &error);
        ck_assert_msg((scenario != NULL) == (error == NULL), "cut at %zu", cut);
    }
}
END_TEST

START_TEST(test_a_file_that_cannot_be_read_or_is_far_too_large_is_told)
{
    g_autofree char *path = g_build_filename(project->scenarios, "none.yaml", NULL);
    g_autoptr(GError) missing = NULL, large = NULL;
    ck_assert_ptr_null(scenario_load(project, path, &missing));
    check_message(missing, "scenarios/none.yaml cannot be read: ", "");
    g_autofree char *filled = g_strnfill(1024 * 1024 + 1, '#');
    write_file("scenarios/none.yaml", filled);
    ck_assert_ptr_null(scenario_load(project, path, &large));
    check_message(large, "scenarios/none.yaml cannot be read: it is larger than 1 MiB, which no scenario is",
                  "");
}
END_TEST

/* Names of the scenarios chosen, joined by blanks; or the message. */
static char *chosen_by(const char *patterns, const char *tags)
{
    g_auto(GStrv) pattern_list = patterns != NULL ? g_strsplit(patterns, " ", -1) : NULL;
    g_auto(GStrv) tag_list = tags != NULL ? g_strsplit(tags, " ", -1) : NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) scenarios =
        scenarios_load(project, (const char *const *)pattern_list, (const char *const *)tag_list, &error);
    if (scenarios == NULL)
        return g_strdup(error->message);
    GString *names = g_string_new(NULL);
    for (guint i = 0; i < scenarios->len; i++)
        g_string_append_printf(names, "%s%s", i > 0 ? " " : "",
                               ((Scenario *)g_ptr_array_index(scenarios, i))->name);
    return g_string_free(names, FALSE);
}

static void check_chosen(const char *patterns, const char *tags, const char *expected)
{
    g_autofree char *chosen = chosen_by(patterns, tags);
    ck_assert_str_eq(chosen, expected);
}

START_TEST(test_scenarios_are_chosen_by_glob_and_tag_and_sorted_by_name)
{
    write_file("scenarios/xml-b.yaml", MINIMAL "tags: [slow, xml]\n");
    write_file("scenarios/sql.yaml", MINIMAL "tags: [fast]\n");
    write_file("scenarios/xml-a.yaml", MINIMAL "tags: [fast, xml]\n");
    write_file("scenarios/.hidden.yaml", "[");
    write_file("scenarios/notes.txt", "[");
    check_chosen(NULL, NULL, "sql xml-a xml-b");
    check_chosen("xml-*", NULL, "xml-a xml-b");
    check_chosen("xml-? sql", NULL, "sql xml-a xml-b");
    check_chosen("sql sql", NULL, "sql");
    check_chosen(NULL, "fast", "sql xml-a");
    check_chosen(NULL, "xml fast", "sql xml-a xml-b");
    check_chosen("xml-*", "fast", "xml-a");
}
END_TEST

START_TEST(test_choosing_nothing_is_an_error_and_never_a_pass)
{
    check_chosen(
        NULL, NULL,
        "scenarios holds no scenario (NAME.yaml), so nothing would be measured; heapgate init makes a first "
        "one");
    write_file("scenarios/sql.yaml", MINIMAL "tags: [fast]\n");
    check_chosen("sql xlm-*", NULL, "no scenario in scenarios matches \"xlm-*\"; heapgate list shows them");
    check_chosen(
        NULL, "slow",
        "no scenario carries the tag slow, so nothing would be measured; heapgate list shows the tags");
}
END_TEST

/* What somebody may have meant to be a scenario is never passed over in silence. */
START_TEST(test_files_that_look_like_scenarios_and_are_none_are_told)
{
    static const struct {
        const char *file, *text, *expected;
    } strays[] = {
        {"scenarios/other.yml", "run: [x]\n",
         "scenarios/other.yml is not measured: the name of a scenario's file ends"},
        {"scenarios/OTHER.YAML", "run: [x]\n", "scenarios/OTHER.YAML is not measured: the name"},
        {"scenarios/ui/dialog.yaml", "about: a dialog\nrun: [x]\n",
         "scenarios/ui/dialog.yaml is not measured: scenarios lie in scenarios itself"},
        {"scenarios/ui/more/dialog.yml", "python: a:b\n",
         "scenarios/ui/more/dialog.yml is not measured: scenarios lie"},
    };
    static const char *const others[] = {"scenarios/data/settings.yaml", "scenarios/data/broken.yml",
                                         "scenarios/.hidden.yml", "scenarios/own/scenarios/first.yaml"};
    write_file("scenarios/orders.yaml", MINIMAL);
    write_file(others[0], "name: run\nlist: [1]\n");
    write_file(others[1], "a: [\n");
    write_file(others[2], MINIMAL);
    write_file(others[3], MINIMAL);
    for (gsize i = 0; i < G_N_ELEMENTS(strays); i++) {
        check_chosen(NULL, NULL, "orders");
        write_file(strays[i].file, strays[i].text);
        g_autofree char *message = chosen_by(NULL, NULL),
                        *path = g_build_filename(folder, strays[i].file, NULL);
        ck_assert_msg(g_str_has_prefix(message, strays[i].expected), "%s", message);
        ck_assert_int_eq(g_remove(path), 0);
    }
    write_file("ui/dialog.yaml", MINIMAL);
    g_autofree char *link = g_build_filename(folder, "scenarios", "linked", NULL);
    g_autofree char *loop = g_build_filename(folder, "scenarios", "loop", NULL);
    ck_assert_int_eq(symlink(".", loop), 0);
    check_chosen(NULL, NULL, "orders");
    ck_assert_int_eq(symlink("../ui", link), 0);
    g_autofree char *message = chosen_by(NULL, NULL);
    ck_assert_msg(g_str_has_prefix(message, "scenarios/linked/dialog.yaml is not measured"), "%s", message);
}
END_TEST

START_TEST(test_one_scenario_that_is_wrong_stops_the_run)
{
    write_file("scenarios/good.yaml", MINIMAL);
    write_file("scenarios/wrong.yaml", "run: [");
    g_autofree char *message = chosen_by(NULL, NULL);
    ck_assert_msg(g_str_has_prefix(message, "scenarios/wrong.yaml:2:1: this is not YAML"), "%s", message);
    check_chosen("good", NULL, "good");
}
END_TEST

START_TEST(test_a_scenarios_folder_that_is_not_there_is_told)
{
    g_free(project->scenarios);
    project->scenarios = g_build_filename(project->root, "none", NULL);
    g_autofree char *message = chosen_by(NULL, NULL);
    ck_assert_msg(strstr(message, "heapgate init makes a first scenario") != NULL, "%s", message);
}
END_TEST

SUITE(scenario, 20)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
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
    tcase_add_test(tcase, test_names_that_leave_the_project_are_refused);
    tcase_add_test(tcase, test_a_neighbour_whose_name_begins_like_the_project_is_outside);
    tcase_add_test(tcase, test_programs_that_leave_the_project_are_refused_and_links_to_programs_are_kept);
    tcase_add_test(tcase, test_files_that_are_not_there_are_told_where_they_are_named);
    tcase_add_test(tcase, test_a_folder_in_the_place_of_a_file_is_told);
    tcase_add_test(tcase, test_two_files_of_one_name_cannot_share_the_working_folder);
    tcase_add_test(tcase, test_scenario_names_are_plain);
    tcase_add_test(tcase, test_every_beginning_of_a_scenario_is_read_or_refused);
    tcase_add_test(tcase, test_a_file_that_cannot_be_read_or_is_far_too_large_is_told);
    tcase_add_test(tcase, test_scenarios_are_chosen_by_glob_and_tag_and_sorted_by_name);
    tcase_add_test(tcase, test_choosing_nothing_is_an_error_and_never_a_pass);
    tcase_add_test(tcase, test_files_that_look_like_scenarios_and_are_none_are_told);
    tcase_add_test(tcase, test_one_scenario_that_is_wrong_stops_the_run);
    tcase_add_test(tcase, test_a_scenarios_folder_that_is_not_there_is_told);
}
