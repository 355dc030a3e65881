/* Baselines: reviewed figures of one scenario on one platform, kept in the repository as
 * baselines/PLATFORM/NAME.yaml. */
#ifndef HEAPGATE_GATE_BASELINE_H
#define HEAPGATE_GATE_BASELINE_H

#include <glib.h>

#include "model/environment.h"
#include "model/measurement.h"
#include "scenario/scenario.h"
#include "site_sizes.h"

/* Format 2 is read, too. It has none of: highest, slack, others, doubtful, and no last line "...". */
#define BASELINE_FORMAT 3

typedef struct {
    MetricId metric;
    gint64 value;        /* the median of the captured runs, in the metric's unit, as are all below */
    gint64 spread;       /* the largest value less the smallest */
    gint64 highest;      /* the largest value */
    CallSites *sites;    /* the listed call sites; NULL: none are kept (of what passes through, unjudged) */
    SiteSizes *slack;    /* of listed sites that differed between runs: what each may have more; or NULL */
    SiteSizes *others;   /* of sites that are not listed: what each may have; NULL: not kept */
    gint64 cutoff_bytes; /* a site that is neither listed nor in `others` had at most this */
    SiteSizes *doubtful; /* of growth: the sites whose evidence was doubtful in any run (size 0: sites that
                          * moved); NULL: not kept */
} BaselineFigure;

/* The most that a later run may have by chance: the largest of the captured runs, plus twice their spread. */
gint64 baseline_chance(gint64 highest, gint64 spread);
/* By how much that exceeds the figure's value; 0 where the runs were equal. */
gint64 baseline_slack(const BaselineFigure *self);
/* Does the baseline say which call sites there were? If not, no site can be called new. */
gboolean baseline_knows_sites(const BaselineFigure *self);
BaselineFigure *baseline_figure_new(MetricId metric); /* (transfer full) */
void baseline_figure_free(BaselineFigure *self);      /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BaselineFigure, baseline_figure_free)
/* Are the two equal, but for numbers of blocks? */
gboolean baseline_figure_same(const BaselineFigure *self, const BaselineFigure *other);

typedef struct {
    char *instrument;
    char *tool;         /* Measurement.tool */
    gint64 runs;        /* how many runs were captured */
    gint64 left_out;    /* how many before them were left out, for they filled caches that the others found */
    gint64 bound;       /* the smallest leak that all of them would have shown, in bytes per iteration; 0: not
                         * known */
    gint64 duration_us; /* of one run; balances shards */
    GPtrArray *figures; /* BaselineFigure, one for each metric that was measured */
} BaselineInstrument;

typedef struct {
    gint64 format; /* of the file it was read from; else BASELINE_FORMAT */
    char *scenario;
    Environment *environment;
    char *captured_at;      /* ISO 8601, UTC */
    char *commit;           /* NULL where unknown */
    char *reason;           /* given by whoever captured it */
    GPtrArray *instruments; /* BaselineInstrument */
} Baseline;

Baseline *baseline_new(const char *scenario); /* (transfer full) */
void baseline_free(Baseline *self);           /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Baseline, baseline_free)
BaselineInstrument *baseline_instrument_new(const char *instrument); /* (transfer full) */
void baseline_instrument_free(BaselineInstrument *self);             /* NULL is fine */
/* The figure of this metric, (transfer none), or NULL. */
BaselineFigure *baseline_instrument_find(const BaselineInstrument *self, MetricId metric);
/* Removes the figure of this metric and returns it, (transfer full), or NULL. */
BaselineFigure *baseline_instrument_steal(BaselineInstrument *self, MetricId metric);
/* Adds a figure; it replaces one of the same metric. figure: (transfer full). */
void baseline_instrument_put(BaselineInstrument *self, BaselineFigure *figure);
/* Was it captured before heapgate knew this metric (Metric.of_mapped)? Then the metric cannot be compared. */
gboolean baseline_is_older(const BaselineInstrument *self, MetricId metric);
/* The part of this instrument, (transfer none), or NULL. */
BaselineInstrument *baseline_find(const Baseline *self, const char *instrument);

/* The file of a scenario's baseline, baselines/PLATFORM/NAME.yaml, as an absolute path; (transfer full). */
char *baseline_path(const Project *project, const char *platform, const char *scenario);

/* Reads the text of a baseline. It is untrusted: a pull request can bring it. name: the file's, for messages.
 * scenario: whose baseline it must be; NULL: any. Returns (transfer full). Errors: HEAPGATE_ERROR_CONFIG,
 * "NAME:LINE:COLUMN: ...". */
Baseline *baseline_parse(const char *bytes, gsize length, const char *name, const char *scenario,
                         GError **error);
/* Reads the scenario's baseline for this platform. FALSE with HEAPGATE_ERROR_CONFIG where the file exists and
 * cannot be used. TRUE otherwise: *baseline is (transfer full), or NULL where there is no file; then
 * *elsewhere, (transfer full), names the platforms that have one ("a, b"; NULL: none). */
gboolean baseline_load(const Project *project, const char *platform, const char *scenario,
                       Baseline **baseline, char **elsewhere, GError **error);

/* The baselines of all platforms whose scenario does not exist, so that nothing is compared with them. Paths
 * relative to the project, sorted; (transfer full), of char *. */
GPtrArray *baselines_orphaned(const Project *project);

/* The text of a baseline as it is written, in a fixed order; (transfer full). */
char *baseline_format(const Baseline *self);
/* Writes the baseline to the path, whole or not at all, even if the process is killed. Errors:
 * HEAPGATE_ERROR_BROKEN. */
gboolean baseline_save(const Baseline *self, const char *path, GError **error);

/* How many further runs a capture needs, because these differ; 0 where they are equal, are enough, or are
 * just one. measurements, allow: as for baseline_capture. */
guint baseline_capture_wants(const GPtrArray *measurements, const Allow *allow);
/* Makes one instrument's part of a baseline: of each metric the median, the spread and the largest call
 * sites. measurements: of Measurement, at least one, in the order of the runs, none with a problem. allow:
 * call sites are kept only of metrics that it judges; a metric that it does not judge is left out where the
 * runs disagree. Returns (transfer full). Errors: HEAPGATE_ERROR_BROKEN where the runs disagree in a metric
 * that is judged; the message says in which, and by how much. */
BaselineInstrument *baseline_capture(const GPtrArray *measurements, const Allow *allow, GError **error);

#endif
