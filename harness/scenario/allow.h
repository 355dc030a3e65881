/* Allowances: what a metric may add before it is a regression, and what it may never exceed. */
#ifndef HEAPGATE_SCENARIO_ALLOW_H
#define HEAPGATE_SCENARIO_ALLOW_H

#include "model/metric.h"
#include "yaml_file.h"

typedef struct {
    double percent;      /* of the base */
    gint64 floor;        /* in the metric's unit */
    gint64 sample_bytes; /* of sampled figures: more may be added by chance; 0: they are exact */
} Allowance;

/* What files say of one metric. */
typedef struct {
    MetricId metric;
    gboolean is_stated; /* they give it an allowance */
    Allowance allowance;
    gboolean has_ceiling;
    gint64 ceiling; /* hard, whatever the baseline says */
    /* Where a scenario's own file names the metric, by allowance or ceiling: it counts on being watched. Line
     * 0: it does not. */
    gsize line, column;
} MetricAllow;

typedef struct {
    GArray *metrics;     /* MetricAllow: of those that files say anything of */
    Allowance call_site; /* what one call site may add though totals are flat */
} Allow;

/* Nothing is said: the defaults of the metric table hold. */
void allow_init(Allow *self);
void allow_clear(Allow *self); /* nothing but zeros is fine */
/* As a scenario inherits it from the project: nothing is named any more. self: cleared by the caller. */
void allow_inherit(Allow *self, const Allow *project);

/* What files say of this metric, (transfer none) until the next is said; NULL: nothing. */
const MetricAllow *allow_find(const Allow *self, MetricId id);
/* The same to be written to; said from now on. */
MetricAllow *allow_say(Allow *self, MetricId id);
/* What a metric may add: as stated, or by default. */
Allowance allow_allowance(const Allow *self, MetricId id);
/* Is it held to the baseline? By default all are but those that pass through. */
gboolean allow_judges(const Allow *self, MetricId id);

/* Reads the `allow` mapping into an Allow; a YamlRead. */
gboolean allow_read(YamlFile *yaml, yaml_node_t *node, gpointer target, GError **error);

/* What may be added to base: max(percent of base, floor, what chance adds), at least 0. */
gint64 allowance_of(const Allowance *self, gint64 base);

#endif
