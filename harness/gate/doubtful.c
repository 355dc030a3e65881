#include "doubtful.h"

#include "baseline_site.h"
#include "model/sum.h"

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
        SiteDelta *delta = site_delta_new(site.key, site.frames, site.n_frames, 0, site.bytes, 0);
        delta->is_beyond = TRUE;
        g_ptr_array_add(comparison->deltas, delta);
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
