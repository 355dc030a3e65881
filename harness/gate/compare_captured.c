/* Compares a fresh capture with the old baseline: what would be red if the old one were kept. */
#include "baseline_site.h"
#include "compare.h"
#include "limits.h"
#include "model/sum.h"

/* How many of the sites that are not listed are new or larger. */
static guint count_others(const BaselineFigure *old, const BaselineFigure *fresh, gint64 allowed)
{
    if (old->others == NULL || fresh->others == NULL)
        return 0;
    g_autoptr(SiteSizes) before = baseline_sites_all(old);
    return site_sizes_larger(fresh->others, before, allowed);
}

guint compare_captured_doubtful(const BaselineFigure *old, const BaselineFigure *fresh)
{
    if (old->doubtful == NULL || fresh->doubtful == NULL)
        return 0;
    g_autoptr(SiteSizes) before = baseline_sites_all(old);
    return site_sizes_missing(fresh->doubtful, before);
}

guint compare_captured(MetricId metric, const BaselineFigure *old, const BaselineFigure *fresh,
                       const Allow *allow, const Environment *environment, GPtrArray **deltas)
{
    guint regressed = 0;
    const Limits limits = limits_new(allow, environment, NULL);
    Allowance allowance = limits_of_site(metric, old, &limits);
    *deltas = compare_call_sites(old, fresh->sites, &allowance, NULL, &regressed);
    if (metric_get(metric)->passes_through && !(allow_judges(allow, metric) && baseline_knows_sites(old)))
        return 0;
    /* Sites below the new cutoff are not kept, and one of them may exceed what the old baseline allows. */
    gint64 allowed = sum_add(old->cutoff_bytes, allowance_of(&allowance, 0));
    return regressed + count_others(old, fresh, allowed) + (fresh->cutoff_bytes > allowed);
}
