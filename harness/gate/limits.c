#include "limits.h"

static void allow_interpreter(Allow *allow)
{
    for (int id = 0; id < METRIC_COUNT; id++) {
        Allowance *allowance = &allow->metrics[id];
        if (allow->is_stated[id])
            continue;
        allowance->percent = MAX(allowance->percent, metric_get(id)->interpreter_percent);
        allowance->floor = MAX(allowance->floor, metric_get(id)->interpreter_floor);
    }
}

/* Growth is by iteration, and so is its chance. */
static void allow_chance(Allow *allow, const Measurement *measurement)
{
    gint64 sample = measurement->sample_bytes, iterations = MAX((gint64)measurement->iterations, 1);
    for (int id = 0; id < METRIC_COUNT; id++)
        if (!metric_get(id)->of_mapped)
            allow->metrics[id].sample_bytes = metric_is_rate(id) ? sample / iterations + 1 : sample;
    allow->call_site.sample_bytes = sample;
}

Allow limits_allow(const Allow *allow, const Environment *environment, const Measurement *measurement)
{
    Allow lenient = *allow;
    if (environment->python != NULL)
        allow_interpreter(&lenient);
    if (measurement != NULL && measurement->sample_bytes > 0)
        allow_chance(&lenient, measurement);
    return lenient;
}

gint64 limits_of_whole(MetricId id, const BaselineMetric *base, const Allow *allow)
{
    return MAX(allowance_of(&allow->metrics[id], base->value), baseline_slack(base));
}

/* Exact metrics have no slack of their own, the others that of allow.call_site. Of work that passes through,
 * a site may take over as much as may be added in all; of growth that was accepted, what one site loses
 * another gains. Of what is held a site may have as much more by chance as the whole: a peak is at another
 * instant in each run, and made of other things. Growth is where it is. */
Allowance limits_of_site(MetricId id, const BaselineMetric *base, const Allow *allow)
{
    enum { GROWTH_SITE = 4 }; /* times the whole's share */
    if (metric_get(id)->passes_through && base != NULL)
        return (Allowance){.floor = limits_of_whole(id, base, allow)};
    gboolean held = id == METRIC_PEAK || id == METRIC_RETAINED;
    Allowance allowance = held ? allow->call_site : allow->metrics[id];
    if (metric_is_rate(id))
        allowance.percent *= GROWTH_SITE;
    else if (base != NULL)
        allowance.floor = MAX(allowance.floor, baseline_slack(base));
    return allowance;
}

gint64 limits_sum(gint64 one, gint64 other)
{
    return one > G_MAXINT64 - other ? G_MAXINT64 : one + other;
}
