/* The key `python`: what is run for it, and every mistake with its place. */
#include <glib/gstdio.h>
#include <string.h>

#include "runner.h"
#include "scenario/scenario.h"

static char *folder;
static Project *project;

static void setup(void)
{
    folder = runner_temporary();
    g_autofree char *scenarios = g_build_filename(folder, "scenarios", NULL);
    ck_assert_int_eq(g_mkdir_with_parents(scenarios, 0700), 0);
    project = project_find(folder, NULL);
    ck_assert_ptr_nonnull(project);
}

static void teardown(void)
{
    project_free(project);
    runner_remove(folder);
    g_free(folder);
}

/* value: of the key. (transfer full). */
static Scenario *parse(const char *value, GError **error)
{
    g_autofree char *path = g_build_filename(project->scenarios, "jobs.yaml", NULL);
    g_autofree char *text = g_strdup_printf("python: %s\n", value);
    return scenario_parse(project, path, text, strlen(text), error);
}

static void check_run(const char *value, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Scenario) scenario = parse(value, &error);
    ck_assert_msg(scenario != NULL, "%s: %s", value, error != NULL ? error->message : "no error");
    g_autofree char *run = g_strjoinv(" ", scenario->run);
    ck_assert_str_eq(run, expected);
    ck_assert(scenario->drives_python && scenario->has_workflow);
}

/* expected: what the message begins with, after the file's name. */
static void check_refused(const char *value, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Scenario) scenario = parse(value, &error);
    g_autofree char *whole = g_strconcat("scenarios/jobs.yaml:", expected, NULL);
    ck_assert_msg(scenario == NULL && error != NULL, "accepted: %s", value);
    ck_assert_msg(g_str_has_prefix(error->message, whole), "expected: %s\nfound: %s", whole, error->message);
}

START_TEST(test_a_call_is_run_by_the_driver)
{
    check_run("{call: \"shop.orders:handle\"}",
              "python3 -m heapgate.drive --call shop.orders:handle --iterations 20 --warmup 3");
    check_run("{call: \"jobs:Job.run\", iterations: 30, warmup: 5, interpreter: /usr/bin/python3.11}",
              "/usr/bin/python3.11 -m heapgate.drive --call jobs:Job.run --iterations 30 --warmup 5");
    g_autoptr(Scenario) scenario = parse("{call: \"a:b\", iterations: 30, warmup: 5}", NULL);
    ck_assert_int_eq(scenario->iterations, 30);
    ck_assert_int_eq(scenario->warmup, 5);
}
END_TEST

START_TEST(test_arguments_keep_their_types)
{
    check_run("{call: \"a:b\", args: [orders.json, 3, -2.5, true, null, \"3\", [1], {k: v}, 007, 1_0]}",
              "python3 -m heapgate.drive --call a:b --args "
              "[\"orders.json\",3,-2.5,true,null,\"3\",[1],{\"k\":\"v\"},\"007\",\"1_0\"] --iterations 20 "
              "--warmup 3");
    check_run("{call: \"a:b\", args: [\"a\\\"b\"]}",
              "python3 -m heapgate.drive --call a:b --args [\"a\\\"b\"] --iterations 20 --warmup 3");
}
END_TEST

START_TEST(test_a_script_stands_in_the_working_folder)
{
    check_run("{script: ../src/job.py, function: main}",
              "python3 -m heapgate.drive --script job.py --function main --iterations 20 --warmup 3");
    g_autoptr(Scenario) scenario = parse("{script: ../src/job.py, function: main}", NULL);
    ck_assert_uint_eq(scenario->files->len, 1);
    const ScenarioFile *file = g_ptr_array_index(scenario->files, 0);
    g_autofree char *path = g_build_filename(project->root, "src/job.py", NULL);
    ck_assert_str_eq(file->path, path);
    ck_assert_uint_eq(file->line, 1);
    ck_assert_uint_eq(file->column, 18);
}
END_TEST

START_TEST(test_an_interpreter_of_the_project_is_found_from_its_root)
{
    g_autofree char *expected = g_strdup_printf(
        "%s/venv/bin/python -m heapgate.drive --call a:b --iterations 20 --warmup 3", project->root);
    check_run("{call: \"a:b\", interpreter: venv/bin/python}", expected);
}
END_TEST

