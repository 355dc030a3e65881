/* Which Python a scenario runs is what its runs say, however it is started. */
#include <string.h>

#include "project.h"
#include "runner.h"

/* The environment's Python, after one scenario ran; (transfer full) or NULL. */
static char *python_of(TestProject *project, const char *run, const char *instrument, int status)
{
    test_project_write(project, "scenarios/app.yaml", "run: %s\ninstruments: [%s]\ntimeout: 20s\n", run,
                       instrument);
    test_project_run(project, "run");
    ck_assert_msg(project->status == status, "%s: %d: %s", run, project->status, project->output);
    g_autoptr(Result) result = test_project_result(project);
    return g_strdup(test_scenario_find(result, "app")->environment->python);
}

START_TEST(test_python_is_known_by_its_name_by_a_script_and_by_a_shell)
{
    const struct {
        const char *run, *instrument;
        gboolean is_python;
    } cases[] = {
        {"[python3, -S, -c, 'x = [1]']", "heap", TRUE},
        {"[./app]", "heap", TRUE},
        {"[./app]", "massif", TRUE},
        {"[sh, -c, 'exec python3 -S -c \"x = [1]\"']", "heap", TRUE},
        {"[./job]", "heap", TRUE},
        {"[sh, -c, 'ls /; true']", "heap", FALSE},
        {"[ls, /]", "heap", FALSE},
    };
    g_autoptr(TestProject) project = test_project_new();
    test_project_write(project, "app", "#!/usr/bin/env python3\nx = [1]\n");
    test_project_write(project, "job", "#!/bin/sh\npython3 -S -c 'x = [1]'\ntrue\n");
    for (gsize c = 0; c < G_N_ELEMENTS(cases); c++) {
        g_autofree char *python = python_of(project, cases[c].run, cases[c].instrument, 3);
        gboolean found = python != NULL && g_str_has_prefix(python, "CPython 3.");
        ck_assert_msg(found == cases[c].is_python && (python == NULL) == !cases[c].is_python, "%s: %s",
                      cases[c].run, python != NULL ? python : "none");
    }
}
END_TEST

/* It was run to be asked for its version by nobody who would have ended it. */
START_TEST(test_a_program_that_is_called_python_and_hangs_ends_with_its_timeout)
{
    g_autoptr(TestProject) project = test_project_new();
    test_project_write(project, "python3", "#!/bin/sh\nwhile :; do sleep 1; done\n");
    test_project_write(project, "scenarios/app.yaml",
                       "run: [./python3]\ninstruments: [massif]\ntimeout: 500ms\n");
    test_project_expect(project, 3, "run", "was still running after its timeout", NULL);
}
END_TEST

SUITE(cli_python, 120)
{
    tcase_add_test(tcase, test_python_is_known_by_its_name_by_a_script_and_by_a_shell);
    tcase_add_test(tcase, test_a_program_that_is_called_python_and_hangs_ends_with_its_timeout);
}
