/* The files that GitHub and pre-commit read, checked as far as that can be done away from GitHub. */
#include <gio/gio.h>
#include <string.h>

#include "runner.h"

/* Runs argv in the checkout; the test fails with its output unless it ends well. */
static void run_well(const char *const *argv)
{
    g_autoptr(GSubprocessLauncher) launcher =
        g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE);
    g_subprocess_launcher_set_cwd(launcher, runner_root());
    g_autoptr(GError) error = NULL;
    g_autoptr(GSubprocess) process = g_subprocess_launcher_spawnv(launcher, argv, &error);
    ck_assert_msg(process != NULL, "%s", error != NULL ? error->message : "");
    g_autofree char *output = NULL;
    ck_assert(g_subprocess_communicate_utf8(process, NULL, NULL, &output, NULL, NULL));
    ck_assert_msg(g_subprocess_get_successful(process), "%s: %s", argv[0], output);
}

static const struct {
    const char *schema, *file;
} checked[] = {
    {"vendor.github-actions", ".github/actions/heapgate/action.yml"},
    {"vendor.github-workflows", ".github/workflows/leak-regression.yml"},
    {"vendor.github-workflows", ".github/workflows/check.yml"},
    {"custom.github-workflows-require-timeout", ".github/workflows/leak-regression.yml"},
    {"custom.github-workflows-require-timeout", ".github/workflows/check.yml"},
};

START_TEST(test_action_and_workflows_follow_githubs_schemas)
{
    const char *argv[] = {"build/venv/bin/check-jsonschema", "--builtin-schema", checked[_i].schema,
                          checked[_i].file, NULL};
    run_well(argv);
}
END_TEST

START_TEST(test_workflows_ask_for_no_write_token_and_put_nothing_foreign_into_scripts)
{
    const char *argv[] = {"build/venv/bin/python",
                          "-B",
                          "tests/github/run_steps.py",
                          "--safety",
                          ".github/actions/heapgate/action.yml",
                          ".github/workflows/leak-regression.yml",
                          ".github/workflows/check.yml",
                          NULL};
    run_well(argv);
}
END_TEST

START_TEST(test_the_hook_for_pre_commit_follows_its_schema)
{
    const char *argv[] = {"build/venv/bin/check-jsonschema", "--schemafile",
                          "tests/github/pre-commit-hooks.json", ".pre-commit-hooks.yaml", NULL};
    run_well(argv);
}
END_TEST

SUITE(github_files, 60)
{
    tcase_add_loop_test(tcase, test_action_and_workflows_follow_githubs_schemas, 0, G_N_ELEMENTS(checked));
    tcase_add_test(tcase, test_workflows_ask_for_no_write_token_and_put_nothing_foreign_into_scripts);
    tcase_add_test(tcase, test_the_hook_for_pre_commit_follows_its_schema);
}
