/* The scenario: a scripted workflow and what it may cost; one file scenarios/NAME.yaml each. */
#ifndef HEAPGATE_SCENARIO_SCENARIO_H
#define HEAPGATE_SCENARIO_SCENARIO_H

#include <glib.h>

#include "allow.h"
#include "heap_options.h"
#include "model/growth_rule.h"
#include "project.h"
#include "scenario_file.h"

typedef struct {
    char *name; /* the file's, without ".yaml" */
    char *file; /* relative to the project's root */
    char *about;
    GStrv run;                /* argv; never empty; the program resolved where it has a slash */
    gboolean drives_python;   /* run is an interpreter with heapgate's driver, which must find its module */
    GPtrArray *prepare;       /* GStrv: commands run natively in the working folder before measuring */
    ScenarioFile *stdin_file; /* NULL: nothing to read */
    GPtrArray *files;         /* ScenarioFile: linked into the working folder */
    GPtrArray *suppressions;  /* ScenarioFile */
    GStrv env;                /* "NAME=value" */
    gint64 timeout_us;
    gint64 cpus;       /* processors that the program may use; 0: all */
    GStrv instruments; /* never empty once loaded */
    gboolean has_workflow;
    gint64 warmup;     /* of the iterations, the first that do not count */
    gint64 iterations; /* marked by the program, warm-up included; 0: as many as it marks */
    gint64 expect_exit;
    HeapOptions heap;
    Allow allow;
    GStrv tags; /* never NULL */
} Scenario;

/* Counted iterations below which growth cannot be told from noise. */
enum {
    SCENARIO_FEWEST_COUNTED = GROWTH_FEWEST_COUNTED,
    SCENARIO_DEFAULT_WARMUP = 3,
    SCENARIO_DEFAULT_ITERATIONS = 20
};

/* Reads one scenario. bytes: (transfer none). path: absolute path of the file, for its name and folder.
 * Opens nothing; scenario_check_files does. (transfer full).
 * Errors: HEAPGATE_ERROR_CONFIG "scenarios/NAME.yaml:LINE:COLUMN: ...". */
Scenario *scenario_parse(const Project *project, const char *path, const char *bytes, gsize length,
                         GError **error);
Scenario *scenario_load(const Project *project, const char *path, GError **error);
void scenario_free(Scenario *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Scenario, scenario_free)

/* Every file the scenario names exists. Errors as above. */
gboolean scenario_check_files(const Scenario *self, GError **error);
/* The Python that its program is or that runs it, as far as files say; (transfer full) or NULL. */
char *scenario_python(const Scenario *self);
/* May a Python run in it: is its program one, or a script or shell command that names one? */
gboolean scenario_runs_python(const Scenario *self);

/* The scenarios whose name matches one of patterns (globs; none: all) and that carry one of tags (none: any),
 * by name. (transfer full), elements Scenario. A pattern that matches nothing, and no scenario at all, are
 * errors. */
GPtrArray *scenarios_load(const Project *project, const char *const *patterns, const char *const *tags,
                          GError **error);

#endif
