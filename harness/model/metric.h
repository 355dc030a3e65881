/* What is measured: one row of a const table for each metric. The field's terms, used everywhere alike. */
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
    /* What files of other tools count and no instrument measures: no part of metrics_all, so that no scenario
     * and no baseline knows of it. */
    METRIC_COPIED,
    METRIC_UNITS
} MetricId;

typedef enum { METRIC_UNIT_BYTES, METRIC_UNIT_BYTES_PER_ITERATION, METRIC_UNIT_COUNT } MetricUnit;

typedef struct {
    MetricId id;
    const char *name;    /* in YAML, JSON, messages: "possibly_lost" */
    const char *title;   /* for people: "possibly lost" */
    const char *summary; /* one sentence */
    const char *change;  /* what more or less of it is, for an amount and "more" or "less": two %s */
    guint telling; /* what says most about a leak has the least: one leak shows in growth, in what is retained
                      and in the peak */
    MetricUnit unit;
    const char *const *instruments; /* the names of those that measure it, NULL at the end */
    /* What pprof's own heap profiles call its blocks and its bytes. NULL: it has no such value, or another
     * metric holds it: total_allocated counts its allocations itself. */
    const char *objects, *space;
    const char *piece;      /* one of what call sites count besides: NULL is "block" */
    double default_percent; /* of the base: the default allowance */
    gint64 default_floor;   /* in the metric's unit: the default allowance */
    double agree_percent;   /* captured runs that differ by more than both of these do not agree */
    gint64 agree_floor;
    /* What went through, not what is held: it says how much work there was, and so moves with any change. It
     * is judged only where a scenario allows it something; a baseline holds it always, without call sites
     * unless it is judged. */
    gboolean passes_through;
    /* What the program maps itself. Most programs map nothing: 0 that was 0 is not told. It is never sampled.
     * heapgate learned it after its first baselines: one that holds none of these metrics is older than they,
     * and they are judged from the next capture on. */
    gboolean of_mapped;
    /* What an interpreter adds of its own: it keeps the names of all files in the folders it imports from,
     * the environment, and what it compiled where nothing compiled was there. What is retained is never the
     * same to the byte in two checkouts, and neither is growth that was accepted. As default_percent and
     * default_floor. */
    double interpreter_percent;
    gint64 interpreter_floor;
    const char *flips_with; /* the metric that the same block counts in where chance has it; NULL: none */
    gboolean by_processors; /* what is made for each processor counts in it: pools, arenas, threads */
} Metric;

/* (transfer none). */
const Metric *metric_get(MetricId id);
/* All rows in their order, the end a row without a name; (transfer none). */
const Metric *metrics_all(void);
/* Does this instrument measure it? */
gboolean metric_is_measured_by(MetricId id, const char *instrument);
/* Is it a growth, in bytes per iteration? */
gboolean metric_is_rate(MetricId id);
/* The metric of this name, or -1. */
int metric_find(const char *name);
/* A value as a person reads it: "1.92 MiB", "48 B/iteration", "1,204"; (transfer full). */
char *metric_format(MetricId id, gint64 value);
char *metric_format_signed(MetricId id, gint64 value);

#endif
