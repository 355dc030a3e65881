/* Findings: what reports say. A finding is the verdict on one instrument of one scenario, with its place, its
 * evidence, its sentence and its advice. Findings are made once; reports render them, and no report searches
 * for a place or words a sentence.
 *
 * A result without measurements never passes: where no scenario ran, or no instrument measured a scenario,
 * there is a finding that says so, and its verdict is broken. */
#ifndef HEAPGATE_REPORT_FINDING_H
#define HEAPGATE_REPORT_FINDING_H

#include "result/result.h"

/* One of the call sites that made a verdict. */
typedef struct {
    char *function;  /* that called the allocator, one harmless line; "???" where it has no name */
    MetricId metric; /* that the difference is of */
    gint64 delta;    /* more than in the baseline, in the metric's unit */
    char *file;      /* the innermost source file of the project, relative to it; NULL: none */
    guint line;      /* 0: not known */
} FindingPlace;

enum { FINDING_PLACES = 3 };

typedef struct {
    const ScenarioResult *scenario;     /* NULL: no scenario ran */
    const InstrumentResult *instrument; /* NULL: the verdict is of the scenario as a whole */
    Verdict verdict;
    gboolean fails; /* the run's exit status is not 0 because of it */
    /* Each is one harmless line (model/text.h). */
    char *scenario_name;   /* never empty */
    char *instrument_name; /* "" where there is none */
    char *title;           /* "xml-roundtrip, massif" */
    char *sentence;        /* why the verdict is what it is: "48 B more in every iteration after warm-up" */
    char *numbers; /* "growth 48 B/iteration, was 0 B, allowed 0 B"; the sentence where there are none */
    char *advice;  /* what to do, as a rule with a command; NULL: nothing */
    char *sees;    /* the smallest leak the run would have shown: "16 B/iteration"; NULL: not known */
    /* The place: a line of the project or, where none is known, the scenario's file. */
    char *file;          /* relative to the project; NULL: none */
    guint line;          /* 0: not known */
    GPtrArray *places;   /* FindingPlace: of the first evidence that has any, FINDING_PLACES at most */
    GPtrArray *evidence; /* const Comparison: those that made the verdict, by the rank of their metrics */
    const Comparison
        *growing; /* the comparison of growth that has no baseline, where evidence is empty; or NULL */
} Finding;

typedef struct {
    const Result *result;
    GPtrArray *all;              /* Finding, owned, in the result's order; never empty */
    GPtrArray *ranked;           /* the same, the worst verdict first, then the most above its limits */
    Verdict verdict;             /* of the whole run */
    guint counts[VERDICT_COUNT]; /* scenarios by verdict */
    char *sentence;              /* "1 of 3 scenarios regressed, 1 broken", "3 scenarios pass" */
} Findings;

/* Makes the findings of a finished result, which must outlive them. Returns (transfer full). */
Findings *findings_new(const Result *result);
void findings_free(Findings *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Findings, findings_free)

/* The verdict of one scenario: the worst of its findings. */
Verdict finding_scenario_verdict(const ScenarioResult *scenario);

#endif
