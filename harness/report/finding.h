/* Findings: what reports say. A finding is one verdict with its place, its evidence, its sentence and its
 * advice. It is made once; reports render findings, and none of them searches for a place or words a
 * sentence.
 *
 * There is one for each instrument of each scenario. A result that saw nothing is never a pass: where no
 * scenario ran, or none of a scenario's instruments measured it, there is a finding that says so, and it is
 * broken. */
#ifndef HEAPGATE_REPORT_FINDING_H
#define HEAPGATE_REPORT_FINDING_H

#include "result/result.h"

typedef struct {
    const ScenarioResult *scenario;     /* NULL: no scenario ran */
    const InstrumentResult *instrument; /* NULL: the verdict is of the scenario as a whole */
    Verdict verdict;
    gboolean fails; /* a build must not pass with it */
    /* One clean line each. */
    char *scenario_name;   /* never empty */
    char *instrument_name; /* "" where there is none */
    char *title;           /* "xml-roundtrip, massif" */
    char *sentence;        /* why the verdict is what it is: "48 B more in every iteration after warm-up" */
    char *numbers;         /* "growth 48 B/iteration, was 0 B, allowed 0 B"; else the sentence again */
    char *advice;          /* what to do, with the command; NULL: nothing */
    char *sees;            /* the smallest leak the run could have seen: "16 B/iteration"; NULL: not known */
    /* What a person should look at: a line of the project or, where none is known, the scenario's file. */
    char *file;                /* NULL: nothing */
    guint line;                /* 0: not known */
    GPtrArray *evidence;       /* const Comparison: those that made the verdict, the most telling first */
    const Comparison *growing; /* where none did: what grows without a baseline; or NULL */
} Finding;

typedef struct {
    const Result *result;
    GPtrArray *all;              /* Finding, in the result's order: never empty */
    GPtrArray *ranked;           /* the same, worst verdict first, then by bytes above the allowance */
    Verdict verdict;             /* of the whole run */
    guint counts[VERDICT_COUNT]; /* scenarios by verdict */
    char *sentence;              /* "1 of 3 scenarios regressed, 1 broken", "3 scenarios pass" */
} Findings;

/* result: must outlive them. (transfer full). */
Findings *findings_new(const Result *result);
void findings_free(Findings *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Findings, findings_free)

/* The verdict of one scenario: the worst of its findings. */
Verdict finding_scenario_verdict(const ScenarioResult *scenario);

#endif
