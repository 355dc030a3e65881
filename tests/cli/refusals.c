#include "refusals.h"

#include <string.h>

#include "run/host.h"
#include "runner.h"
#include "stand_in.h"

const char *refusal_baseline(void)
{
    g_autofree char *path = g_strdup_printf("baselines/%s/work.yaml", host_environment()->platform);
    return g_intern_string(path);
}

TestProject *refusal_project(const char *scenario)
{
    TestProject *project = test_project_new();
    test_project_write(project, SCENARIO, "%s", scenario);
    stand_in_install(project, HEALTHY);
    test_project_expect(project, 0, "update --runs 1 --reason first", NULL);
    test_project_expect(project, 0, "run", "1 scenario passes", NULL);
    return project;
}

const char *refusal_find_pass(const TestProject *project)
{
    static const struct {
        const char *path, *pass;
    } signs[] = {
        {"reports/verdict.json", "\"exit_status\":0"},
        {"reports/result.json", "\n \"verdict\":\"pass\""}, /* the whole one's */
        {"reports/junit.xml", "failures=\"0\" errors=\"0\" time"},
        {"reports/summary.md", "1 scenario passes"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(signs); i++) {
        g_autofree char *text = NULL;
        if (g_file_get_contents(test_project_path(project, signs[i].path), &text, NULL, NULL) &&
            strstr(text, signs[i].pass) != NULL)
            return signs[i].path;
    }
    return NULL;
}

void refusal_expect(TestProject *project, int status, const char *words, const char *problem,
                    const char *remedy)
{
    test_project_expect(project, status, words, problem, remedy, NULL);
    const char *pass = refusal_find_pass(project);
    if (strstr(words, "--recorded") != NULL && g_strcmp0(pass, "reports/result.json") == 0)
        return; /* it may be what was asked to be read, and stays */
    ck_assert_msg(pass == NULL, "heapgate %s: status %d, but %s still says pass", words, status, pass);
}

void refusal_expect_of_shell(TestProject *project, int status, const char *shell, const char *problem,
                             const char *remedy)
{
    test_project_shell(project, shell);
    ck_assert_msg(project->status == status, "%s: status %d, expected %d\n%.1500s", shell, project->status,
                  status, project->output);
    ck_assert_msg(strstr(project->output, problem) != NULL && strstr(project->output, remedy) != NULL,
                  "%s: \"%s\" and \"%s\" are not in\n%.1500s", shell, problem, remedy, project->output);
    const char *pass = refusal_find_pass(project);
    ck_assert_msg(pass == NULL, "%s: status 3, but %s still says pass", shell, pass);
}