START_TEST(test_what_leaves_the_project_is_refused)
{
    check_refused("{script: ../../job.py, function: main}",
                  "1:18: \"../../job.py\" lies outside the project");
    check_refused("{script: /etc/passwd, function: main}", "1:18: \"/etc/passwd\" lies outside the project");
    check_refused("{call: \"a:b\", interpreter: ../bin/python}",
                  "1:36: \"../bin/python\" lies outside the project");
}
END_TEST

START_TEST(test_what_cannot_be_called_is_told)
{
    check_refused("{}", "1:9: expected either call: \"package.module:function\" or script: PATH");
    check_refused("{call: \"a:b\", script: a.py, function: c}", "1:9: expected either call");
    check_refused("{call: \"a:b\", function: c}", "1:9: function names the function of a script");
    check_refused("{script: a.py}", "1:9: function names the function of a script");
    check_refused("{script: [a.py], function: c}", "1:18: expected one value, found a list");
    check_refused("{script: '', function: c}", "1:18: expected the name of a file, found nothing");
    check_refused("{script: a.py, function: 'c d'}", "1:34: expected the name of a function, found \"c d\"");
    const char *const calls[] = {"a",        "a:",   ":b",   "a:b:c",  "a b:c",
                                 "a/b.py:c", ".a:b", "a.:b", "a..b:c", "1a:b"};
    for (gsize i = 0; i < G_N_ELEMENTS(calls); i++) {
        g_autofree char *value = g_strdup_printf("{call: \"%s\"}", calls[i]);
        g_autofree char *expected =
            g_strdup_printf("1:16: expected \"package.module:function\", found \"%s\"", calls[i]);
        check_refused(value, expected);
    }
}
END_TEST

START_TEST(test_arguments_that_are_no_list_are_told)
{
    check_refused("{call: \"a:b\", args: 3}", "1:29: expected a list of arguments, such as [orders.json, 3]");
    check_refused("{call: \"a:b\", args: {a: b}}", "1:29: expected a list of arguments");
    check_refused("{call: \"a:b\", args: [99999999999999999999]}", "1:30: expected a number below 2^63");
    check_refused("{call: \"a:b\", args: &a [*a]}",
                  "1:29: expected at most 4096 values, 32 deep, found more");
    check_refused(
        "{call: \"a:b\", args: [&a [1, 1, 1, 1, 1, 1, 1, 1], &b [*a, *a, *a, *a, *a, *a, *a, *a], &c [*b, "
        "*b, *b, *b, *b, *b, *b, *b], [*c, *c, *c, *c, *c, *c, *c, *c]]}",
        "1:55: expected at most 4096 values");
}
END_TEST

START_TEST(test_counts_are_those_of_a_workflow)
{
    check_refused("{call: \"a:b\", iterations: 10}",
                  "1:9: 10 iterations less 3 of warm-up leave fewer than 8");
    check_refused("{call: \"a:b\", warmup: many}", "1:31: expected a whole number, found \"many\"");
    check_refused("{call: \"a:b\"}\nworkflow: {iterations: 20}",
                  "1:1: python has iterations and warmup of its own; leave workflow out");
    check_refused("{call: \"a:b\"}\nrun: [a]", "1:1: give one of run, shell and python, not several");
    check_refused("{calls: \"a:b\"}",
                  "1:10: unknown key \"calls\"; expected one of call, script, function, args, "
                  "iterations, warmup, interpreter");
}
END_TEST

SUITE(python_call, 10)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_a_call_is_run_by_the_driver);
    tcase_add_test(tcase, test_arguments_keep_their_types);
    tcase_add_test(tcase, test_a_script_stands_in_the_working_folder);
    tcase_add_test(tcase, test_an_interpreter_of_the_project_is_found_from_its_root);
    tcase_add_test(tcase, test_what_leaves_the_project_is_refused);
    tcase_add_test(tcase, test_what_cannot_be_called_is_told);
    tcase_add_test(tcase, test_arguments_that_are_no_list_are_told);
    tcase_add_test(tcase, test_counts_are_those_of_a_workflow);
}
