#include "result.h"

#include <string.h>

Result *result_new(const char *version, const char *platform, const char *started)
{
    Result *self = g_new0(Result, 1);
    self->version = g_strdup(version);
    self->platform = g_strdup(platform);
    self->started = g_strdup(started);
    self->scenarios = g_ptr_array_new_with_free_func((GDestroyNotify)scenario_result_free);
    return self;
}

void result_free(Result *self)
{
    if (self == NULL)
        return;
    g_free(self->version);
    g_free(self->platform);
    g_free(self->started);
    g_free(self->commit);
    g_free(self->root);
    g_ptr_array_unref(self->scenarios);
    g_free(self);
}

ScenarioResult *scenario_result_new(const char *name, const char *about, const char *file,
                                    const char *const *tags)
{
    ScenarioResult *self = g_new0(ScenarioResult, 1);
    self->name = g_strdup(name);
    self->about = g_strdup(about);
    self->file = g_strdup(file);
    self->tags = tags != NULL ? g_strdupv((GStrv)tags) : g_new0(char *, 1);
    self->instruments = g_ptr_array_new_with_free_func((GDestroyNotify)instrument_result_free);
    return self;
}

void scenario_result_free(ScenarioResult *self)
{
    if (self == NULL)
        return;
    g_free(self->name);
    g_free(self->about);
    g_free(self->file);
    g_strfreev(self->tags);
    environment_free(self->environment);
    g_ptr_array_unref(self->instruments);
    g_free(self);
}

InstrumentResult *instrument_result_new(Measurement *measurement)
{
    InstrumentResult *self = g_new0(InstrumentResult, 1);
    self->instrument = g_strdup(measurement->instrument);
    self->measurement = measurement;
    self->comparisons = g_ptr_array_new_with_free_func((GDestroyNotify)comparison_free);
    return self;
}

void instrument_result_free(InstrumentResult *self)
{
    if (self == NULL)
        return;
    g_free(self->instrument);
    g_free(self->sentence);
    measurement_free(self->measurement);
    g_ptr_array_unref(self->comparisons);
    g_free(self);
}

Comparison *comparison_new(MetricId metric)
{
    Comparison *self = g_new0(Comparison, 1);
    self->metric = metric;
    self->deltas = g_ptr_array_new_with_free_func((GDestroyNotify)site_delta_free);
    self->owners = g_ptr_array_new_with_free_func((GDestroyNotify)site_delta_free);
    return self;
}

void comparison_free(Comparison *self)
{
    if (self == NULL)
        return;
    g_free(self->sentence);
    g_ptr_array_unref(self->deltas);
    g_ptr_array_unref(self->owners);
    g_free(self);
}

void result_add(Result *self, ScenarioResult *child)
{
    g_ptr_array_add(self->scenarios, child);
    self->counts[child->verdict]++;
    self->verdict = MAX(self->verdict, child->verdict);
}

SiteDelta *comparison_find_delta(const Comparison *self, const char *key)
{
    for (guint i = 0; i < self->deltas->len; i++) {
        SiteDelta *delta = g_ptr_array_index(self->deltas, i);
        if (strcmp(delta->key, key) == 0)
            return delta;
    }
    return NULL;
}

Comparison *instrument_result_find(const InstrumentResult *self, MetricId metric)
{
    for (guint i = 0; i < self->comparisons->len; i++) {
        Comparison *comparison = g_ptr_array_index(self->comparisons, i);
        if (comparison->metric == metric)
            return comparison;
    }
    return NULL;
}

void instrument_result_judge(InstrumentResult *self)
{
    self->verdict = VERDICT_PASS;
    for (guint i = 0; i < self->comparisons->len; i++)
        self->verdict =
            MAX(self->verdict, ((const Comparison *)g_ptr_array_index(self->comparisons, i))->verdict);
}

void scenario_result_add(ScenarioResult *self, InstrumentResult *child)
{
    g_ptr_array_add(self->instruments, child);
    self->verdict = MAX(self->verdict, child->verdict);
    self->duration_us += child->measurement->duration_us;
}

void instrument_result_add(InstrumentResult *self, Comparison *child)
{
    g_ptr_array_add(self->comparisons, child);
    self->verdict = MAX(self->verdict, child->verdict);
}
