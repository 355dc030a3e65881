/* Baselines: reviewed numbers kept in the repository, baselines/PLATFORM/NAME.yaml. */
#ifndef HEAPGATE_GATE_BASELINE_H
#define HEAPGATE_GATE_BASELINE_H

#include <glib.h>

#include "model/environment.h"
#include "model/measurement.h"
#include "scenario/scenario.h"
#include "site_sizes.h"

/* 2 is read, too: it has no highest, slack, others and doubtful. */
#define BASELINE_FORMAT 3

typedef struct {
    MetricId metric;
    gint64 value;
    gint64 spread;       /* largest less smallest of the captured runs */
    gint64 highest;      /* the largest; at least the value */
    CallSites *sites;    /* NULL where none are kept: of what passes through and is not judged */
    SiteSizes *slack;    /* of listed sites that differed: how much more each may have by chance; or NULL */
    SiteSizes *others;   /* the most that each site had that is not listed, with its slack; NULL: not kept */
    gint64 cutoff_bytes; /* a site that is neither listed nor among the others had at most this */
    SiteSizes *doubtful; /* of growth: the sites whose evidence was doubtful in any run; NULL: not kept */
} BaselineFigure;

/* What a later run may have by chance, after captures of which the largest was (or exceeded the value by)
 * `highest` and which differed by `spread`: the largest, and twice the range besides. */
gint64 baseline_chance(gint64 highest, gint64 spread);
/* By how much that exceeds the value. 0 where the runs were equal. */
gint64 baseline_slack(const BaselineFigure *self);
/* Where a baseline does not say which call sites there were, none can be told to be new. */
gboolean baseline_knows_sites(const BaselineFigure *self);
BaselineFigure *baseline_figure_new(MetricId metric); /* (transfer full) */
void baseline_figure_free(BaselineFigure *self);      /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BaselineFigure, baseline_figure_free)
/* Do both say the same, but for numbers of blocks? */
gboolean baseline_figure_same(const BaselineFigure *self, const BaselineFigure *other);

typedef struct {
    char *instrument;
    char *tool;      /* as of the measurements */
    gint64 runs;     /* that agreed */
    gint64 left_out; /* before them, for it differed from all of them: it wrote what they found (a cache) */
    gint64 bound;    /* the largest of their smallest leaks, in bytes per iteration; 0: not known */
    gint64 duration_us; /* of one run: to balance shards */
    GPtrArray *figures; /* BaselineFigure, one for each metric that was measured */
} BaselineInstrument;

typedef struct {
    gint64 format; /* of the file; BASELINE_FORMAT of a new one */
    char *scenario;
    Environment *environment;
    char *captured_at;      /* ISO 8601, UTC */
    char *commit;           /* NULL where unknown */
    char *reason;           /* given by whoever captured it */
    GPtrArray *instruments; /* BaselineInstrument */
} Baseline;

Baseline *baseline_new(const char *scenario); /* (transfer full) */
void baseline_free(Baseline *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Baseline, baseline_free)
BaselineInstrument *baseline_instrument_new(const char *instrument); /* (transfer full) */
void baseline_instrument_free(BaselineInstrument *self);
/* Its figure of this metric, (transfer none), or NULL. */
BaselineFigure *baseline_instrument_find(const BaselineInstrument *self, MetricId metric);
/* Takes it out; (transfer full) or NULL. */
BaselineFigure *baseline_instrument_steal(BaselineInstrument *self, MetricId metric);
/* Puts a figure in, in place of one of the same metric; (transfer full). */
void baseline_instrument_put(BaselineInstrument *self, BaselineFigure *figure);
/* Was it captured before heapgate knew this metric? Then it says nothing of it. */
gboolean baseline_is_older(const BaselineInstrument *self, MetricId metric);
/* (transfer none) or NULL. */
BaselineInstrument *baseline_find(const Baseline *self, const char *instrument);

/* baselines/PLATFORM/NAME.yaml; (transfer full). */
char *baseline_path(const Project *project, const char *platform, const char *scenario);

/* Reads a baseline's bytes; they are data from a pull request. name: for messages. scenario: that it must be
 * of; NULL: any. (transfer full). Errors: HEAPGATE_ERROR_CONFIG "NAME:LINE:COLUMN: ...". */
Baseline *baseline_parse(const char *bytes, gsize length, const char *name, const char *scenario,
                         GError **error);
/* Reads the scenario's baseline of this platform. Returns FALSE with error where it is there and cannot be
 * used; TRUE with *baseline NULL where there is none, and *elsewhere naming the platforms that have one
 * (NULL: none). */
gboolean baseline_load(const Project *project, const char *platform, const char *scenario,
                       Baseline **baseline, char **elsewhere, GError **error);

/* The baselines, of any platform, whose scenario is not there: what they gated is measured by nobody. Paths
 * as messages show them, sorted; (transfer full), of char. */
GPtrArray *baselines_orphaned(const Project *project);

/* The text of a baseline, sorted and diffable; (transfer full). */
char *baseline_format(const Baseline *self);
/* Writes it whole or not at all, whenever the process is killed. Errors: HEAPGATE_ERROR_BROKEN. */
gboolean baseline_save(const Baseline *self, const char *path, GError **error);

/* How many more runs than these are needed to know by how much they differ; 0 where they do not, or were one.
 * measurements: as below. */
guint baseline_capture_wants(const GPtrArray *measurements, const Allow *allow);
/* Makes the part of one instrument from the runs that measured it: the median, the spread, the call sites
 * that hold the most. measurements: Measurement, at least one, in their order, none with a problem. allow: of
 * a metric that it does not judge no call sites are kept, and nothing at all where the runs differ beyond
 * reason. (transfer full). Errors: HEAPGATE_ERROR_BROKEN where the runs differ beyond reason: which metric,
 * and by how much. */
BaselineInstrument *baseline_capture(const GPtrArray *measurements, const Allow *allow, GError **error);

#endif
