/* From measurements to a baseline: runs that agree, their median and their spread. */
#include <math.h>
#include <stdlib.h>

#include "baseline.h"
#include "error.h"
#include "model/sampling.h"

/* Which call sites a baseline lists: those with at least this share of the whole, so that reviews stay short.
 */
enum { SITES_LIMIT = 40, SHARE = 200 };

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
        if (measurement->has[id])
            g_array_append_val(values, measurement->values[id]);
    }
    g_array_sort(values, by_value);
    return values;
}

/* A metric that only some runs saw is a disagreement, too. */
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

/* sample_bytes: of sampled runs, which differ by chance, too. */
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

/* The run whose value is the median stands for all. */
static const Measurement *median_run(const GPtrArray *measurements, MetricId id, gint64 median)
{
    for (guint i = 0; i < measurements->len; i++) {
        const Measurement *measurement = g_ptr_array_index(measurements, i);
        if (measurement->values[id] == median)
            return measurement;
    }
    return g_ptr_array_index(measurements, 0);
}

static void keep_sites(BaselineMetric *metric, const CallSites *sites)
{
    if (sites == NULL)
        return;
    metric->sites = call_sites_new();
    gint64 least = metric->value / SHARE;
    for (guint i = 0; i < call_sites_count(sites); i++) {
        const CallSite *site = call_sites_get(sites, i);
        if (site->bytes <= 0)
            continue;
        if (call_sites_count(metric->sites) < SITES_LIMIT && site->bytes >= least)
            call_sites_add_key(metric->sites, site->key, site->bytes, site->blocks);
        else
            metric->cutoff_bytes = MAX(metric->cutoff_bytes, site->bytes);
    }
}

/* The median of the runs; what they do not agree in is refused where it is judged, else left out. */
static gboolean capture_metric(BaselineMetric *metric, MetricId id, const GPtrArray *measurements,
                               gboolean is_judged, GError **error)
{
    const Measurement *first = g_ptr_array_index(measurements, 0);
    g_autoptr(GArray) values = values_of(measurements, id);
    g_autoptr(GError) differ = NULL;
    if (!check_presence(id, values, measurements, first->instrument, &differ) ||
        (values->len > 0 && !check_agreement(id, values, first->instrument, first->sample_bytes, &differ))) {
        if (is_judged)
            g_propagate_error(error, g_steal_pointer(&differ));
        return !is_judged;
    }
    if (values->len == 0)
        return TRUE;
    metric->has = TRUE;
    metric->value = g_array_index(values, gint64, values->len / 2);
    metric->spread = g_array_index(values, gint64, values->len - 1) - g_array_index(values, gint64, 0);
    if (is_judged)
        keep_sites(metric, median_run(measurements, id, metric->value)->sites[id]);
    return TRUE;
}

BaselineInstrument *baseline_capture(const GPtrArray *measurements, const Allow *allow, GError **error)
{
    const Measurement *first = g_ptr_array_index(measurements, 0);
    BaselineInstrument *self = baseline_instrument_new(first->instrument);
    self->tool = g_strdup(first->tool);
    self->runs = measurements->len;
    self->duration_us = first->duration_us;
    for (int id = 0; id < METRIC_COUNT; id++) {
        if (!capture_metric(&self->metrics[id], id, measurements, allow->is_judged[id], error)) {
            baseline_instrument_free(self);
            return NULL;
        }
    }
    return self;
}
