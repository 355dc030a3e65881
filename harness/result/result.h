/* The result of `heapgate run`: all that reports need. Once finished, it is not changed. */
#ifndef HEAPGATE_RESULT_RESULT_H
#define HEAPGATE_RESULT_RESULT_H

#include "model/environment.h"
#include "model/measurement.h"
#include "model/site_delta.h"
#include "verdict.h"

/* One metric of one instrument, compared with its baseline. Numbers are in the metric's unit. */
typedef struct {
    MetricId metric;
    Verdict verdict;
    gboolean has_base;
    gint64 base;         /* the baseline's value; 0 where there is none */
    gint64 now;          /* the measured value */
    gint64 spread;       /* of the captured runs */
    gint64 limit;        /* a larger value is a regression: base and what may be added, or the ceiling */
    gboolean is_ceiling; /* the limit is a ceiling, and was exceeded */
    guint agreeing;      /* how many of `runs` were red, where it was measured again */
    guint runs;          /* 0: it was not */
    char *sentence;      /* NULL on a plain pass; else one sentence for people: what happened, by how much */
    GPtrArray *deltas;   /* SiteDelta, largest growth first: the call sites that made the difference */
    GPtrArray *owners; /* SiteDelta of one frame: lines that many of those sites have in common; delta_blocks
                          is how many sites */
} Comparison;

typedef struct {
    char *instrument;
    Verdict verdict;          /* the worst of its comparisons, or that of the run as a whole */
    char *sentence;           /* why, where the verdict is of the run as a whole; else NULL */
    Measurement *measurement; /* never NULL */
    GPtrArray *comparisons;   /* Comparison, in the order of the metric table */
} InstrumentResult;

typedef struct {
    char *name;
    char *about;              /* one line that describes it, or NULL */
    char *file;               /* the scenario's file, relative to the project, or NULL */
    GStrv tags;               /* never NULL */
    Verdict verdict;          /* the worst of its instruments */
    gint64 duration_us;       /* of all its measurements */
    Environment *environment; /* NULL: not known */
    GPtrArray *instruments;   /* InstrumentResult, in the scenario's order */
} ScenarioResult;

typedef struct {
    char *version;  /* heapgate's */
    char *platform; /* "debian-12-x86_64" */
    char *started;  /* when; ISO 8601, UTC */
    char *commit;   /* of the project, or NULL */
    char *root;     /* the project's folder on the machine that measured, absolute; NULL: not known */
    gint64 duration_us;
    Verdict verdict;             /* the worst of its scenarios */
    guint counts[VERDICT_COUNT]; /* scenarios by verdict */
    GPtrArray *scenarios;        /* ScenarioResult, by name */
} Result;

/* Each new one is (transfer full); texts are copied. Each free accepts NULL. */
Result *result_new(const char *version, const char *platform, const char *started);
void result_free(Result *self);
/* about, file and tags may be NULL. */
ScenarioResult *scenario_result_new(const char *name, const char *about, const char *file,
                                    const char *const *tags);
void scenario_result_free(ScenarioResult *self);
InstrumentResult *instrument_result_new(Measurement *measurement); /* measurement: (transfer full) */
void instrument_result_free(InstrumentResult *self);
Comparison *comparison_new(MetricId metric);
/* The delta of the call site with this key, (transfer none), or NULL. */
SiteDelta *comparison_find_delta(const Comparison *self, const char *key);
void comparison_free(Comparison *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Result, result_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ScenarioResult, scenario_result_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(InstrumentResult, instrument_result_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Comparison, comparison_free)

/* Add a part and update the whole's verdict, counts and duration. child: (transfer full); it must be
 * complete, because its verdict is read now. */
void result_add(Result *self, ScenarioResult *child);
void scenario_result_add(ScenarioResult *self, InstrumentResult *child);
void instrument_result_add(InstrumentResult *self, Comparison *child);
/* Sets the verdict to the worst of the comparisons, after one was changed. */
void instrument_result_judge(InstrumentResult *self);
/* The comparison of this metric, (transfer none), or NULL. */
Comparison *instrument_result_find(const InstrumentResult *self, MetricId metric);

#endif
