/* What two files of measurements differ by, figure by figure, call site by call site. */
#ifndef HEAPGATE_VIEW_DIFFERENCE_H
#define HEAPGATE_VIEW_DIFFERENCE_H

#include "model/figure.h"
#include "model/site_delta.h"

/* One figure in both files; a figure that only one has is set against 0. */
typedef struct {
    const Figure *before, *after; /* (transfer none); one may be NULL */
    gint64 delta;
    gboolean comparable; /* FALSE: one of the two does not say which call sites make up its value */
    GPtrArray *sites;    /* SiteDelta: those that differ, largest difference first */
} FigureDifference;

/* Sets the figures against each other. The result points into both arrays. (transfer full), of
 * FigureDifference, in the order of `after`, then what only `before` has. */
GPtrArray *differences_new(const GPtrArray *before, const GPtrArray *after);

/* Appends what differs: totals, then at most `top` call sites for each figure. names: of the two files. */
void differences_show_text(const GPtrArray *differences, const char *before, const char *after, guint top,
                           GString *output);
void differences_show_json(const GPtrArray *differences, const char *before, const char *after, guint top,
                           GString *output);

#endif
