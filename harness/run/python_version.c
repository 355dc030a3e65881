#include "python_version.h"

#include <stdio.h>
#include <string.h>

#include "program_environment.h"
#include "supervisor.h"

/* The first line of a file, however long that is; (transfer full) or NULL. */
static char *first_line(const char *path)
{
    char line[100] = "";
    FILE *file = fopen(path, "re");
    gboolean read = file != NULL && fgets(line, sizeof line, file) != NULL;
    if (file != NULL)
        fclose(file);
    line[strcspn(line, "\r\n")] = '\0';
    return read && *line != '\0' ? g_strdup(line) : NULL;
}

char *python_version_ask(const Scenario *scenario, const Workplace *place, GCancellable *cancellable)
{
    const gint64 patience = 20 * G_USEC_PER_SEC;
    g_autofree char *python = scenario_python(scenario);
    if (python == NULL)
        return NULL;
    const char *argv[] = {python, "-c",
                          "import platform as p, sys; jit = getattr(sys, '_jit', None); "
                          "print(p.python_implementation(), p.python_version(), "
                          "*['with its JIT'] * (jit is not None and jit.is_enabled()))",
                          NULL};
    g_auto(GStrv) env = program_environment(scenario, NULL, NULL, 0, place->work);
    g_autofree char *answer = g_build_filename(place->folder.path, "python", NULL);
    SupervisorPlan plan = {.argv = argv,
                           .env = (const char *const *)env,
                           .folder = place->work,
                           .stdout_path = answer,
                           .stderr_path = place->stderr_path,
                           .timeout_us = MIN(scenario->timeout_us, patience)};
    SupervisorOutcome outcome = {0};
    g_autoptr(GError) ignored = NULL;
    gboolean answered = supervisor_run(&plan, cancellable, &outcome, &ignored) &&
                        outcome.end == SUPERVISOR_EXITED && outcome.status == 0;
    g_autofree char *foreign = workplace_find_foreign(place, NULL);
    char *version = answered && foreign == NULL ? first_line(answer) : NULL;
    return version != NULL ? version : g_strdup("unknown");
}
