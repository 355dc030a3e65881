/* Repeat on red: a regression of something that differs from run to run is measured again, and stays red only
 * if the further runs agree.
 *
 * The reason: of three captured runs and a fourth, the fourth is the largest in one of four cases, by noise
 * alone. What was equal in all captured runs is exact and is not repeated; but threads and random numbers may
 * agree three times by chance, so what is quick to measure is repeated in any case. */
#ifndef HEAPGATE_GATE_REPEAT_H
#define HEAPGATE_GATE_REPEAT_H

#include "baseline.h"
#include "result/result.h"

/* How many further runs are made. */
enum { REPEAT_TIMES = 2 };

/* Is a red result to be measured again? No: where a ceiling is exceeded; or where something that is red was
 * exact, unless the measurement is quick. base: what it was compared with; NULL: nothing, and so no. */
gboolean repeat_is_wanted(const InstrumentResult *self, const BaselineInstrument *base, gboolean is_quick);

/* Judges the first run together with the further ones. A metric that is red in self stays red if it is in all
 * of `again`; growth at a call site, if it is in one more. Otherwise it passes and a note says so. If a
 * further run has a problem, everything stays red. self: (transfer full). again: of InstrumentResult, of the
 * same scenario and instrument, compared with the same baseline. Returns (transfer full): self or, where
 * nothing is red any more, the first of `again` that was not red, removed from the array: so that the figures
 * shown are within their limits. */
InstrumentResult *repeat_judge(InstrumentResult *self, GPtrArray *again);

#endif
