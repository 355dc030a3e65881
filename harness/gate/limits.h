/* Limits: what a run may add to its baseline, in all and at each call site. */
#ifndef HEAPGATE_GATE_LIMITS_H
#define HEAPGATE_GATE_LIMITS_H

#include "baseline.h"

/* The scenario's allowances, and what limits depend on besides. */
typedef struct {
    const Allow *allow;
    gboolean is_interpreted; /* a Python ran: its default allowances hold (Metric.interpreter_percent) */
    gint64 sample_bytes;     /* mean distance between samples; 0: figures are exact */
    guint iterations;        /* counted ones, of a sampled measurement */
} Limits;

/* measurement: NULL: figures are exact. The result points to `allow`. */
Limits limits_new(const Allow *allow, const Environment *environment, const Measurement *measurement);

/* What the total of a metric may add to the baseline's value, in the metric's unit. */
gint64 limits_of_whole(MetricId id, const BaselineFigure *base, const Limits *limits);
/* What one call site may add to what it had, besides its chance (baseline_site.h). base: NULL: there is no
 * baseline. */
Allowance limits_of_site(MetricId id, const BaselineFigure *base, const Limits *limits);

#endif
