/* What a run may have: its metrics in all, and each call site. */
#ifndef HEAPGATE_GATE_LIMITS_H
#define HEAPGATE_GATE_LIMITS_H

#include "baseline.h"

/* The scenario's allowances, and what is allowed besides: what an interpreter adds of its own, unless the
 * allowance is stated, and what chance adds to sampled figures. */
typedef struct {
    const Allow *allow;
    gboolean is_interpreted;
    gint64 sample_bytes; /* 0: figures are exact */
    guint iterations;
} Limits;

/* measurement: NULL: none, nothing is sampled. The result points into `allow`. */
Limits limits_new(const Allow *allow, const Environment *environment, const Measurement *measurement);

/* What the whole of a metric may add to the baseline's value. */
gint64 limits_of_whole(MetricId id, const BaselineFigure *base, const Limits *limits);
/* What one call site may add to what it had, besides its chance (baseline_site.h). base: NULL: none. */
Allowance limits_of_site(MetricId id, const BaselineFigure *base, const Limits *limits);

/* A baseline is data from a pull request: its figures may be larger than any machine's memory. Both not
 * negative. */
gint64 limits_sum(gint64 one, gint64 other);

#endif
