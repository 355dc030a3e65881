/* Every Python module that leaks on purpose is called, by the function and the line that allocated; its
 * healthy twin is not. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/project.h"
#include "report/passage_of_run.h"
#include "runner.h"

#define PYTHON         "/usr/bin/python3"
#define ALLOCATED_HERE "# allocated here"

typedef struct {
    const char *module;   /* tests/fixtures/python/MODULE.py */
    const char *function; /* that holds the marked line */
    gint64 least_bytes;   /* that the marked line adds in every pass, and at most, in CPython 3.11 */
    gint64 most_bytes;
} Fixture;

/* Objects of other versions have other sizes: instances of 3.13 are a tenth smaller. */
enum { PERCENT_OF_OTHER_VERSIONS = 20 };

/* tests/fixtures/README.md, row by row. */

/* Objects that something keeps by mistake. */
static const Fixture objects[] = {
    {"results_per_job", "invoice_lines", 12000, 16000},
    {"subscription_never_removed", "__init__", 3057, 3057},
    {"handler_added_per_run", "add_run_handler", 3600, 4600},
    {"strong_registry", "__init__", 1886, 1942},
    {"exception_with_traceback", "read_table", 4852, 4908},
    {"closure_over_self", "__init__", 5033, 5033},
    {"module_level_list", "__init__", 784, 784},
};

/* Collections that fill, drain or replace in their healthy twins. */
static const Fixture collections[] = {
    {"event_history", "__init__", 3360, 3360},
    {"workflow_cache", "read_workflow", 14000, 18000},
    {"interned_names", "intern_name", 1000, 30000},
    {"import_on_first_use", "load_plugin", 600, 3000},
    {"lru_cache_fills", "shipping_label", 3528, 3528},
    {"task_set_drains", "fetch", 4932, 5400},
    {"dict_resizes", "describe", 201, 201},
};

static char *read_module(const Fixture *fixture)
{
    g_autofree char *relative = g_strdup_printf("tests/fixtures/python/%s.py", fixture->module);
    char *text = NULL;
    ck_assert_msg(g_file_get_contents(runner_path(relative), &text, NULL, NULL), "%s", relative);
    return text;
}

static guint marked_line(const Fixture *fixture)
{
    g_autofree char *text = read_module(fixture);
    const char *mark = strstr(text, ALLOCATED_HERE);
    ck_assert_msg(mark != NULL, "%s has no line marked \"%s\"", fixture->module, ALLOCATED_HERE);
    guint line = 1;
    for (const char *c = text; c < mark; c++)
        line += *c == '\n';
    return line;
}

/* Each module stands beside the scenario that calls it. */
static void write_scenarios(TestProject *project, const Fixture *fixtures, gsize n, const char *mode)
{
    for (gsize i = 0; i < n; i++) {
        const char *module = fixtures[i].module;
        g_autofree char *text = read_module(&fixtures[i]);
        g_autofree char *script = g_strdup_printf("scenarios/%s.py", module);
        g_autofree char *file = g_strdup_printf("scenarios/%s.yaml", module);
        test_project_write(project, script, "%s", text);
        test_project_write(project, file,
                           "python: {script: %s.py, function: run, args: [%s], iterations: 24, warmup: 4, "
                           "interpreter: " PYTHON "}\ninstruments: [heap]\n",
                           module, mode);
    }
}

/* The innermost frame that is the module's own, or NULL: below it may be the standard library. */
static const Frame *own_frame(const SiteDelta *delta, const char *file)
{
    for (guint i = 0; i < delta->n_frames; i++)
        if (delta->frames[i].file != NULL && g_str_has_suffix(delta->frames[i].file, file))
            return &delta->frames[i];
    return NULL;
}

static gboolean is_of_function(const Frame *frame, const char *function)
{
    const char *dot = strrchr(frame->function, '.');
    return strcmp(dot != NULL ? dot + 1 : frame->function, function) == 0 ||
           strstr(frame->function, function) != NULL;
}

static const Comparison *find_growth(const InstrumentResult *result)
{
    for (guint i = 0; i < result->comparisons->len; i++) {
        const Comparison *comparison = g_ptr_array_index(result->comparisons, i);
        if (comparison->metric == METRIC_GROWTH)
            return comparison;
    }
    return NULL;
}

