/* Makes a baseline of measurements: checks that the runs agree, takes their median and their spread. */
#include <math.h>
#include <stdlib.h>

#include "baseline.h"
#include "error.h"
#include "model/sampling.h"
#include "model/sum.h"

/* Which call sites a baseline keeps. It lists few, so that reviews stay short. */
enum {
    SITES_LIMIT = 40,     /* listed, at most */
    SHARE = 200,          /* listed is what has at least one part in so many of the total */
    OTHERS_LIMIT = 16384, /* kept by hash, at most */
};

static int by_value(gconstpointer a, gconstpointer b)
{
    gint64 one = *(const gint64 *)a, two = *(const gint64 *)b;
    return one < two ? -1 : one > two;
}

/* The values of one metric over all runs that have it, sorted; (transfer full). */
static GArray *values_of(const GPtrArray *measurements, MetricId id)
{
    GArray *values = g_array_new(FALSE, FALSE, sizeof(gint64));
    for (guint i = 0; i < measurements->len; i++) {
        const Measurement *measurement = g_ptr_array_index(measurements, i);
        const Figure *figure = measurement_find(measurement, id);
        if (figure != NULL)
            g_array_append_val(values, figure->value);
    }
    g_array_sort(values, by_value);
    return values;
}

/* Did all runs measure the metric, or none? */
static gboolean check_presence(MetricId id, const GArray *values, const GPtrArray *measurements,
                               const char *instrument, GError **error)
{
    if (values->len == 0 || values->len == measurements->len)
        return TRUE;
    g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_BROKEN,
                "%s: %u of %u runs measured %s, the others did not: none of them can be a baseline; make the "
                "workflow deterministic (the same marks in every run)",
                instrument, values->len, measurements->len, metric_get(id)->title);
    return FALSE;
}

/* Do the values differ by no more than the metric's row says and chance explains? sample_bytes: mean distance
 * between samples; 0: the runs are exact. */
static gboolean check_agreement(MetricId id, const GArray *values, const char *instrument,
                                gint64 sample_bytes, GError **error)
{
    const Metric *metric = metric_get(id);
    gint64 low = g_array_index(values, gint64, 0), high = g_array_index(values, gint64, values->len - 1);
    gint64 share = (gint64)llround((double)high * metric->agree_percent / 100);
    if (high - low <= MAX(MAX(share, metric->agree_floor), sampling_noise(sample_bytes, low)))
        return TRUE;
    g_autofree char *from = metric_format(id, low), *to = metric_format(id, high);
    g_set_error(
        error, HEAPGATE_ERROR, HEAPGATE_ERROR_BROKEN,
        "%s: %u runs gave a %s from %s to %s: they do not agree, so none of them can be a baseline; make the "
        "workflow deterministic (fixed seeds, no clocks, no threads racing to allocate)",
        instrument, values->len, metric->title, from, to);
    return FALSE;
}

/* The figure of the run that has the median. */
static const Figure *median_figure(const GPtrArray *measurements, MetricId id, gint64 median)
{
    for (guint i = 0; i < measurements->len; i++) {
        const Figure *figure = measurement_find(g_ptr_array_index(measurements, i), id);
        if (figure != NULL && figure->value == median)
            return figure;
    }
    return NULL;
}

/* The call sites of one run's figure, (transfer none) or NULL. */
static const CallSites *sites_of_run(const GPtrArray *measurements, guint run, MetricId id)
{
    const Figure *figure = measurement_find(g_ptr_array_index(measurements, run), id);
    return figure != NULL ? figure->sites : NULL;
}

/* What a site had in all runs. */
typedef struct {
    gint64 least, most;
    guint runs; /* how many have the site */
} Range;

/* The range of each site, by the hash of its key, which takes far less memory than the key; (transfer full),
 * guint64 -> Range. */
static GHashTable *ranges_of(const GPtrArray *measurements, MetricId id)
{
    GHashTable *ranges = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    for (guint m = 0; m < measurements->len; m++) {
        const CallSites *sites = sites_of_run(measurements, m, id);
        for (guint i = 0; sites != NULL && i < call_sites_count(sites); i++) {
            guint64 hash = site_sizes_hash_at(sites, i);
            gint64 bytes = call_sites_bytes(sites, i);
            Range *range = g_hash_table_lookup(ranges, &hash);
            if (range == NULL) {
                range = g_new0(Range, 1);
                range->least = bytes;
                g_hash_table_insert(ranges, g_memdup2(&hash, sizeof hash), range);
            }
            range->least = MIN(range->least, bytes);
            range->most = MAX(range->most, bytes);
            range->runs++;
        }
    }
    return ranges;
}

/* What the site may have in a later run. runs: of the capture; a run without the site had 0. */
static gint64 limit_of(const Range *range, guint runs)
{
    gint64 least = range->runs < runs ? MIN(range->least, 0) : range->least;
    return baseline_chance(range->most, range->most - least);
}

