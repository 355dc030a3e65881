/* Growth: what a workflow leaves behind in its iterations, told from saw-teeth, caches and doubling lists.
 *
 * Three series of a call site are examined, over the counted iterations:
 *
 *   bytes   live at the end of each iteration. Their suffix minimum (the least of all later values, too) is
 *           what never went away again; a rise of it is memory that was left behind.
 *   blocks  the same of the number of blocks, for sites whose block sizes vary by chance
 *   age     survivors older than any block that the site ever freed. A ring of the last entries has none.
 *
 * The evidence is one of three:
 *
 *   sure      at least a third of the iterations in every quarter of the run rise; or the series never falls,
 *             and five rises or more are spread over all quarters, of bytes and of blocks
 *   doubtful  the series never falls, and has three rises or more with no long gap between them. It is
 *             reported only where the baseline did not have it.
 *   none      anything else, and two exceptions:
 *             cache         fills ever more slowly (growth_series.c, fades)
 *             growing list  rises in at most 2/3 of the iterations, each at least 1.25 times the one before
 *
 * Set-off: what the sites of one allocating function steadily lose is subtracted from what its other sites
 * gain, provided that they gain about as much (TAKEN_OVER): then work moved from one place to another. A
 * queue that is worked off beside a smaller leak excuses nothing. Sites with different callers may be a queue
 * and a leak of the same size by chance; what is set off between them counts as moved, and only a baseline
 * that has it too makes it harmless.
 *
 * Python: an interpreter reuses freed memory without telling the allocator, so that a block stays booked to
 * the line that first had it. All lines of Python together gain no more than their sum rises.
 *
 * docs/verdicts.md has the reasons and the counts. */
#ifndef HEAPGATE_MODEL_GROWTH_H
#define HEAPGATE_MODEL_GROWTH_H

#include <glib.h>

#include "call_site.h"
#include "growth_rule.h"

enum {
    GROWTH_FEWEST_OLD = 7,   /* points at which old survivors can have been born, at least */
    GROWTH_AGE_UNKNOWN = -1, /* the instrument does not see ages */
};
/* Beyond any machine's memory: sums of a few such numbers do not overflow. */
#define GROWTH_LARGEST (G_GINT64_CONSTANT(1) << 52)

/* What a call site held. Every series has a value for the end of the last warm-up iteration (index 0) and one
 * for the end of each counted iteration. */
typedef struct {
    const gint64 *bytes, *blocks; /* live; blocks: NULL where the instrument does not count them */
    /* Survivors: what was allocated between index 0 and this point and is still live at the last point. NULL
     * where births are not known. */
    const gint64 *born_bytes, *born_blocks;
    gint64 oldest_freed; /* greatest age at which a block was freed, in points; or GROWTH_AGE_UNKNOWN */
} GrowthSeries;

typedef struct {
    GrowthEvidence evidence;
    gint64 bytes_per_iteration; /* at least 1 where there is evidence, else 0 */
} GrowthFound;

/* Judges one series. points: the number of values; fewer than 5 are no evidence. */
GrowthFound growth_of_series(const GrowthSeries *series, guint points);
/* Judges a series of which live bytes alone are known. */
GrowthFound growth_of_bytes(const gint64 *bytes, guint points);
/* The smallest leak, in bytes in every iteration, that would be sure evidence if this site leaked it besides
 * what it holds. The search begins at `least` bytes, so the result is at least that. */
gint64 growth_bound_of_series(const GrowthSeries *series, guint points, gint64 least);

/* The largest N for which a leak in every Nth iteration, at a call site that holds nothing else, is at least
 * doubtful in a run of `counted` iterations; 0: the run is too short for any. */
guint growth_rarest(guint counted);

/* What call sites held, a row for each. A site may be left out that held the same at every point and has no
 * survivors. */
typedef struct {
    guint rows;
    guint points;          /* as for growth_of_series */
    guint iterations_each; /* how many iterations lie between two points; 0 is 1 */
    gpointer source;       /* handed to the functions below */
    /* The series of a row, valid until the next call. Called once for each row, in order. */
    GrowthSeries (*read)(gpointer source, guint row);
    gboolean (*is_python)(gpointer source, guint row);
    guint64 (*function)(gpointer source, guint row); /* the same number for the same allocating function */
    guint64 (*caller)(gpointer source, guint row);   /* the same for the same function and caller */
    /* Adds the row's site to `growing` with so many bytes per iteration. */
    void (*add)(gpointer source, guint row, gint64 bytes, CallSites *growing);
} GrowthTable;

/* What grows, in bytes per iteration. The tables are the caller's; what is found is added to them. */
typedef struct {
    CallSites *sites;    /* sure */
    CallSites *doubtful; /* doubtful */
    gint64 total;        /* the sum over `sites` */
    gint64 smallest;  /* the smallest leak in every iteration that would be sure at any site; 0: the run had
                       * too few points for any */
    CallSites *moved; /* what was set off against sites of the same function with another caller; NULL: not
                       * wanted */
} Growth;

/* Judges all rows and adds those that grow to `growth`. growth->smallest becomes the maximum of its old value
 * and this table's. */
void growth_of_table(const GrowthTable *table, Growth *growth);
/* Judges tables of call sites. tables: of CallSites, the first as of the end of the last warm-up iteration,
 * then one for the end of each counted iteration. */
void growth_of_call_sites(const GPtrArray *tables, Growth *growth);

#endif
