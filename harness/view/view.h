/* Views: foreign files as `heapgate show` and `heapgate diff` give them back, each a row of a const table. */
#ifndef HEAPGATE_VIEW_VIEW_H
#define HEAPGATE_VIEW_VIEW_H

#include <json-glib/json-glib.h>

#include "model/figure.h"

#define VIEW_DEFAULT_THRESHOLD 1.0

typedef struct {
    gboolean json;            /* one object instead of text */
    double threshold_percent; /* of the whole: what holds less is summed up */
} ViewOptions;

typedef struct {
    const char *name;  /* "massif" */
    const char *looks; /* how such a file begins, for the message about one that is none */
    gboolean (*recognise)(const char *bytes, gsize length);
    /* Appends the view to output: UTF-8, no control characters but newlines. On HEAPGATE_ERROR_TRUNCATED
     * output has what could be read; on other errors it is to be thrown away. */
    gboolean (*show)(const char *bytes, gsize length, const char *name, const ViewOptions *options,
                     GString *output, GError **error);
    /* Appends Figures. A file that was cut off is an error here: what is missing would look like a gain. */
    gboolean (*figures)(const char *bytes, gsize length, const char *name, GPtrArray *figures,
                        GError **error);
} View;

extern const View view_massif, view_memcheck, view_dhat, view_ledger;

/* The table, NULL at its end; (transfer none). */
const View *const *views_all(void);
/* The view for these bytes; (transfer none). Errors: HEAPGATE_ERROR_FORMAT "NAME:1: expected ..., found ...".
 */
const View *view_recognise(const char *bytes, gsize length, const char *name, GError **error);

/* For views. A string member; text of others, NULL is null. */
void view_json_string(JsonBuilder *builder, const char *key, const char *text);
void view_json_number(JsonBuilder *builder, const char *key, gint64 number);
/* Ends the object, appends it and a newline. */
void view_json_end(JsonBuilder *builder, GString *output);
/* TRUE where reading went well enough to show what was read. */
gboolean view_is_readable(const GError *error);

/* The call sites of one figure, the largest first, those below the threshold summed up. metric: how amounts
 * are written; whole: what 100 % is. */
void view_sites(GString *output, MetricId metric, CallSites *sites, gint64 whole, double threshold_percent);
/* The same of a figure. */
void view_figure(GString *output, const Figure *figure, double threshold_percent);

#endif
