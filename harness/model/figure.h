/* A figure: one number that was measured, and what makes it up.
 *
 * A measurement is a list of figures, in the order of the metric table; so is what a file of measurements
 * comes to, ready to be set against another's. */
#ifndef HEAPGATE_MODEL_FIGURE_H
#define HEAPGATE_MODEL_FIGURE_H

#include "call_site.h"
#include "metric.h"

typedef struct {
    MetricId metric;
    char *subject; /* what it is of: "peak", "xml-roundtrip, massif: peak"; the same thing has the same
                      subject in every file. NULL: the run as a whole */
    gint64 value;
    CallSites *sites; /* NULL where the instrument does not say */
    /* Of growth: what only a baseline without it makes certain (growth.h); NULL: not known. */
    CallSites *doubtful;
    /* Of growth: what others of their function lose (growth.h), which excuses nothing; NULL: not known. */
    CallSites *moved;
    /* Of growth: the smallest leak the run could have seen, in bytes per iteration; 0: not known. */
    gint64 bound;
    /* Sites too small to be shown, and so not in `sites`; what they come to together. */
    guint unnamed_sites;
    gint64 unnamed_amount;
} Figure;

/* sites: (transfer full) (nullable). (transfer full). */
Figure *figure_new(const char *subject, MetricId metric, gint64 value, CallSites *sites);
void figure_free(Figure *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Figure, figure_free)

/* An empty list that owns its figures; (transfer full), of Figure. */
GPtrArray *figures_new(void);
/* The first of this metric in an array of Figure; (transfer none) or NULL. metric: may be -1. */
Figure *figure_find_metric(const GPtrArray *figures, int metric);
/* The first of this subject in an array of Figure; (transfer none) or NULL. */
Figure *figure_find(const GPtrArray *figures, const char *subject);
/* Puts it where the metric table has it, in place of one of the same metric. figure: (transfer full). */
void figures_put(GPtrArray *figures, Figure *figure);

#endif
