/* Flips: blocks that memcheck called lost and now calls possibly lost, or the other way round. Which of the
 * two it says depends on dead pointers on a stack or in a register, which any edit moves. */
#ifndef HEAPGATE_GATE_FLIPS_H
#define HEAPGATE_GATE_FLIPS_H

#include "baseline.h"

/* The other metric, which blocks may have come from: in the baseline, in the measurement, and how many bytes
 * did come from it. */
typedef struct {
    const BaselineFigure *base;
    const Figure *now;
    gint64 bytes;
} Flips;

/* Subtracts from the gains of one metric what the other one lost: first at the same call site; then what such
 * blocks point to, because a lost block counts all blocks that were lost with it at its own site, whereas
 * each possibly lost block counts at its own. Deltas that become 0 are removed; self->bytes is increased by
 * what was subtracted. deltas: of SiteDelta. */
void flips_forget(GPtrArray *deltas, Flips *self);

#endif
