/* Differences between two files of measurements, by figure and by call site; for `heapgate diff`. */
#ifndef HEAPGATE_VIEW_DIFFERENCE_H
#define HEAPGATE_VIEW_DIFFERENCE_H

#include "model/figure.h"
#include "model/site_delta.h"

/* The figures of one subject in both files. A figure that only one file has is compared with 0. */
typedef struct {
    const Figure *before, *after; /* (transfer none); one may be NULL */
    gint64 delta;                 /* after - before, in the metric's unit */
    gboolean comparable;          /* FALSE: one of the files does not have the call sites of its figure */
    GPtrArray *sites;             /* SiteDelta: those that differ, the largest difference first */
} FigureDifference;

/* Compares the figures of two files. before, after: of Figure; they must outlive the result. Returns
 * (transfer full), of FigureDifference, in the order of `after`, then what only `before` has. */
GPtrArray *differences_new(const GPtrArray *before, const GPtrArray *after);

/* Append the differences, as text or as a JSON object: of each figure the total and at most `top` call sites.
 * before, after: the names of the two files. */
void differences_show_text(const GPtrArray *differences, const char *before, const char *after, guint top,
                           GString *output);
void differences_show_json(const GPtrArray *differences, const char *before, const char *after, guint top,
                           GString *output);

#endif