/* Lists a site in the baseline and removes it from the ranges. */
static void list_site(BaselineFigure *figure, const CallSite *site, GHashTable *ranges, guint runs)
{
    guint64 hash = site_sizes_hash(site->key);
    const Range *range = g_hash_table_lookup(ranges, &hash);
    gint64 slack = range != NULL ? limit_of(range, runs) - site->bytes : 0;
    call_sites_add_key(figure->sites, site->key, site->bytes, site->blocks);
    if (slack > 0) {
        figure->slack = figure->slack != NULL ? figure->slack : site_sizes_new();
        site_sizes_add(figure->slack, hash, slack);
    }
    g_hash_table_remove(ranges, &hash);
}

/* Keeps the limits of the sites that are not listed, by hash: the OTHERS_LIMIT largest ones. */
static void keep_others(BaselineFigure *figure, GHashTable *ranges, guint runs)
{
    g_autoptr(GArray) limits = g_array_new(FALSE, FALSE, sizeof(gint64));
    GHashTableIter all;
    gpointer hash, range;
    g_hash_table_iter_init(&all, ranges);
    while (g_hash_table_iter_next(&all, NULL, &range)) {
        gint64 limit = limit_of(range, runs);
        g_array_append_val(limits, limit);
    }
    g_array_sort(limits, by_value);
    figure->cutoff_bytes = limits->len > OTHERS_LIMIT
                               ? MAX(g_array_index(limits, gint64, limits->len - OTHERS_LIMIT - 1), 0)
                               : 0;
    figure->others = site_sizes_new();
    g_hash_table_iter_init(&all, ranges);
    while (g_hash_table_iter_next(&all, &hash, &range)) {
        gint64 limit = limit_of(range, runs);
        if (limit > figure->cutoff_bytes)
            site_sizes_add(figure->others, *(const guint64 *)hash, limit);
    }
}

static void keep_sites(BaselineFigure *figure, const GPtrArray *measurements, const CallSites *sites)
{
    if (sites == NULL)
        return;
    g_autoptr(GHashTable) ranges = ranges_of(measurements, figure->metric);
    gint64 least = MAX(figure->value / SHARE, 1);
    figure->sites = call_sites_new();
    for (guint i = 0; i < call_sites_count(sites) && call_sites_count(figure->sites) < SITES_LIMIT; i++)
        if (call_sites_bytes(sites, i) >= least)
            list_site(figure, call_sites_get(sites, i), ranges, measurements->len);
    keep_others(figure, ranges, measurements->len);
    for (guint m = 0; m < measurements->len; m++) {
        const CallSites *one = sites_of_run(measurements, m, figure->metric);
        figure->cutoff_bytes = MAX(figure->cutoff_bytes, one != NULL ? call_sites_cutoff(one) : 0);
    }
}

static void add_doubtful(BaselineFigure *figure, const CallSites *sites)
{
    for (guint i = 0; sites != NULL && i < call_sites_count(sites); i++)
        site_sizes_add(figure->doubtful, site_sizes_hash_at(sites, i), MAX(call_sites_bytes(sites, i), 0));
}

/* Sites that moved have size 0: the baseline knows them, but allows them no growth. */
static void add_moved(BaselineFigure *figure, const CallSites *sites)
{
    for (guint i = 0; sites != NULL && i < call_sites_count(sites); i++)
        site_sizes_add(figure->doubtful, site_sizes_hash_at(sites, i), 0);
}

/* Keeps the doubtful and moved sites of all runs. Where some run did not grow (the value is 0), what grew in
 * the others is doubtful, too. */
static void keep_doubtful(BaselineFigure *figure, const GPtrArray *measurements)
{
    figure->doubtful = site_sizes_new();
    for (guint m = 0; m < measurements->len; m++) {
        const Figure *growth = measurement_find(g_ptr_array_index(measurements, m), figure->metric);
        add_doubtful(figure, growth->doubtful);
        add_moved(figure, growth->moved);
        if (figure->value == 0)
            add_doubtful(figure, growth->sites);
    }
}

/* Did some run not grow? Then the growth of the others does not count: the figure is 0. values: sorted. */
static gboolean is_growth_of_some(MetricId id, const GArray *values)
{
    return metric_is_rate(id) && values->len > 0 && g_array_index(values, gint64, 0) == 0;
}

/* Adds the figure of one metric. Where the runs disagree, it is an error if the metric is judged, and
 * otherwise the figure is left out. */
