/* A figure: one number that was measured, with the call sites that make it up.
 *
 * A measurement is a list of figures in the order of the metric table. The contents of a file that `heapgate
 * diff` compares are such a list, too. */
#ifndef HEAPGATE_MODEL_FIGURE_H
#define HEAPGATE_MODEL_FIGURE_H

#include "call_site.h"
#include "metric.h"

typedef struct {
    MetricId metric;
    char *subject; /* what was measured: "peak", "xml-roundtrip, massif: peak". Two files are compared by it.
                      NULL: the run as a whole */
    gint64 value;  /* in the metric's unit */
    CallSites *sites; /* NULL where the instrument does not know them */
    /* Of growth: the doubtful and the moved sites (growth.h); NULL: not known. */
    CallSites *doubtful, *moved;
    /* Of growth: the smallest leak that the run would have shown, in bytes per iteration; 0: not known. */
    gint64 bound;
    /* How many sites were too small to be listed in `sites`, and their sum, in the metric's unit. */
    guint unnamed_sites;
    gint64 unnamed_amount;
} Figure;

/* subject: copied, may be NULL. sites: (transfer full) (nullable). Returns (transfer full). */
Figure *figure_new(const char *subject, MetricId metric, gint64 value, CallSites *sites);
void figure_free(Figure *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Figure, figure_free)

/* An empty array of Figure that owns its elements; (transfer full). */
GPtrArray *figures_new(void);
/* The first figure of this metric, (transfer none), or NULL. metric: a MetricId, or -1 for none. */
Figure *figure_find_metric(const GPtrArray *figures, int metric);
/* The first figure with this subject, (transfer none), or NULL. */
Figure *figure_find(const GPtrArray *figures, const char *subject);
/* Inserts a figure in the order of the metric table; it replaces one of the same metric. figure: (transfer
 * full). */
void figures_put(GPtrArray *figures, Figure *figure);

#endif
