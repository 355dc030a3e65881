#include "remains.h"

#include <glib/gstdio.h>
#include <string.h>

#include "runner.h"

Remains remains;

void remains_write(const char *name, const char *text, gssize length)
{
    g_autofree char *path = g_build_filename(remains.folder, name, NULL);
    ck_assert(g_file_set_contents(path, text, length, NULL));
}

void remains_load_scenario(const char *more)
{
    g_autofree char *path = g_build_filename(remains.project->scenarios, "s.yaml", NULL);
    g_autofree char *text = g_strconcat("run: [sqlite3, a b, \"%p\"]\ninstruments: [massif]\n", more, NULL);
    g_clear_pointer(&remains.scenario, scenario_free);
    remains.scenario = scenario_parse(remains.project, path, text, strlen(text), NULL);
    ck_assert_ptr_nonnull(remains.scenario);
}

void remains_setup(void)
{
    remains.folder = runner_temporary();
    remains.stderr_path = g_build_filename(remains.folder, "stderr", NULL);
    g_autofree char *scenarios = g_build_filename(remains.folder, "scenarios", NULL);
    g_mkdir(scenarios, 0700);
    remains.project = project_find(remains.folder, NULL);
    remains_load_scenario("");
}

void remains_teardown(void)
{
    g_clear_pointer(&remains.scenario, scenario_free);
    project_free(remains.project);
    runner_remove(remains.folder);
    g_free(remains.folder);
    g_free(remains.stderr_path);
}

Measurement *remains_collect(const Instrument *instrument, gint64 pid, const LedgerEvidence *evidence)
{
    const Outcome outcome = {
        .pid = pid, .output = remains.folder, .stderr_path = remains.stderr_path, .evidence = evidence};
    Measurement *measurement = measurement_new(instrument->name);
    instrument->collect(remains.scenario, &outcome, measurement);
    return measurement;
}
