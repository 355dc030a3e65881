/* Growth: what a workflow leaves behind in every iteration, told from saw-teeth, caches and doubling lists.
 *
 * For each call site three things are looked at, in the counted iterations:
 *
 *   bytes   live at the end of each iteration, and of those the suffix minimum: what was there and never went
 *           away again; its rises are bytes that were left behind
 *   blocks  the same of their number, which sizes by chance do not change
 *   age     survivors that are older than any block that the site ever gave back; a ring of the last entries
 *           has none, whatever it holds
 *
 * Growth is evidence, not a share: it is sure where every quarter of the iterations has rises, five or more
 * of them, in a series of which nothing ever went away and blocks beside bytes, or, else, in a third of each
 * quarter's iterations. It is doubtful with three or more rises and no long time without one: that is called
 * only where the baseline does not know the call site for it. Exceptions:
 *
 *   cache          fills ever more slowly (growth_series.c, fades)
 *   growing list   rises in at most two thirds of the iterations, each time by 1.25 times the last rise or
 * more
 *
 * What the sites of one allocating function steadily lose is set off against what they gain, where they gain
 * as much: work that moves from one place to another leaks nothing, and a queue that is worked off
 * excuses nothing. Sites that do not share their callers may still be a queue and a leak of its size: what is
 * set off between those, only a baseline with it makes harmless. Lines of Python together gain no more than
 * all of them hold more: interpreters pass freed memory on unseen. docs/verdicts.md has the counts. */
#ifndef HEAPGATE_MODEL_GROWTH_H
#define HEAPGATE_MODEL_GROWTH_H

#include <glib.h>

#include "call_site.h"
#include "growth_rule.h"

enum {
    GROWTH_FEWEST_OLD = 7,   /* points that old survivors must have had */
    GROWTH_AGE_UNKNOWN = -1, /* the instrument does not see ages */
};
/* Beyond any machine's memory: sums of a few such numbers do not overflow. */
#define GROWTH_LARGEST (G_GINT64_CONSTANT(1) << 52)

/* What a call site held. All have a value for the end of the last iteration before counting (index 0) and
 * for each counted iteration. */
typedef struct {
    const gint64 *bytes, *blocks; /* live; blocks: NULL where they are not known */
    const gint64 *born_bytes;  /* of what was born up to then, after counting began, what was there at the */
    const gint64 *born_blocks; /* very end; NULL where births are not known */
    gint64 oldest_freed;       /* greatest age of a block given back, in points; GROWTH_AGE_UNKNOWN */
} GrowthSeries;

typedef struct {
    GrowthEvidence evidence;
    gint64 bytes_per_iteration; /* at least 1 where there is evidence */
} GrowthFound;

/* points: how many values; with fewer than 5 nothing grows. */
GrowthFound growth_of_series(const GrowthSeries *series, guint points);
/* The same of live bytes alone. */
GrowthFound growth_of_bytes(const gint64 *bytes, guint points);
/* The smallest leak in every iteration that would surely be called at this site besides what it holds, in
 * bytes; at least `least`. */
gint64 growth_bound_of_series(const GrowthSeries *series, guint points, gint64 least);

/* A leak in one of so many iterations, at a call site where nothing else goes, is at least doubtful in a run
 * of this many counted iterations; 0: none is. */
guint growth_rarest(guint counted);

/* What call sites held: a row for each site. Sites that held the same at every point, and of which nothing
 * was born, may be left out. */
typedef struct {
    guint rows;
    guint points;          /* as for growth_of_series */
    guint iterations_each; /* that a point stands for; 0: one */
    gpointer source;
    /* The series of a row; good until the next one is read. In order of rows, each once. */
    GrowthSeries (*read)(gpointer source, guint row);
    gboolean (*is_python)(gpointer source, guint row);
    guint64 (*function)(gpointer source, guint row); /* a number for each allocating function */
    guint64 (*caller)(gpointer source, guint row);   /* the same for each with its caller */
    /* Adds the row's site. */
    void (*add)(gpointer source, guint row, gint64 bytes, CallSites *growing);
} GrowthTable;

/* What grows. Sites are the caller's tables, to which what is found is added. */
typedef struct {
    CallSites *sites, *doubtful; /* bytes per iteration each */
    gint64 total;                /* of sites, bytes per iteration */
    gint64 smallest;             /* the smallest leak in every iteration that would be called at any site;
                                  * 0: too few points, nothing can be called */
    CallSites *moved;            /* sites that grow by what others of their function lose, which do not share
                                  * their caller, bytes per iteration each; NULL: not wanted */
} Growth;

/* The rows that grow, added to `growth`; smallest becomes the larger of what it was and the table's. */
void growth_of_table(const GrowthTable *table, Growth *growth);
/* The same of CallSites at the end of each iteration, the first as above. */
void growth_of_call_sites(const GPtrArray *tables, Growth *growth);

#endif
