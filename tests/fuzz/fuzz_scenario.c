/* The scenario reader on any bytes, in a project that does not exist: it opens nothing. */
#include <stdint.h>
#include <stdlib.h>

#include "error.h"
#include "scenario/scenario.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(gboolean holds)
{
    if (!holds)
        abort();
}

/* What every user of a scenario relies on. */
static void check_scenario(const Scenario *scenario)
{
    check(scenario->run != NULL && scenario->run[0] != NULL);
    check(scenario->instruments != NULL && scenario->instruments[0] != NULL);
    check(scenario->tags != NULL && scenario->env != NULL);
    check(scenario->timeout_us > 0 && scenario->warmup >= 0 && scenario->iterations >= 0);
    for (char **variable = scenario->env; *variable != NULL; variable++)
        check(g_strrstr(*variable, "=") != NULL);
    for (guint i = 0; i < scenario->files->len; i++)
        check(g_str_has_prefix(((ScenarioFile *)g_ptr_array_index(scenario->files, i))->path,
                               "/nowhere/project"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *instruments[] = {"massif", "memcheck", NULL};
    Project project = {
        .root = "/nowhere/project",
        .scenarios = "/nowhere/project/scenarios",
        .baselines = "/nowhere/project/baselines",
        .reports = "/nowhere/project/reports",
        .timeout_us = 60 * G_USEC_PER_SEC,
        .instruments = instruments,
    };
    allow_init(&project.allow);
    g_autoptr(GError) error = NULL;
    g_autoptr(Scenario) scenario =
        scenario_parse(&project, "/nowhere/project/scenarios/x.yaml", (const char *)data, size, &error);
    check((scenario != NULL) == (error == NULL));
    if (scenario != NULL)
        check_scenario(scenario);
    else
        check(error->domain == HEAPGATE_ERROR);
    allow_clear(&project.allow);
    return 0;
}
