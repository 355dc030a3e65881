#include "limits.h"

Limits limits_new(const Allow *allow, const Environment *environment, const Measurement *measurement)
{
    Limits self = {.allow = allow, .is_interpreted = environment->python != NULL};
    if (measurement != NULL && measurement->sample_bytes > 0) {
        self.sample_bytes = measurement->sample_bytes;
        self.iterations = measurement->iterations;
    }
    return self;
}

/* The allowance of a metric's total. The sampling error of growth is divided by the iterations, as growth is.
 */
static Allowance allowance_of_metric(MetricId id, const Limits *limits)
{
    const Metric *metric = metric_get(id);
    const MetricAllow *said = allow_find(limits->allow, id);
    Allowance allowance = allow_allowance(limits->allow, id);
    if (limits->is_interpreted && (said == NULL || !said->is_stated)) {
        allowance.percent = MAX(allowance.percent, metric->interpreter_percent);
        allowance.floor = MAX(allowance.floor, metric->interpreter_floor);
    }
    if (limits->sample_bytes > 0 && !metric->of_mapped)
        allowance.sample_bytes = metric_is_rate(id)
                                     ? limits->sample_bytes / MAX((gint64)limits->iterations, 1) + 1
                                     : limits->sample_bytes;
    return allowance;
}

gint64 limits_of_whole(MetricId id, const BaselineFigure *base, const Limits *limits)
{
    const Allowance allowance = allowance_of_metric(id, limits);
    return MAX(allowance_of(&allowance, base->value), baseline_slack(base));
}

/* By metric:
 *   passing through   one site may add as much as the total
 *   peak, retained    the scenario's allow.call_site
 *   growth            the total's allowance with 4 times its percentage: accepted growth moves between sites
 *   others            the total's allowance
 * The floor of all but growth is at least the total's slack: a peak that falls on another instant is made of
 * other call sites. */
Allowance limits_of_site(MetricId id, const BaselineFigure *base, const Limits *limits)
{
    enum { GROWTH_SITE = 4 };
    if (metric_get(id)->passes_through && base != NULL)
        return (Allowance){.floor = limits_of_whole(id, base, limits)};
    gboolean held = id == METRIC_PEAK || id == METRIC_RETAINED;
    Allowance allowance = held ? limits->allow->call_site : allowance_of_metric(id, limits);
    if (held)
        allowance.sample_bytes = limits->sample_bytes;
    if (metric_is_rate(id))
        allowance.percent *= GROWTH_SITE;
    else if (base != NULL)
        allowance.floor = MAX(allowance.floor, baseline_slack(base));
    return allowance;
}