/* What the marked line adds in every pass, all stacks that come by it together. */
static gint64 bytes_at_line(const Comparison *growth, const Fixture *fixture, guint line)
{
    gint64 bytes = 0;
    g_autofree char *file = g_strdup_printf("%s.py", fixture->module);
    for (guint i = 0; i < growth->deltas->len; i++) {
        const SiteDelta *delta = g_ptr_array_index(growth->deltas, i);
        const Frame *frame = own_frame(delta, file);
        if (frame != NULL && frame->line == line && is_of_function(frame, fixture->function))
            bytes += delta->delta_bytes;
    }
    return bytes;
}

/* By how many percent what is measured may be beside a row. */
static int tolerance(void)
{
    g_autofree char *version = NULL;
    ck_assert(
        g_spawn_command_line_sync(PYTHON " -c 'import sys; print(sys.version)'", &version, NULL, NULL, NULL));
    return g_str_has_prefix(version, "3.11.") ? 0 : PERCENT_OF_OTHER_VERSIONS;
}

/* One row; a failure's sentence, or NULL. */
static char *check_leaky(const Result *result, const Fixture *fixture, int tolerance_percent)
{
    const InstrumentResult *found = test_result_find(result, fixture->module, "heap");
    const Comparison *growth = find_growth(found);
    if (growth == NULL || growth->verdict != VERDICT_REGRESSED)
        return g_strdup_printf("%s: its growth is not called", fixture->module);
    guint line = marked_line(fixture);
    gint64 bytes = bytes_at_line(growth, fixture, line);
    if (bytes < fixture->least_bytes * (100 - tolerance_percent) / 100 ||
        bytes > fixture->most_bytes * (100 + tolerance_percent) / 100)
        return g_strdup_printf(
            "%s: %" G_GINT64_FORMAT " B at line %u in %s, expected %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT,
            fixture->module, bytes, line, fixture->function, fixture->least_bytes, fixture->most_bytes);
    g_autofree char *passage = passage_of_run(result, fixture->module, found->instrument);
    g_autofree char *place = g_strdup_printf("%s.py:%u", fixture->module, line);
    return strstr(passage, place) == NULL ? g_strdup_printf("%s: %s is not printed", fixture->module, place)
                                          : NULL;
}

/* Every module is called when it leaks, by the line, and nothing when it is healthy. */
static void check_fixtures(const char *test, const Fixture *fixtures, gsize n)
{
    if (!g_file_test(PYTHON, G_FILE_TEST_IS_EXECUTABLE)) {
        runner_skip(test, PYTHON " is not there");
        return;
    }
    g_autoptr(TestProject) project = test_project_new();
    write_scenarios(project, fixtures, n, "healthy");
    test_project_expect(project, 0, "update --runs 1 --reason healthy", NULL);
    test_project_expect(project, 0, "run", "pass", NULL);
    write_scenarios(project, fixtures, n, "leaky");
    test_project_expect(project, 1, "run", NULL);
    g_autoptr(Result) result = test_project_result(project);
    g_autoptr(GString) wrong = g_string_new(NULL);
    int tolerance_percent = tolerance();
    for (gsize i = 0; i < n; i++) {
        g_autofree char *sentence = check_leaky(result, &fixtures[i], tolerance_percent);
        if (sentence != NULL)
            g_string_append_printf(wrong, "%s\n", sentence);
    }
    if (wrong->len > 0)
        fprintf(stderr, "%s\n%s\n", project->output, wrong->str);
    ck_assert_msg(wrong->len == 0, "%.800s", wrong->str);
}

START_TEST(test_python_objects_that_are_kept_are_called_by_line_and_healthy_twins_are_not)
{
    check_fixtures("fixtures_python_objects", objects, G_N_ELEMENTS(objects));
}
END_TEST

START_TEST(test_python_collections_that_grow_are_called_by_line_and_healthy_twins_are_not)
{
    check_fixtures("fixtures_python_collections", collections, G_N_ELEMENTS(collections));
}
END_TEST

SUITE(fixtures_python_objects, 600)
{
    tcase_add_test(tcase, test_python_objects_that_are_kept_are_called_by_line_and_healthy_twins_are_not);
}

SUITE(fixtures_python_collections, 600)
{
    tcase_add_test(tcase, test_python_collections_that_grow_are_called_by_line_and_healthy_twins_are_not);
}
