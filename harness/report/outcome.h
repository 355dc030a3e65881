/* What a result comes to: its rows, one for each instrument of each scenario, and the run's verdict.
 *
 * A result that saw nothing is never a pass: where no scenario ran, or none of a scenario's instruments
 * measured it, there is a row that says so, and it is broken. Every report is made of these rows. */
#ifndef HEAPGATE_REPORT_OUTCOME_H
#define HEAPGATE_REPORT_OUTCOME_H

#include "result/result.h"

typedef struct {
    const ScenarioResult *scenario;     /* NULL: no scenario ran */
    const InstrumentResult *instrument; /* NULL: the verdict is of the scenario as a whole */
    Verdict verdict;
} OutcomeRow;

/* The rows in the result's order: never empty. (transfer full), of OutcomeRow. */
GArray *outcome_rows(const Result *result);
/* Worst verdict first; then by bytes above the allowance; else in the order they were in. */
void outcome_sort(GArray *rows);

/* TRUE where a build must not pass with it. */
gboolean outcome_fails(Verdict verdict);
/* The verdict of one scenario: the worst of its rows. */
Verdict outcome_scenario_verdict(const ScenarioResult *scenario);
/* Scenarios by verdict. */
void outcome_count(const Result *result, guint counts[VERDICT_COUNT]);
/* The verdict of the whole run. */
Verdict outcome_verdict(const Result *result);
/* "1 of 3 scenarios regressed, 1 broken", "3 scenarios pass"; (transfer full). */
char *outcome_sentence(const Result *result);

/* One clean line each; (transfer full). */
char *outcome_scenario_name(const OutcomeRow *row);   /* never empty */
char *outcome_instrument_name(const OutcomeRow *row); /* "" where there is none */
char *outcome_title(const OutcomeRow *row);           /* "xml-roundtrip, massif" */
char *outcome_headline(const OutcomeRow *row);        /* "growth 48 B/iteration, was 0 B, allowed 0 B" */
/* The passage of explain_instrument, or one as short for a row without an instrument. */
char *outcome_passage(const OutcomeRow *row);

#endif
