/* Doubtful and moved growth (model/growth.h) against a baseline. At a call site that did not grow when the
 * baseline was captured it is a regression. At one that was doubtful then, sure growth of the same size is
 * none. */
#ifndef HEAPGATE_GATE_DOUBTFUL_H
#define HEAPGATE_GATE_DOUBTFUL_H

#include "baseline.h"
#include "result/result.h"

/* Adds the doubtful and moved call sites that the baseline does not have to the comparison's deltas, and
 * makes its verdict regressed if there are any. base: NULL, or without doubtful sites: does nothing.
 * allowance: what a new site may have. */
void doubtful_judge(Comparison *comparison, const BaselineFigure *base, const Figure *growth,
                    const Allowance *allowance);
/* How much of the growth at these call sites was doubtful when the baseline was captured, in bytes per
 * iteration: it counts as known. sites: may be NULL. */
gint64 doubtful_known(const BaselineFigure *base, const CallSites *sites);

#endif
