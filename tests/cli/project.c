#include "project.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#include "result/result_json.h"
#include "runner.h"

TestProject *test_project_new(void)
{
    TestProject *self = g_new0(TestProject, 1);
    self->folder = runner_temporary();
    self->env = g_environ_setenv(g_get_environ(), "NO_COLOR", "1", TRUE);
    g_mkdir_with_parents(test_project_path(self, "scenarios"), 0777);
    return self;
}

void test_project_free(TestProject *self)
{
    if (self == NULL)
        return;
    runner_remove(self->folder);
    g_free(self->folder);
    g_strfreev(self->env);
    g_free(self->output);
    g_free(self);
}

const char *test_project_path(const TestProject *self, const char *relative)
{
    g_autofree char *path = g_build_filename(self->folder, relative, NULL);
    return g_intern_string(path);
}

void test_project_write(TestProject *self, const char *relative, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    const char *path = test_project_path(self, relative);
    g_autofree char *folder = g_path_get_dirname(path);
    g_mkdir_with_parents(folder, 0777);
    int mode = g_str_has_prefix(text, "#!") ? 0777 : 0666;
    ck_assert_msg(g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, mode, NULL), "%s",
                  path);
}

char *test_project_read(const TestProject *self, const char *relative)
{
    char *text = NULL;
    ck_assert_msg(g_file_get_contents(test_project_path(self, relative), &text, NULL, NULL),
                  "%s is not there", relative);
    return text;
}

static const char *binary(void)
{
    const char *chosen = g_getenv("HEAPGATE_BINARY");
    return chosen != NULL ? chosen : runner_path("build/heapgate");
}

static int run(TestProject *self, GStrv argv, GStrv env)
{
    g_autofree char *errors = NULL, *output = NULL;
    int status = 0;
    g_autoptr(GError) error = NULL;
    ck_assert_msg(g_spawn_sync(self->folder, argv, env, G_SPAWN_SEARCH_PATH, NULL, NULL, &output, &errors,
                               &status, &error),
                  "%s", error != NULL ? error->message : "");
    g_free(self->output);
    self->output = g_strconcat(output, errors, NULL);
    self->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return self->status;
}

int test_project_run(TestProject *self, const char *words)
{
    g_autofree char *line = g_strdup_printf("'%s' %s", binary(), words);
    g_auto(GStrv) argv = NULL;
    ck_assert(g_shell_parse_argv(line, NULL, &argv, NULL));
    return run(self, argv, self->env);
}

int test_project_shell(TestProject *self, const char *script)
{
    const char *argv[] = {"/bin/sh", "-c", script, NULL};
    g_autofree char *folder = g_path_get_dirname(binary());
    g_autofree char *path = g_strconcat(g_environ_getenv(self->env, "PATH"), ":", folder, NULL);
    g_auto(GStrv) env = g_environ_setenv(g_strdupv(self->env), "PATH", path, TRUE);
    env = g_environ_setenv(env, "heapgate", binary(), TRUE);
    return run(self, (GStrv)argv, env);
}

void test_project_expect(TestProject *self, int status, const char *words, ...)
{
    test_project_run(self, words);
    if (self->status != status)
        fprintf(stderr, "%s\n", self->output);
    ck_assert_msg(self->status == status, "heapgate %s: status %d, expected %d", words, self->status, status);
    va_list texts;
    va_start(texts, words);
    for (const char *text = va_arg(texts, const char *); text != NULL; text = va_arg(texts, const char *))
        ck_assert_msg(strstr(self->output, text) != NULL, "heapgate %s: \"%s\" is not in\n%.2000s", words,
                      text, self->output);
    va_end(texts);
}

Result *test_project_result(const TestProject *self)
{
    g_autofree char *text = test_project_read(self, "reports/result.json");
    g_autoptr(GError) error = NULL;
    Result *result = result_json_read(text, strlen(text), "result.json", &error);
    ck_assert_msg(result != NULL, "%s", error != NULL ? error->message : "");
    return result;
}

const ScenarioResult *test_scenario_find(const Result *result, const char *scenario)
{
    for (guint s = 0; s < result->scenarios->len; s++) {
        const ScenarioResult *found = g_ptr_array_index(result->scenarios, s);
        if (strcmp(found->name, scenario) == 0)
            return found;
    }
    ck_abort_msg("%s: not in the result", scenario);
    return NULL;
}

const InstrumentResult *test_result_find(const Result *result, const char *scenario, const char *instrument)
{
    const ScenarioResult *one = test_scenario_find(result, scenario);
    for (guint i = 0; i < one->instruments->len; i++) {
        const InstrumentResult *found = g_ptr_array_index(one->instruments, i);
        if (strcmp(found->instrument, instrument) == 0)
            return found;
    }
    ck_abort_msg("%s, %s: not in the result", scenario, instrument);
    return NULL;
}
