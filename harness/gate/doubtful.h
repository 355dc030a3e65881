/* Doubtful growth, and growth that others of its function lose (model/growth.h), against a baseline: at a
 * call site where it was not when the baseline was captured it is certain; where it was, being certain now is
 * no news. */
#ifndef HEAPGATE_GATE_DOUBTFUL_H
#define HEAPGATE_GATE_DOUBTFUL_H

#include "baseline.h"
#include "result/result.h"

/* Calls the doubtful call sites of a run that the baseline does not know: adds their deltas and makes the
 * comparison regressed. base: NULL, or one that says nothing of it: calls none. allowance: what a new site
 * may have. */
void doubtful_judge(Comparison *comparison, const BaselineFigure *base, const Figure *growth,
                    const Allowance *allowance);
/* How much of the growth of these call sites was doubtful when the baseline was captured. */
gint64 doubtful_known(const BaselineFigure *base, const CallSites *sites);

#endif
