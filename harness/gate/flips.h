/* Flips: blocks that memcheck called lost and now calls possibly lost, or the other way round. Which of the
 * two it says depends on dead pointers on a stack or in a register, which any edit moves. */
#ifndef HEAPGATE_GATE_FLIPS_H
#define HEAPGATE_GATE_FLIPS_H

#include "baseline.h"

/* The other metric, which blocks may have come from: in the baseline, in the measurement; whether the metric
 * that they came to gathers (Metric.gathers), and how many bytes did come. */
typedef struct {
    const BaselineFigure *base;
    const Figure *now;
    gboolean gathers;
    gint64 bytes;
} Flips;

/* Subtracts from the gains of one metric what the other one lost: first at the same call site; then what such
 * blocks point to, because a lost block counts all blocks that were lost with it at its own site, whereas
 * each possibly lost block counts at its own. So a site of the metric that gathers may gain more than it lost
 * in the other one, and any site of the other metric may gain what the site of a lost block lost. Deltas that
 * become 0 are removed; self->bytes is increased by what was subtracted. deltas: of SiteDelta. */
void flips_forget(GPtrArray *deltas, Flips *self);

#endif
