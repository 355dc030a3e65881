/* A case for the gate: a baseline of one instrument, a measurement of the same, and what is allowed. */
#ifndef HEAPGATE_TESTS_GATE_JUDGED_CASE_H
#define HEAPGATE_TESTS_GATE_JUDGED_CASE_H

#include "gate/compare.h"

/* Tests change what they are about. All of it is the case's own, and goes with case_judge. */
typedef struct {
    Baseline *baseline; /* NULL: there is none */
    BaselineInstrument *base;
    Environment *environment;
    Allow allow;
    Measurement *measurement;
    const char *elsewhere; /* (transfer none) */
} Case;

/* Massif's, of one environment, without a figure. Every metric is judged. */
Case case_new(void);

/* Gives the baseline a figure. */
void case_set_base(Case *self, MetricId id, gint64 value, gint64 spread);

/* Compares and forgets the case. (transfer full) */
InstrumentResult *case_judge(Case *self);

/* The comparison of a metric; the test fails if there is none. (transfer none) */
const Comparison *result_comparison(const InstrumentResult *result, MetricId id);

/* The test fails unless this is the verdict. */
void result_check(const InstrumentResult *result, Verdict expected);

/* "a b c": function a called by b called by c, each in work.c. */
void add_site(CallSites *sites, const char *stack, gint64 bytes, gint64 blocks);

/* The key of such a call site. (transfer full) */
char *site_key(const char *stack);

#endif
