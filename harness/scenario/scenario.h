/* A scenario: a scripted workflow and what it may cost. Each is a file scenarios/NAME.yaml; docs/scenarios.md
 * describes its keys. */
#ifndef HEAPGATE_SCENARIO_SCENARIO_H
#define HEAPGATE_SCENARIO_SCENARIO_H

#include <glib.h>

#include "allow.h"
#include "heap_options.h"
#include "model/growth_rule.h"
#include "project.h"
#include "scenario_file.h"

typedef struct {
    char *name;  /* the file's, without ".yaml" */
    char *file;  /* relative to the project's root */
    char *about; /* one line; NULL: none */
    GStrv run;   /* the command, never empty; its program is absolute if it was written with a slash */
    gboolean drives_python; /* the command is an interpreter with heapgate's driver, whose module it needs */
    GPtrArray *prepare;     /* GStrv: commands that run in the working folder before, without instrument */
    ScenarioFile *stdin_file; /* standard input; NULL: empty */
    GPtrArray *files;         /* ScenarioFile: linked into the working folder */
    GPtrArray *suppressions;  /* ScenarioFile: for Valgrind */
    GStrv env;                /* "NAME=value" */
    gint64 timeout_us;
    gint64 cpus;           /* how many processors the program may use; 0: all */
    GStrv instruments;     /* names, never empty */
    gboolean has_workflow; /* there is a key `workflow` or `python` */
    gint64 warmup;         /* how many of the first iterations do not count */
    gint64 iterations;     /* how many the program marks, warm-up included; 0: any number */
    gint64 expect_exit;    /* the expected exit status */
    HeapOptions heap;
    Allow allow;
    GStrv tags; /* never NULL */
} Scenario;

enum {
    /* With fewer counted iterations growth cannot be told from noise. */
    SCENARIO_FEWEST_COUNTED = GROWTH_FEWEST_COUNTED,
    SCENARIO_DEFAULT_WARMUP = 3,
    SCENARIO_DEFAULT_ITERATIONS = 20
};

/* Reads the text of a scenario; opens no file. path: the file's, absolute; it gives the scenario's name and
 * folder. Returns (transfer full). Errors: HEAPGATE_ERROR_CONFIG, "scenarios/NAME.yaml:LINE:COLUMN: ...". */
Scenario *scenario_parse(const Project *project, const char *path, const char *bytes, gsize length,
                         GError **error);
/* Reads the file of a scenario (project_file.h) and parses it. */
Scenario *scenario_load(const Project *project, const char *path, GError **error);
void scenario_free(Scenario *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Scenario, scenario_free)

/* Does every file exist that the scenario names? Errors as above. */
gboolean scenario_check_files(const Scenario *self, GError **error);
/* The Python that is the scenario's program or interprets it, as far as files say; (transfer full), or NULL.
 */
char *scenario_python(const Scenario *self);
/* May a Python run in the scenario? So where scenario_python finds one, and where its command or one of its
 * scripts names one. */
gboolean scenario_runs_python(const Scenario *self);

/* The scenarios that match one of the patterns (globs for names; NULL or empty: all) and have one of the tags
 * (NULL or empty: any), sorted by name. Returns (transfer full), of Scenario. Errors: HEAPGATE_ERROR_USAGE
 * where a pattern or the tags match nothing; HEAPGATE_ERROR_CONFIG where there is no scenario, one cannot be
 * read, or a file looks like a scenario and is none (stray.h). */
GPtrArray *scenarios_load(const Project *project, const char *const *patterns, const char *const *tags,
                          GError **error);

#endif
