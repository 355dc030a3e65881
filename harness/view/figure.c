#include "figure.h"

Figure *figure_new(const char *name, MetricId metric, gint64 value, CallSites *sites)
{
    Figure *self = g_new0(Figure, 1);
    self->name = g_strdup(name);
    self->metric = metric;
    self->value = value;
    self->sites = sites;
    return self;
}

void figure_free(Figure *self)
{
    if (self == NULL)
        return;
    g_free(self->name);
    call_sites_free(self->sites);
    g_free(self);
}

Figure *figure_find(const GPtrArray *figures, const char *name)
{
    for (guint i = 0; i < figures->len; i++) {
        Figure *figure = g_ptr_array_index(figures, i);
        if (g_strcmp0(figure->name, name) == 0)
            return figure;
    }
    return NULL;
}

Figure *figure_find_metric(const GPtrArray *figures, int metric)
{
    for (guint i = 0; i < figures->len; i++) {
        Figure *figure = g_ptr_array_index(figures, i);
        if ((int)figure->metric == metric)
            return figure;
    }
    return NULL;
}

static void take_measurement(GPtrArray *figures, const char *scenario, Measurement *measurement)
{
    for (int id = 0; id < METRIC_COUNT; id++) {
        if (!measurement->has[id])
            continue;
        g_autofree char *name =
            g_strdup_printf("%s, %s: %s", scenario, measurement->instrument, metric_get(id)->title);
        g_ptr_array_add(
            figures, figure_new(name, id, measurement->values[id], g_steal_pointer(&measurement->sites[id])));
    }
}

void figures_take_result(GPtrArray *figures, Result *result)
{
    for (guint s = 0; s < result->scenarios->len; s++) {
        ScenarioResult *scenario = g_ptr_array_index(result->scenarios, s);
        for (guint i = 0; i < scenario->instruments->len; i++) {
            InstrumentResult *instrument = g_ptr_array_index(scenario->instruments, i);
            take_measurement(figures, scenario->name, instrument->measurement);
        }
    }
}
