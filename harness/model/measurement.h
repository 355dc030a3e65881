/* A measurement: what one instrument saw in one run of one scenario. */
#ifndef HEAPGATE_MODEL_MEASUREMENT_H
#define HEAPGATE_MODEL_MEASUREMENT_H

#include "figure.h"
#include "growth.h"

typedef struct {
    char *name;
    gint64 bytes; /* allocated at that instant */
} Mark;

typedef struct {
    gint64 pid;
    char *command;
    gint64 peak_bytes;
    gint64 retained_bytes;
} MeasuredProcess;

typedef struct {
    double time; /* in the measurement's time_unit */
    gint64 bytes;
    gint64 rss_bytes; /* resident memory; 0 where the instrument does not look */
} TimelinePoint;

typedef struct {
    char *instrument;
    char *tool;    /* what its figures depend on besides: "Valgrind 3.19.0, 24 frames"; NULL: not known */
    char *python;  /* the interpreter that ran: "CPython 3.11.2"; NULL: none, or not known. result.json has
                      it in the environment, not here. */
    char *problem; /* NULL, or one sentence: why there is nothing to compare (the verdict is "broken") */
    GPtrArray *figures;     /* Figure, in the order of the metric table */
    guint iterations;       /* how many count: those after warm-up */
    guint warmup;           /* how many do not */
    GPtrArray *marks;       /* Mark */
    GPtrArray *processes;   /* MeasuredProcess */
    GPtrArray *notes;       /* char *: what could not be seen, one sentence each */
    GPtrArray *details;     /* char *: notes that ordinary runs have, too; shown by -v */
    char *time_unit;        /* of the timeline: "instructions", "ms", "B"; NULL without a timeline */
    GArray *timeline;       /* TimelinePoint */
    gint64 duration_us;     /* wall time of the run, in microseconds */
    gint64 reachable_bytes; /* memcheck: still reachable at the end, for information */
    gint64 sample_bytes;    /* mean distance between samples (sampling.h); 0: figures are exact */
} Measurement;

/* An empty measurement. instrument: its name. (transfer full). */
Measurement *measurement_new(const char *instrument);
void measurement_free(Measurement *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Measurement, measurement_free)

/* The figure of this metric, (transfer none), or NULL where it was not measured. */
Figure *measurement_find(const Measurement *self, MetricId id);
/* The figure's value; 0 where it was not measured. */
gint64 measurement_value(const Measurement *self, MetricId id);
/* Sets the figure of a metric and sorts its call sites. sites: (transfer full) (nullable). Returns the
 * figure, (transfer none). */
Figure *measurement_set(Measurement *self, MetricId id, gint64 value, CallSites *sites);
/* Sets the figure of METRIC_GROWTH with its doubtful and moved sites and its bound, unless the run was too
 * short (growth->smallest is 0). growth->sites, doubtful and moved: (transfer full), NULL afterwards. */
void measurement_set_growth(Measurement *self, Growth *growth);
/* Sets the problem, one sentence, unless there is one. */
void measurement_set_problem(Measurement *self, const char *format, ...) G_GNUC_PRINTF(2, 3);
void measurement_add_note(Measurement *self, const char *format, ...) G_GNUC_PRINTF(2, 3);
void measurement_add_detail(Measurement *self, const char *format, ...) G_GNUC_PRINTF(2, 3);
void measurement_add_mark(Measurement *self, const char *name, gint64 bytes);
void measurement_add_process(Measurement *self, gint64 pid, const char *command, gint64 peak_bytes,
                             gint64 retained_bytes);

#endif
