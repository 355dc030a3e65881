/* Figures: what a file of measurements comes to, ready to be set against another's.
 *
 * A figure is one total and the call sites that make it up: the peak of a massif file, what a memcheck file
 * lost, one metric of one instrument of one scenario in a result. */
#ifndef HEAPGATE_VIEW_FIGURE_H
#define HEAPGATE_VIEW_FIGURE_H

#include "result/result.h"
#include "model/call_site.h"
#include "model/metric.h"

typedef struct {
    char *name; /* "peak", "xml-roundtrip, massif: peak"; the same thing has the same name in every file */
    MetricId metric; /* how the value is written */
    gint64 value;
    CallSites *sites; /* NULL where the file does not say */
    /* Sites too small to be shown, and so not in `sites`; what they come to together. */
    guint unnamed_sites;
    gint64 unnamed_amount;
} Figure;

/* sites: (transfer full) (nullable). (transfer full). */
Figure *figure_new(const char *name, MetricId metric, gint64 value, CallSites *sites);
void figure_free(Figure *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Figure, figure_free)

/* The first of this metric in an array of Figure; (transfer none) or NULL. metric: may be -1. */
Figure *figure_find_metric(const GPtrArray *figures, int metric);
/* The first of this name in an array of Figure; (transfer none) or NULL. */
Figure *figure_find(const GPtrArray *figures, const char *name);
/* What a result measured, as it was: baselines play no part. Takes the call sites over from the result. */
void figures_take_result(GPtrArray *figures, Result *result);

#endif
