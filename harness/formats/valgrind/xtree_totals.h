/* The totals of a Valgrind --xtree-memory=full report in massif's format (*.ms), whatever its trees hold:
 * under --xml=yes Valgrind 3.19 writes their labels as XML elements over several lines, which massif_read
 * rightly refuses. */
#ifndef HEAPGATE_FORMATS_VALGRIND_XTREE_TOTALS_H
#define HEAPGATE_FORMATS_VALGRIND_XTREE_TOTALS_H

#include <glib.h>

typedef struct {
    gint64 live_bytes, live_blocks;   /* allocated at that moment */
    gint64 total_bytes, total_blocks; /* allocated in all */
} XtreeTotals;

/* Reads the totals. bytes: (transfer none); name: for messages.
 * Errors: HEAPGATE_ERROR_FORMAT "NAME: expected ..., found ..." where one of them is not there. */
gboolean xtree_totals_read(const char *bytes, gsize length, const char *name, XtreeTotals *totals,
                           GError **error);

#endif
