/* Allowances: what a metric may add to its baseline before it is a regression, and ceilings, which it may not
 * exceed. The key `allow` of heapgate.yaml and of scenarios. */
#ifndef HEAPGATE_SCENARIO_ALLOW_H
#define HEAPGATE_SCENARIO_ALLOW_H

#include "model/metric.h"
#include "yaml_file.h"

typedef struct {
    double percent;      /* of the base */
    gint64 floor;        /* in the metric's unit */
    gint64 sample_bytes; /* mean distance between samples, which make figures vary; 0: figures are exact */
} Allowance;

/* What the files say about one metric. */
typedef struct {
    MetricId metric;
    gboolean is_stated; /* they state an allowance; otherwise it is the default */
    Allowance allowance;
    gboolean has_ceiling;
    gint64 ceiling; /* in the metric's unit */
    /* Where the scenario's own file names the metric, from 1; line 0: it does not. A metric that it names
     * must be measured. */
    gsize line, column;
} MetricAllow;

typedef struct {
    GArray *metrics;     /* MetricAllow: of the metrics that files name */
    Allowance call_site; /* what one call site may add, whatever the total */
} Allow;

/* Initialises it to the defaults of the metric table. */
void allow_init(Allow *self);
void allow_clear(Allow *self); /* a structure of zeros is fine */
/* Initialises it to a project's, as scenarios inherit it: metrics that only the project names have line 0. */
void allow_inherit(Allow *self, const Allow *project);

/* What files say about this metric; (transfer none), valid until the next allow_say. NULL: nothing. */
const MetricAllow *allow_find(const Allow *self, MetricId id);
/* The same to be written to; where files say nothing, the default is added. */
MetricAllow *allow_say(Allow *self, MetricId id);
/* The allowance of this metric, stated or default. */
Allowance allow_allowance(const Allow *self, MetricId id);
/* Is the metric compared with the baseline? All are, but those that pass through only where an allowance is
 * stated. */
gboolean allow_judges(const Allow *self, MetricId id);

/* Reads the mapping; a YamlRead. target: an Allow. */
gboolean allow_read(YamlFile *yaml, yaml_node_t *node, gpointer target, GError **error);

/* What may be added to a base, in its unit: max(percent of base, floor, sampling noise), at least 0. */
gint64 allowance_of(const Allowance *self, gint64 base);

#endif
