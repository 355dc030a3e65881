#include "supervised.h"

#include "runner.h"

char *supervised_folder, *supervised_stdout, *supervised_stderr;

void supervised_setup(void)
{
    supervised_folder = runner_temporary();
    supervised_stdout = g_build_filename(supervised_folder, "stdout", NULL);
    supervised_stderr = g_build_filename(supervised_folder, "stderr", NULL);
}

void supervised_teardown(void)
{
    runner_remove(supervised_folder);
    g_free(supervised_folder);
    g_free(supervised_stdout);
    g_free(supervised_stderr);
}

SupervisorPlan supervised_plan(const char *const *argv)
{
    static const char *const env[] = {"PATH=/usr/bin:/bin", NULL};
    return (SupervisorPlan){.argv = argv,
                            .env = env,
                            .folder = supervised_folder,
                            .stdout_path = supervised_stdout,
                            .stderr_path = supervised_stderr,
                            .timeout_us = SUPERVISED_LONG_US};
}

SupervisorOutcome supervised_run(const SupervisorPlan *plan, GCancellable *cancellable)
{
    SupervisorOutcome outcome;
    g_autoptr(GError) error = NULL;
    ck_assert_msg(supervisor_run(plan, cancellable, &outcome, &error), "%s",
                  error != NULL ? error->message : "");
    ck_assert_int_gt(outcome.pid, 1);
    return outcome;
}

SupervisorOutcome supervised_shell(const char *line, gint64 timeout_us)
{
    const char *argv[] = {"/bin/sh", "-c", line, NULL};
    SupervisorPlan plan = supervised_plan(argv);
    plan.timeout_us = timeout_us;
    return supervised_run(&plan, NULL);
}
