#include "passing.h"

#include <string.h>

#include "run/host.h"
#include "runner.h"
#include "stand_in.h"

const char *passing_baseline(const char *scenario)
{
    g_autofree char *path = g_strdup_printf("baselines/%s/%s.yaml", host_environment()->platform, scenario);
    return g_intern_string(path);
}

void test_project_replace(TestProject *project, const char *path, const char *from, const char *to)
{
    g_autofree char *before = test_project_read(project, path);
    g_autoptr(GString) text = g_string_new(before);
    ck_assert_msg(g_string_replace(text, from, to, 0) > 0, "\"%s\" is not in %s:\n%.800s", from, path,
                  before);
    test_project_write(project, path, "%s", text->str);
}

TestProject *passing_project(const char *scenario, const char *const *names)
{
    TestProject *project = test_project_new();
    stand_in_install(project, HEALTHY);
    for (; *names != NULL; names++) {
        g_autofree char *path = g_strdup_printf("scenarios/%s.yaml", *names);
        test_project_write(project, path, "%s", scenario);
    }
    test_project_expect(project, 0, "update --runs 1 --reason first", NULL);
    return project;
}

void test_project_expect_shell(TestProject *project, int status, const char *script, const char *text)
{
    test_project_shell(project, script);
    ck_assert_msg(project->status == status, "%s: status %d, expected %d\n%.1500s", script, project->status,
                  status, project->output);
    ck_assert_msg(strstr(project->output, text) != NULL, "%s: \"%s\" is not in\n%.1500s", script, text,
                  project->output);
}
