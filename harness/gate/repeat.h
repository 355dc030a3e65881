/* Repeat on red: what differs from run to run is red only where further runs say so.
 *
 * A limit made of a few runs is exceeded by chance now and then: of three captures and any noise, the fourth
 * run is the largest in one of four. What was equal in all captured runs has no slack. But threads and random
 * numbers agree three times now and then, too: so what is quick to measure is measured again whatever its
 * captures were. */
#ifndef HEAPGATE_GATE_REPEAT_H
#define HEAPGATE_GATE_REPEAT_H

#include "baseline.h"
#include "result/result.h"

/* How often what is red is measured again. */
enum { REPEAT_TIMES = 2 };

/* Might measuring again turn this red? Not above a ceiling; and, unless it is quick, not where anything that
 * is red was the same in all captured runs. base: what it was compared with; NULL: nothing. */
gboolean repeat_is_wanted(const InstrumentResult *self, const BaselineInstrument *base, gboolean is_quick);

/* The verdict of all runs. What is red in self and not in all of `again` (InstrumentResult, of the same
 * scenario and instrument against the same baseline) is taken back and noted; of growth at one call site one
 * more is enough. A run among them that could not be measured takes nothing back. self: (transfer full).
 * Returns (transfer full): self, or where that is red no more the first of `again` that never was, which
 * leaves the array: its measurement says by itself what the verdict is. */
InstrumentResult *repeat_judge(InstrumentResult *self, GPtrArray *again);

#endif
