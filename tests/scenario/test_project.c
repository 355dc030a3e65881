/* The project: where it is, and what its heapgate.yaml says. */
#include "scenario/project.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "allow_defaults.h"
#include "runner.h"
#include "scenario/scenario.h"

static char *folder;

static char *path_of(const char *relative)
{
    return g_build_filename(folder, relative, NULL);
}

static void make_folder(const char *relative)
{
    g_autofree char *path = path_of(relative);
    ck_assert_int_eq(g_mkdir_with_parents(path, 0700), 0);
}

static void write_config(const char *text)
{
    g_autofree char *path = path_of("heapgate.yaml");
    ck_assert(g_file_set_contents(path, text, -1, NULL));
}

static void setup(void)
{
    g_autofree char *made = runner_temporary();
    char *real = realpath(made, NULL);
    folder = g_strdup(real);
    free(real);
}

static void teardown(void)
{
    runner_remove(folder);
    g_free(folder);
}

static Project *find(const char *relative)
{
    g_autofree char *start = path_of(relative);
    g_autoptr(GError) error = NULL;
    Project *project = project_find(start, &error);
    ck_assert_msg(project != NULL, "%s", error != NULL ? error->message : "no error");
    return project;
}

START_TEST(test_a_project_is_found_from_any_folder_below_it)
{
    write_config("timeout: 5 s\n");
    make_folder("a/b/c");
    const char *const starts[] = {".", "a", "a/b/c", "a/../a/b", "a/b/not/there"};
    for (gsize i = 0; i < G_N_ELEMENTS(starts); i++) {
        g_autoptr(Project) project = find(starts[i]);
        ck_assert_str_eq(project->root, folder);
        ck_assert_int_eq(project->timeout_us, 5 * G_USEC_PER_SEC);
    }
}
END_TEST

START_TEST(test_a_scenarios_folder_makes_a_project_and_the_nearest_one_counts)
{
    write_config("{}");
    make_folder("inner/scenarios");
    make_folder("inner/src");
    g_autofree char *inner = path_of("inner");
    g_autoptr(Project) project = find("inner/src");
    ck_assert_str_eq(project->root, inner);
}
END_TEST

START_TEST(test_a_file_named_scenarios_makes_no_project)
{
    write_config("{}");
    make_folder("inner");
    g_autofree char *path = path_of("inner/scenarios");
    ck_assert(g_file_set_contents(path, "", 0, NULL));
    g_autoptr(Project) project = find("inner");
    ck_assert_str_eq(project->root, folder);
}
END_TEST

START_TEST(test_a_project_reached_by_a_link_is_where_the_link_leads)
{
    make_folder("real/scenarios");
    g_autofree char *link = path_of("link"), *real = path_of("real");
    ck_assert_int_eq(symlink("real", link), 0);
    g_autoptr(Project) project = find("link");
    ck_assert_str_eq(project->root, real);
}
END_TEST

START_TEST(test_no_project_is_an_error_that_says_how_to_begin)
{
    g_autoptr(GError) error = NULL;
    ck_assert_ptr_null(project_find("/proc", &error));
    ck_assert(g_error_matches(error, HEAPGATE_ERROR, HEAPGATE_ERROR_CONFIG));
    ck_assert_str_eq(
        error->message,
        "/proc: found neither heapgate.yaml nor scenarios/ here or above in this repository; heapgate init "
        "makes a first scenario");
}
END_TEST

START_TEST(test_a_project_without_a_configuration_has_the_defaults)
{
    make_folder("scenarios");
    g_autoptr(Project) project = find(".");
    g_autofree char *scenarios = path_of("scenarios"), *baselines = path_of("baselines"),
                    *reports = path_of("reports");
    ck_assert_str_eq(project->scenarios, scenarios);
    ck_assert_str_eq(project->baselines, baselines);
    ck_assert_str_eq(project->reports, reports);
    ck_assert_int_eq(project->timeout_us, 600 * G_USEC_PER_SEC);
    ck_assert_str_eq(project->instruments[0], "heap");
    ck_assert_ptr_null(project->instruments[1]);
    check_allow_defaults(&project->allow);
}
END_TEST

