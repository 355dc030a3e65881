/* The finished result of a run: everything a report needs, and constant from then on. */
#ifndef HEAPGATE_RESULT_RESULT_H
#define HEAPGATE_RESULT_RESULT_H

#include "model/environment.h"
#include "model/measurement.h"
#include "model/site_delta.h"
#include "verdict.h"

/* One metric of one instrument against its baseline. */
typedef struct {
    MetricId metric;
    Verdict verdict;
    gboolean has_base;
    gint64 base;
    gint64 now;
    gint64 spread; /* of the captured runs */
    gint64 limit;  /* now above this is a regression: base + max(per cent, floor, spread), or the ceiling */
    gboolean is_ceiling; /* the limit is a ceiling */
    guint agreeing,
        runs;          /* of so many runs so many said the same, where it was measured again; 0: it was not */
    char *sentence;    /* NULL on a plain pass; else one sentence for people: what happened and by how much */
    GPtrArray *deltas; /* SiteDelta, largest growth first; those that made the difference */
    GPtrArray *owners; /* SiteDelta of one frame: lines that many of those have in common; delta_blocks is how
                          many */
} Comparison;

typedef struct {
    char *instrument;
    Verdict verdict;
    char *sentence;           /* why, when the verdict is of the run as a whole (broken, new, incomparable) */
    Measurement *measurement; /* never NULL; has a problem when broken */
    GPtrArray *comparisons;   /* Comparison, in the order of the metric table */
} InstrumentResult;

typedef struct {
    char *name;
    char *about;
    char *file; /* the scenario's file, relative to the project */
    GStrv tags; /* never NULL */
    Verdict verdict;
    gint64 duration_us;
    Environment *environment;
    GPtrArray *instruments; /* InstrumentResult, in the scenario's order */
} ScenarioResult;

typedef struct {
    char *version;  /* heapgate's */
    char *platform; /* "debian-12-x86_64" */
    char *started;  /* ISO 8601, UTC */
    char *commit;   /* of the project, or NULL */
    char *root;     /* the project's folder where it was measured, absolute; NULL where that is not known */
    gint64 duration_us;
    Verdict verdict;             /* the worst */
    guint counts[VERDICT_COUNT]; /* scenarios by verdict */
    GPtrArray *scenarios;        /* ScenarioResult, by name */
} Result;

Result *result_new(const char *version, const char *platform, const char *started); /* (transfer full) */
void result_free(Result *self);
ScenarioResult *scenario_result_new(const char *name, const char *about, const char *file,
                                    const char *const *tags);
void scenario_result_free(ScenarioResult *self);
InstrumentResult *instrument_result_new(Measurement *measurement); /* measurement: (transfer full) */
void instrument_result_free(InstrumentResult *self);
Comparison *comparison_new(MetricId metric);
void comparison_free(Comparison *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Result, result_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ScenarioResult, scenario_result_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(InstrumentResult, instrument_result_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Comparison, comparison_free)

/* Hands the parts to the whole and keeps its verdict and counts right. child: (transfer full). */
void result_add(Result *self, ScenarioResult *child);
void scenario_result_add(ScenarioResult *self, InstrumentResult *child);
void instrument_result_add(InstrumentResult *self, Comparison *child);
/* The same after a comparison was changed, before the whole is handed on. */
void instrument_result_judge(InstrumentResult *self);
/* The comparison of a metric, (transfer none) or NULL. */
Comparison *instrument_result_find(const InstrumentResult *self, MetricId metric);

#endif
