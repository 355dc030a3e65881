/* Metrics: what is measured, one row of a const table for each. All that is special about a metric stands in
 * its row. */
#ifndef HEAPGATE_MODEL_METRIC_H
#define HEAPGATE_MODEL_METRIC_H

#include <glib.h>

typedef enum {
    METRIC_PEAK,
    METRIC_RETAINED,
    METRIC_GROWTH,
    METRIC_MAPPED_PEAK,
    METRIC_MAPPED,
    METRIC_MAPPED_GROWTH,
    METRIC_LOST,
    METRIC_POSSIBLY_LOST,
    METRIC_ERRORS,
    METRIC_ALLOCATIONS,
    METRIC_TEMPORARY,
    METRIC_TOTAL_ALLOCATED,
    /* Counted in files of other tools (DHAT), measured by no instrument. They are not in metrics_all: no
     * scenario and no baseline has them. */
    METRIC_COPIED,
    METRIC_UNITS
} MetricId;

typedef enum { METRIC_UNIT_BYTES, METRIC_UNIT_BYTES_PER_ITERATION, METRIC_UNIT_COUNT } MetricUnit;

typedef struct {
    MetricId id;
    const char *name;    /* in YAML, JSON, messages: "possibly_lost" */
    const char *title;   /* for people: "possibly lost" */
    const char *summary; /* one sentence */
    const char *change;  /* a difference as a phrase; takes two texts, an amount and "more" or "less":
                            "%s %s lost" */
    guint rank; /* the order in which reports tell metrics, 1 first. One leak shows in growth, retained
                   and peak; growth says most about it. */
    MetricUnit unit;
    const char *const *instruments; /* the names of those that measure it, NULL at the end */
    /* The names of its blocks and bytes as sample types of pprof's heap profiles. NULL: it has no such value,
     * or another metric has it (total_allocated counts allocations, too). */
    const char *objects, *space;
    const char *piece;      /* what CallSite.blocks counts of it; NULL is "block" */
    double default_percent; /* the default allowance, in percent of the base */
    gint64 default_floor;   /* the default allowance, in the metric's unit; the larger of the two counts */
    double agree_percent;   /* captured runs that differ by more than both of these do not agree */
    gint64 agree_floor;
    /* It counts allocations that were made, not memory that is held: a measure of work, which changes with
     * any edit. It is judged only where a scenario has an allowance for it. A baseline always keeps its
     * value, and its call sites only where it is judged. */
    gboolean passes_through;
    /* It is about memory that the program maps itself. Most programs map none, so a 0 that was 0 is not
     * reported. It is never sampled. The first baselines had none of these metrics: in one without them they
     * are judged from the next capture on. */
    gboolean of_mapped;
    /* The default allowance, as above, for programs of an interpreter. It keeps the names of all files in the
     * folders it imports from, the environment, and bytecode that was not compiled before: so what is
     * retained differs by some bytes between two checkouts, and so does growth that was accepted. */
    double interpreter_percent;
    gint64 interpreter_floor;
    const char *flips_with; /* the metric that a block counts in by chance instead of this one; NULL: none */
    gboolean gathers;       /* a site's figure holds what its blocks led to, too: indirectly lost blocks */
    gboolean by_processors; /* pools, arenas and threads, which are made for each processor, count in it */
} Metric;

/* The metric's row; (transfer none). */
const Metric *metric_get(MetricId id);
/* All rows that instruments measure, in order; the last one has no name. (transfer none). */
const Metric *metrics_all(void);
/* instrument: the name, "heap". */
gboolean metric_is_measured_by(MetricId id, const char *instrument);
/* Is its unit bytes per iteration? */
gboolean metric_is_rate(MetricId id);
/* The MetricId of this name, or -1. */
int metric_find(const char *name);
/* A value as a person reads it: "1.92 MiB", "48 B/iteration", "1,204"; (transfer full). */
char *metric_format(MetricId id, gint64 value);
/* The same with a sign: "+48 B/iteration", "-3"; (transfer full). */
char *metric_format_signed(MetricId id, gint64 value);

#endif
