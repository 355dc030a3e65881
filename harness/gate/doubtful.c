#include "doubtful.h"

#include "baseline_site.h"
#include "model/sum.h"

/* Adds to what a site has more, whether its delta is there or not, and makes it a regression by itself. */
static void add_delta(Comparison *comparison, const CallSite *site)
{
    SiteDelta *delta = comparison_find_delta(comparison, site->key);
    if (delta == NULL) {
        delta = site_delta_new(site->key, site->frames, site->n_frames, 0, 0, 0);
        g_ptr_array_add(comparison->deltas, delta);
    }
    delta->now_bytes = sum_add(delta->now_bytes, site->bytes);
    delta->delta_bytes = sum_add(delta->delta_bytes, site->bytes);
    delta->is_beyond = TRUE;
}

/* Adds deltas of the sites that the baseline does not keep and that exceed `allowed`, and returns their
 * number. sites: may be NULL. */
static guint add_deltas(Comparison *comparison, const BaselineFigure *base, const CallSites *sites,
                        gint64 allowed)
{
    guint called = 0;
    for (guint i = 0; sites != NULL && i < call_sites_count(sites); i++) {
        g_auto(CallSite) site = call_sites_copy(sites, i);
        if (site.bytes <= allowed || baseline_site_find(base, site.key).is_kept)
            continue;
        add_delta(comparison, &site);
        called++;
    }
    return called;
}

void doubtful_judge(Comparison *comparison, const BaselineFigure *base, const Figure *growth,
                    const Allowance *allowance)
{
    if (base == NULL || base->doubtful == NULL)
        return;
    gint64 allowed = allowance_of(allowance, 0);
    guint rare = add_deltas(comparison, base, growth->doubtful, allowed),
          moved = add_deltas(comparison, base, growth->moved, allowed), called = rare + moved;
    g_ptr_array_sort(comparison->deltas, site_delta_compare);
    if (called == 0 || comparison->verdict == VERDICT_REGRESSED)
        return;
    comparison->verdict = VERDICT_REGRESSED;
    g_free(comparison->sentence);
    comparison->sentence =
        g_strdup_printf("growth at %u call site%s that did not grow when the baseline was "
                        "captured: %s",
                        called, called == 1 ? "" : "s",
                        rare > 0 ? "in some iterations only, but again and again"
                                 : "other call sites of the same function shrink by as much, which "
                                   "may be a coincidence");
}

gint64 doubtful_known(const BaselineFigure *base, const CallSites *sites)
{
    gint64 known = 0;
    if (base->doubtful == NULL || sites == NULL)
        return 0;
    for (guint i = 0; i < call_sites_count(sites); i++) {
        g_auto(CallSite) site = call_sites_copy(sites, i);
        BaselineSite before = baseline_site_find(base, site.key);
        if (before.is_doubtful)
            known = sum_add(known, CLAMP(site.bytes, 0, before.had + before.chance));
    }
    return known;
}
