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

typedef struct {
    Allowance metrics[METRIC_COUNT];
    gboolean is_stated[METRIC_COUNT]; /* a file gives an allowance */
    gboolean is_judged[METRIC_COUNT]; /* held to the baseline: by default all but those that pass through */
    Allowance call_site;              /* what one call site may add though totals are flat */
    gboolean has_ceiling[METRIC_COUNT];
    gint64 ceiling[METRIC_COUNT]; /* hard, whatever the baseline says */
    /* Where a scenario's own file names the metric, by allowance or ceiling: it counts on being watched. Line
     * 0: it does not. */
    struct {
        gsize line, column;
    } named[METRIC_COUNT];
} Allow;

/* The defaults of the metric table. */
void allow_init(Allow *self);
/* As a scenario inherits it from the project: nothing is named any more. */
Allow allow_inherit(const Allow *project);

/* Reads the `allow` mapping into an Allow; a YamlRead. */
gboolean allow_read(YamlFile *yaml, yaml_node_t *node, gpointer target, GError **error);

/* What may be added to base: max(percent of base, floor, what chance adds), at least 0. */
gint64 allowance_of(const Allowance *self, gint64 base);

#endif
