/* Growth: what a workflow leaves behind in every iteration, told from saw-teeth, caches and doubling lists.
 *
 * For each call site the live bytes at the end of every counted iteration are taken, and of those the suffix
 * minimum: what was there after an iteration and never went away again. Its rises are bytes that were left
 * behind. A call site grows when, in each quarter of the counted iterations, at least a third of the
 * iterations left something behind. A saw-tooth leaves nothing but in its last tooth, a cache only in the
 * first quarter, a list that doubles its capacity misses whole quarters; a leak is there in all of them. In a
 * short run such a list may rise in all of them, too: what rises in at most two thirds of the iterations,
 * each time by a quarter more than the last, is one. What the call sites of one allocating function steadily
 * lose is set off against what they gain: work that moves from one caller to another leaks nothing. Lines of
 * Python together gain no more than all of them hold more: interpreters pass freed memory on unseen. */
#ifndef HEAPGATE_MODEL_GROWTH_H
#define HEAPGATE_MODEL_GROWTH_H

#include <glib.h>

#include "call_site.h"

typedef struct {
    gint64 bytes_per_iteration;  /* 0 where the series does not grow; else at least 1 */
    gint64 hidden_per_iteration; /* what a series that was not called rose by all the same */
} Growth;

/* bytes: live bytes at the end of the last iteration before counting (bytes[0]) and of each counted
 * iteration; points: how many; with fewer than 5 nothing grows. */
Growth growth_of_series(const gint64 *bytes, guint points);

/* The call sites that grow, each with its bytes per iteration, in `growing`.
 * tables: CallSites at the end of each iteration, the first as above. Returns the sum in bytes per iteration;
 * smallest gets the smallest leak that would have been called at every site. */
gint64 growth_of_call_sites(const GPtrArray *tables, CallSites *growing, gint64 *smallest);

/* What call sites held, from an instrument that knows it without a table for each iteration: a row for each
 * site. Sites that held the same at every point, and of which nothing was born, may be left out. */
typedef struct {
    guint rows;
    guint points; /* as for growth_of_series */
    gboolean has_births;
    gpointer source;
    /* Fills a row: live bytes at the end of each iteration; of what was born up to then, after counting
     * began, the bytes that were still there at the very end (NULL where there are no births). In order of
     * rows, each once. */
    void (*read)(gpointer source, guint row, gint64 *live, gint64 *born);
    gboolean (*is_python)(gpointer source, guint row);
    guint64 (*function)(gpointer source, guint row); /* a number for each allocating function */
    /* Adds the row's site. */
    void (*add)(gpointer source, guint row, gint64 bytes, CallSites *growing);
} GrowthTable;

/* The same for a table. Births find what the live bytes hide: a small leak at a call site that holds much
 * more for a while. What was born in every quarter and stays is growth as far as the site holds more at the
 * end than at the beginning: a ring of the last entries has births in every quarter too, and holds no more
 * for them. */
gint64 growth_of_table(const GrowthTable *table, CallSites *growing, gint64 *smallest);

#endif
