/* Blocks that memcheck told of as lost and tells of as possibly lost, or the other way round: which of the
 * two it says, a dead pointer on a stack or in a register decides, and any edit moves those. */
#ifndef HEAPGATE_GATE_FLIPS_H
#define HEAPGATE_GATE_FLIPS_H

#include "baseline.h"

/* The other metric that blocks may have come from, then and now; and how many bytes did. */
typedef struct {
    const BaselineFigure *base;
    const Figure *now;
    gint64 bytes;
} Flips;

/* Takes from the deltas of one metric what came from the other one: at a call site as much as that lost at
 * the same one; then what such a block led to, for a lost block counts all that was lost with it as its own,
 * and possibly lost blocks count each at its own site. Deltas of nothing are removed. deltas: of SiteDelta.
 */
void flips_forget(GPtrArray *deltas, Flips *self);

#endif
