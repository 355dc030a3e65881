/* One figure of a baseline. */
#include <string.h>

#include "baseline.h"

gint64 baseline_chance(gint64 highest, gint64 spread)
{
    enum { RANGES = 2, SHARE = 4 };
    const gint64 most = G_MAXINT64 / SHARE; /* baselines may contain any numbers: sums must not overflow */
    return CLAMP(highest, 0, most) + RANGES * CLAMP(spread, 0, most / RANGES);
}

gint64 baseline_slack(const BaselineFigure *self)
{
    return baseline_chance(MAX(self->highest - self->value, 0), self->spread);
}

gboolean baseline_knows_sites(const BaselineFigure *self)
{
    return self->sites != NULL || self->value == 0;
}

BaselineFigure *baseline_figure_new(MetricId metric)
{
    BaselineFigure *self = g_new0(BaselineFigure, 1);
    self->metric = metric;
    return self;
}

void baseline_figure_free(BaselineFigure *self)
{
    if (self == NULL)
        return;
    call_sites_free(self->sites);
    site_sizes_free(self->slack);
    site_sizes_free(self->others);
    site_sizes_free(self->doubtful);
    g_free(self);
}

static gboolean same_sites(const CallSites *one, const CallSites *two)
{
    guint count = one != NULL ? call_sites_count(one) : 0;
    if (count != (two != NULL ? call_sites_count(two) : 0))
        return FALSE;
    for (guint i = 0; i < count; i++) {
        const CallSite *site = call_sites_get(one, i), *other = call_sites_find(two, site->key);
        if (other == NULL || other->bytes != site->bytes)
            return FALSE;
    }
    return TRUE;
}

static gboolean same_sizes(const SiteSizes *one, const SiteSizes *two)
{
    if (one == NULL || two == NULL)
        return one == two;
    g_autofree char *text = site_sizes_format(one), *other = site_sizes_format(two);
    return strcmp(text, other) == 0;
}

gboolean baseline_figure_same(const BaselineFigure *self, const BaselineFigure *other)
{
    return self->value == other->value && self->spread == other->spread && self->highest == other->highest &&
           self->cutoff_bytes == other->cutoff_bytes && same_sites(self->sites, other->sites) &&
           same_sizes(self->slack, other->slack) &&
           (self->value == 0 || same_sizes(self->others, other->others)) &&
           same_sizes(self->doubtful, other->doubtful);
}