START_TEST(test_what_the_configuration_says_is_what_scenarios_get)
{
    write_config(
        "scenarios: gate/flows\nbaselines: gate/base\nreports: out\ntimeout: 2 min\n"
        "instruments: [memcheck]\nallow: {peak: {percent: 1, floor: 1 KiB}, ceiling: {peak: 1 GiB}}\n");
    g_autoptr(Project) project = find(".");
    g_autofree char *scenarios = path_of("gate/flows"), *baselines = path_of("gate/base"),
                    *reports = path_of("out");
    ck_assert_str_eq(project->scenarios, scenarios);
    ck_assert_str_eq(project->baselines, baselines);
    ck_assert_str_eq(project->reports, reports);
    const char *text = "run: [a]\nallow: {retained: {floor: 5 B}}\n", *own = "run: [a]\ntimeout: 1 s\n"
                                                                             "instruments: [massif]\n";
    g_autofree char *path = path_of("gate/flows/s.yaml");
    g_autoptr(Scenario) scenario = scenario_parse(project, path, text, strlen(text), NULL);
    g_autoptr(Scenario) other = scenario_parse(project, path, own, strlen(own), NULL);
    ck_assert_str_eq(scenario->file, "gate/flows/s.yaml");
    ck_assert_int_eq(scenario->timeout_us, 120 * G_USEC_PER_SEC);
    ck_assert_str_eq(scenario->instruments[0], "memcheck");
    ck_assert_double_eq(allow_allowance(&scenario->allow, METRIC_PEAK).percent, 1);
    ck_assert_int_eq(allow_allowance(&scenario->allow, METRIC_RETAINED).floor, 5);
    ck_assert(allow_find(&scenario->allow, METRIC_PEAK)->has_ceiling);
    ck_assert_int_eq(other->timeout_us, G_USEC_PER_SEC);
    ck_assert_str_eq(other->instruments[0], "massif");
    ck_assert_ptr_null(other->instruments[1]);
}
END_TEST

static void check_refused(const char *text, const char *expected)
{
    write_config(text);
    g_autoptr(GError) error = NULL;
    g_autoptr(Project) project = project_find(folder, &error);
    ck_assert_msg(project == NULL && error != NULL, "accepted: %s", text);
    ck_assert(g_error_matches(error, HEAPGATE_ERROR, HEAPGATE_ERROR_CONFIG));
    ck_assert_msg(g_str_has_prefix(error->message, expected), "expected: %s\nfound: %s", expected,
                  error->message);
}

START_TEST(test_mistakes_in_the_configuration_are_told_with_their_place)
{
    check_refused("", "heapgate.yaml:1:1: expected keys and values, found nothing");
    check_refused(
        "timeout: 5 s\nscenario: x\n",
        "heapgate.yaml:2:1: unknown key \"scenario\"; expected one of scenarios, baselines, reports, "
        "timeout, instruments, allow");
    check_refused("timeout: 5\n", "heapgate.yaml:1:10: expected a duration");
    check_refused("timeout: 0 s\n", "heapgate.yaml:1:10: expected a timeout above 0, found 0");
    check_refused("instruments: massif\n", "heapgate.yaml:1:14: expected a list, found a single value");
    check_refused("instruments: []\n",
                  "heapgate.yaml:1:14: expected at least one instrument, found an empty list");
    check_refused("instruments: [massif, massif]\n",
                  "heapgate.yaml:1:14: instrument \"massif\" is named twice");
    check_refused("allow: {peek: {floor: 1}}\n", "heapgate.yaml:1:9: unknown key \"peek\"");
    check_refused("timeout: 1 s\ntimeout: 2 s\n", "heapgate.yaml:2:1: \"timeout\" is given twice");
    check_refused("reports: [a]\n", "heapgate.yaml:1:10: expected one value, found a list");
}
END_TEST

START_TEST(test_folders_outside_the_project_are_refused)
{
    g_autofree char *link = path_of("away");
    ck_assert_int_eq(symlink("/tmp", link), 0);
    const char *const names[] = {"..", "/tmp", "a/../../b", "away", "away/x"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *text = g_strdup_printf("reports: %s\n", names[i]);
        g_autofree char *expected = g_strdup_printf(
            "heapgate.yaml:1:10: \"%s\" lies outside the project; name a folder below it", names[i]);
        check_refused(text, expected);
    }
}
END_TEST

START_TEST(test_paths_are_told_as_seen_from_the_root)
{
    write_config("{}");
    g_autoptr(Project) project = find(".");
    g_autofree char *inside = path_of("a/b.c"), *beside = g_strconcat(folder, "-other/a", NULL);
    g_autofree char *first = project_relative(project, inside), *second = project_relative(project, beside),
                    *third = project_relative(project, "/etc/passwd");
    ck_assert_str_eq(first, "a/b.c");
    ck_assert_str_eq(second, beside);
    ck_assert_str_eq(third, "/etc/passwd");
}
END_TEST

SUITE(project, 20)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_a_project_is_found_from_any_folder_below_it);
    tcase_add_test(tcase, test_a_scenarios_folder_makes_a_project_and_the_nearest_one_counts);
    tcase_add_test(tcase, test_a_file_named_scenarios_makes_no_project);
    tcase_add_test(tcase, test_a_project_reached_by_a_link_is_where_the_link_leads);
    tcase_add_test(tcase, test_no_project_is_an_error_that_says_how_to_begin);
    tcase_add_test(tcase, test_a_project_without_a_configuration_has_the_defaults);
    tcase_add_test(tcase, test_what_the_configuration_says_is_what_scenarios_get);
    tcase_add_test(tcase, test_mistakes_in_the_configuration_are_told_with_their_place);
    tcase_add_test(tcase, test_folders_outside_the_project_are_refused);
    tcase_add_test(tcase, test_paths_are_told_as_seen_from_the_root);
}
