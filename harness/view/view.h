/* Views: show files of other tools and saved ledgers, for `heapgate show` and `heapgate diff`. Each format is
 * a row of a const table. */
#ifndef HEAPGATE_VIEW_VIEW_H
#define HEAPGATE_VIEW_VIEW_H

#include <json-glib/json-glib.h>

#include "model/figure.h"

#define VIEW_DEFAULT_THRESHOLD 1.0

typedef struct {
    gboolean json;            /* one JSON object instead of text */
    double threshold_percent; /* of the whole; call sites with less are summed up */
} ViewOptions;

typedef struct {
    const char *name;  /* "massif" */
    const char *looks; /* how such files begin, for the message about a file of no known format */
    /* Do the bytes begin like such a file? */
    gboolean (*recognise)(const char *bytes, gsize length);
    /* Appends the view: UTF-8 without control characters but newlines. name: the file's, for messages.
     * Errors: of the file's reader. On HEAPGATE_ERROR_TRUNCATED output has what could be read; after other
     * errors it must not be shown. */
    gboolean (*show)(const char *bytes, gsize length, const char *name, const ViewOptions *options,
                     GString *output, GError **error);
    /* Appends the file's figures, of Figure. A file that was cut off is an error: what is missing would look
     * like a gain. */
    gboolean (*figures)(const char *bytes, gsize length, const char *name, GPtrArray *figures,
                        GError **error);
} View;

extern const View view_massif, view_memcheck, view_dhat, view_ledger;

/* The table, with NULL at its end; (transfer none). */
const View *const *views_all(void);
/* The view for a file that begins with these bytes; (transfer none). Errors: HEAPGATE_ERROR_FORMAT, "NAME:1:
 * expected ..., found ...". */
const View *view_recognise(const char *bytes, gsize length, const char *name, GError **error);

/* The rest is for views. */

/* Adds a member. text: untrusted; invalid UTF-8 becomes U+FFFD; NULL is null. */
void view_json_string(JsonBuilder *builder, const char *key, const char *text);
void view_json_number(JsonBuilder *builder, const char *key, gint64 number);
/* Ends the object and appends it with a newline. */
void view_json_end(JsonBuilder *builder, GString *output);
/* Was enough read to show it? error: of the reader; NULL: none. */
gboolean view_is_readable(const GError *error);

/* Appends the call sites of a figure, the largest first; those below the threshold are summed up. Sorts them.
 * metric: of the amounts. whole: what 100 % is, in the metric's unit. */
void view_sites(GString *output, MetricId metric, CallSites *sites, gint64 whole, double threshold_percent);
/* The same for a Figure; its value is 100 %. */
void view_figure(GString *output, const Figure *figure, double threshold_percent);

#endif
