#include "scenario_text.h"

#include <glib/gstdio.h>
#include <string.h>

#include "error.h"
#include "runner.h"

char *scenario_folder;
Project *scenario_project;

void scenario_text_write(const char *relative, const char *text)
{
    g_autofree char *path = g_build_filename(scenario_folder, relative, NULL),
                    *parent = g_path_get_dirname(path);
    ck_assert_int_eq(g_mkdir_with_parents(parent, 0700), 0);
    ck_assert(g_file_set_contents(path, text, -1, NULL));
}

void scenario_text_setup(void)
{
    scenario_folder = runner_temporary();
    scenario_text_write("heapgate.yaml", "{}");
    scenario_text_write("scenarios/orders.sql", "select 1;");
    scenario_text_write("tools/run.sh", "exit 0");
    scenario_project = project_find(scenario_folder, NULL);
    ck_assert_ptr_nonnull(scenario_project);
}

void scenario_text_teardown(void)
{
    project_free(scenario_project);
    runner_remove(scenario_folder);
    g_free(scenario_folder);
}

Scenario *scenario_text_try(const char *text, gsize length, GError **error)
{
    g_autofree char *path = g_build_filename(scenario_project->scenarios, "orders.yaml", NULL);
    return scenario_parse(scenario_project, path, text, length, error);
}

Scenario *scenario_text_parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    Scenario *scenario = scenario_text_try(text, strlen(text), &error);
    ck_assert_msg(scenario != NULL, "%s\n%s", error != NULL ? error->message : "no error", text);
    return scenario;
}

void scenario_text_check_message(const GError *error, const char *expected, const char *text)
{
    ck_assert_msg(error != NULL, "accepted: %s", text);
    ck_assert(error->domain == HEAPGATE_ERROR);
    ck_assert_msg(g_str_has_prefix(error->message, expected), "expected: %s\nfound: %s\nin: %s", expected,
                  error->message, text);
}

void scenario_text_check_refused(const char *text, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Scenario) scenario = scenario_text_try(text, strlen(text), &error);
    g_autofree char *whole = g_strconcat("scenarios/orders.yaml:", expected, NULL);
    ck_assert_ptr_null(scenario);
    scenario_text_check_message(error, whole, text);
    ck_assert(g_error_matches(error, HEAPGATE_ERROR, HEAPGATE_ERROR_CONFIG));
}

void scenario_text_check_all_refused(const RefusedText *rows)
{
    for (; rows->text != NULL; rows++)
        scenario_text_check_refused(rows->text, rows->expected);
}