static gboolean capture_figure(BaselineInstrument *self, MetricId id, const GPtrArray *measurements,
                               gboolean is_judged, GError **error)
{
    const Measurement *first = g_ptr_array_index(measurements, 0);
    g_autoptr(GArray) values = values_of(measurements, id);
    g_autoptr(GError) differ = NULL;
    gboolean none = is_growth_of_some(id, values);
    if (!check_presence(id, values, measurements, first->instrument, &differ) ||
        (values->len > 0 && !none &&
         !check_agreement(id, values, first->instrument, first->sample_bytes, &differ))) {
        if (is_judged)
            g_propagate_error(error, g_steal_pointer(&differ));
        return !is_judged;
    }
    if (values->len == 0)
        return TRUE;
    guint most = none ? 0 : values->len - 1;
    BaselineFigure *figure = baseline_figure_new(id);
    baseline_instrument_put(self, figure);
    figure->value = g_array_index(values, gint64, none ? 0 : values->len / 2);
    figure->highest = g_array_index(values, gint64, most);
    figure->spread = figure->highest - g_array_index(values, gint64, 0);
    if (is_judged && !none)
        keep_sites(figure, measurements, median_figure(measurements, id, figure->value)->sites);
    if (is_judged && id == METRIC_GROWTH)
        keep_doubtful(figure, measurements);
    return TRUE;
}

/* Are the first `first` runs farther from all others than four times the range of those, in bytes by more
 * than a KiB besides? Being just outside that range is not enough: noise alone puts one first run in ten
 * there, and leaving it out would make the limit too tight. The range is 0 by chance where few values are
 * possible; a cache makes a larger difference. */
static gboolean are_apart(const GPtrArray *measurements, guint first, MetricId id)
{
    enum { FAR = 4, LEAST_BYTES = 1024 };
    gint64 least_apart = metric_get(id)->unit == METRIC_UNIT_BYTES ? LEAST_BYTES : 0;
    gint64 least = G_MAXINT64, most = G_MININT64;
    for (guint i = first; i < measurements->len; i++) {
        const Figure *other = measurement_find(g_ptr_array_index(measurements, i), id);
        if (other == NULL)
            return FALSE;
        least = MIN(least, other->value);
        most = MAX(most, other->value);
    }
    for (guint i = 0; i < first; i++) {
        const Figure *one = measurement_find(g_ptr_array_index(measurements, i), id);
        gint64 range = MAX(FAR * (most - least), least_apart);
        if (one == NULL || (one->value <= most + range && one->value >= least - range))
            return FALSE;
    }
    return TRUE;
}

/* How many runs at the beginning filled caches (compiled Python, fonts, a database's files) that the others
 * found. It may be several, because runs go side by side. */
static guint unsettled_runs(const GPtrArray *measurements, const Allow *allow)
{
    enum { FEWEST = 3 };
    for (guint first = 1; first + FEWEST <= measurements->len; first++)
        for (const Metric *metric = metrics_all(); metric->name != NULL; metric++)
            if (allow_judges(allow, metric->id) && are_apart(measurements, first, metric->id))
                return first;
    return 0;
}

/* Do the runs differ in a metric that is judged? */
static gboolean runs_differ(const GPtrArray *measurements, const Allow *allow)
{
    const Measurement *first = g_ptr_array_index(measurements, 0);
    for (guint i = 1; i < measurements->len; i++) {
        const Measurement *other = g_ptr_array_index(measurements, i);
        for (guint f = 0; f < first->figures->len; f++) {
            const Figure *one = g_ptr_array_index(first->figures, f);
            const Figure *two = measurement_find(other, one->metric);
            if (allow_judges(allow, one->metric) && two != NULL && one->value != two->value)
                return TRUE;
        }
    }
    return FALSE;
}

guint baseline_capture_wants(const GPtrArray *measurements, const Allow *allow)
{
    enum { NOISY_RUNS = 5 };
    gboolean few = measurements->len > 1 && measurements->len < NOISY_RUNS;
    return few && runs_differ(measurements, allow) ? NOISY_RUNS - measurements->len : 0;
}

/* The largest bound of the runs; twice that where they differ, because noise may hide more in a later run
 * than in any of these. */
static gint64 bound_of(const GPtrArray *runs, const Allow *allow)
{
    gint64 bound = 0;
    for (guint i = 0; i < runs->len; i++) {
        const Figure *growth = measurement_find(g_ptr_array_index(runs, i), METRIC_GROWTH);
        bound = MAX(bound, growth != NULL ? growth->bound : 0);
    }
    return bound > 1 && runs_differ(runs, allow) ? sum_add(bound, bound) : bound;
}

BaselineInstrument *baseline_capture(const GPtrArray *measurements, const Allow *allow, GError **error)
{
    guint left_out = unsettled_runs(measurements, allow);
    g_autoptr(GPtrArray) runs = g_ptr_array_new();
    for (guint i = left_out; i < measurements->len; i++)
        g_ptr_array_add(runs, g_ptr_array_index(measurements, i));
    const Measurement *first = g_ptr_array_index(runs, 0);
    BaselineInstrument *self = baseline_instrument_new(first->instrument);
    self->tool = g_strdup(first->tool);
    self->runs = runs->len;
    self->left_out = left_out;
    self->duration_us = first->duration_us;
    self->bound = bound_of(runs, allow);
    for (const Metric *metric = metrics_all(); metric->name != NULL; metric++) {
        if (!capture_figure(self, metric->id, runs, allow_judges(allow, metric->id), error)) {
            baseline_instrument_free(self);
            return NULL;
        }
    }
    return self;
}
