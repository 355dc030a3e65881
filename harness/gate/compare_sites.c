/* Which call sites of a measurement differ from the baseline. */
#include <string.h>

#include "baseline_site.h"
#include "compare.h"

/* One in so many frames of a stack may be missing from another one that was compiled otherwise (inlining). */
enum { INLINED = 3 };

/* Are the two frames' parts of keys equal, or is one without a symbol? The other may have been read where
 * debug information was there. */
static gboolean frames_agree(const char *frame, const char *other)
{
    return strcmp(frame, other) == 0 || strcmp(frame, FRAME_UNKNOWN) == 0 ||
           strcmp(other, FRAME_UNKNOWN) == 0;
}

/* The length of the longest common subsequence, by dynamic programming with one row. */
static guint common_in_order(const GStrv a, guint a_length, const GStrv b, guint b_length)
{
    g_autofree guint *row = g_new0(guint, b_length + 1);
    for (guint i = 0; i < a_length; i++) {
        guint diagonal = 0;
        for (guint j = 0; j < b_length; j++) {
            guint above = row[j + 1];
            row[j + 1] = frames_agree(a[i], b[j]) ? diagonal + 1 : MAX(above, row[j]);
            diagonal = above;
        }
    }
    return row[b_length];
}

/* Do two frames' parts of keys end in the same "(file.c)"? */
static gboolean is_same_file(const char *frame, const char *other)
{
    const char *place = strrchr(frame, '('), *others = strrchr(other, '(');
    return place != NULL && others != NULL && strcmp(place, others) == 0;
}

gboolean call_sites_similar(const char *key, const char *other)
{
    g_auto(GStrv) a = g_strsplit(key, " < ", -1), b = g_strsplit(other, " < ", -1);
    guint a_length = g_strv_length(a), b_length = g_strv_length(b), longer = MAX(a_length, b_length);
    if (a_length < 2 || b_length < 2)
        return FALSE;
    guint common = common_in_order(a, a_length, b, b_length);
    if (common + MAX(longer / INLINED, 1) < longer)
        return FALSE;
    if (strcmp(a[0], b[0]) == 0 || (frames_agree(a[0], b[0]) && common == longer))
        return TRUE;
    /* A tail call leaves out the allocating function; inlining may leave out callers besides. */
    const GStrv whole = a_length > b_length ? a : b, rest = a_length > b_length ? b : a;
    return a_length != b_length && common == MIN(a_length, b_length) &&
           (is_same_file(a[0], b[0]) || strcmp(whole[1], rest[0]) == 0);
}

static SiteDelta *delta_of(const CallSites *now, guint index, const BaselineSite *before)
{
    g_auto(CallSite) site = call_sites_copy(now, index);
    gint64 blocks = site.blocks > 0 ? site.blocks - (before->listed != NULL ? before->listed->blocks : 0) : 0;
    return site_delta_new(site.key, site.frames, site.n_frames, before->had, site.bytes, blocks);
}

/* For each site of now the base's site with the same key, or NULL; (transfer full). Adds the sites that only
 * the base has to `deltas`. */
static const CallSite **match_sites(const CallSites *base, const CallSites *now, GPtrArray *deltas)
{
    const CallSite **before = g_new0(const CallSite *, (gsize)call_sites_count(now) + 1);
    for (guint i = 0; i < call_sites_count(base); i++) {
        const CallSite *site = call_sites_get(base, i);
        int index = call_sites_index(now, site->key);
        if (index >= 0)
            before[index] = site;
        else
            g_ptr_array_add(deltas, site_delta_new(site->key, site->frames, site->n_frames, site->bytes, 0,
                                                   -site->blocks));
    }
    return before;
}

/* Sets losses at similar sites (call_sites_similar) off against a gain, the largest losses first, until
 * `wanted` bytes are accounted for. exact: only losses of the gain's own size. take: FALSE: changes nothing.
 * Returns how many bytes are not accounted for. */
static gint64 take_losses(const SiteDelta *gained, GPtrArray *deltas, gint64 wanted, gboolean exact,
                          gboolean take)
{
    for (guint i = deltas->len; i-- > 0 && wanted > 0;) {
        SiteDelta *lost = g_ptr_array_index(deltas, i);
        if (lost->delta_bytes >= 0)
            break;
        if ((exact && lost->delta_bytes != -gained->delta_bytes) ||
            !call_sites_similar(gained->key, lost->key))
            continue;
        gint64 part = MIN(wanted, -lost->delta_bytes);
        wanted -= part;
        if (!take)
            continue;
        lost->base_bytes -= part;
        lost->delta_bytes += part;
        if (lost->delta_bytes == 0)
            g_ptr_array_remove_index(deltas, i);
    }
    return wanted;
}

static gint64 allowed_at(const SiteDelta *delta, const BaselineFigure *base, const Allowance *allowance)
{
    return MIN(allowance_of(allowance, delta->base_bytes), G_MAXINT64 / 2) +
           baseline_site_find(base, delta->key).chance;
}

/* Drops gains that are losses of similar sites: the same allocation under another key. exact: only where one
 * site lost as much as another gained. Otherwise gains beyond their limit, set off against several losses,
 * for optimizers split call sites and merge them. Each lost byte accounts for one gained byte. */
static void forget_moved(GPtrArray *deltas, const BaselineFigure *base, const Allowance *allowance,
                         gboolean exact)
{
    for (guint i = 0; i < deltas->len;) {
        SiteDelta *gained = g_ptr_array_index(deltas, i);
        gint64 all = gained->delta_bytes, wanted = exact ? all : all - allowed_at(gained, base, allowance);
        if (all <= 0)
            break;
        if (wanted > 0 && take_losses(gained, deltas, wanted, exact, FALSE) <= 0) {
            take_losses(gained, deltas, all, exact, TRUE);
            g_ptr_array_remove_index(deltas, i);
        } else {
            i++;
        }
    }
}

/* Does a site have more than it had or, if it is listed, less? A site of which nothing is kept may have had
 * as much as the cutoff. */
static gboolean has_changed(const BaselineFigure *base, const BaselineSite *site, gint64 bytes)
{
    if (site->listed != NULL)
        return bytes != site->had;
    return bytes > (site->is_kept || base == NULL ? site->had : base->cutoff_bytes);
}

GPtrArray *compare_call_sites(const BaselineFigure *base, const CallSites *now, const Allowance *allowance,
                              Flips *flips, guint *regressed)
{
    g_autoptr(CallSites) none = call_sites_new();
    GPtrArray *deltas = g_ptr_array_new_with_free_func((GDestroyNotify)site_delta_free);
    *regressed = 0;
    now = now != NULL ? now : none;
    g_autofree const CallSite **before =
        match_sites(base != NULL && base->sites != NULL ? base->sites : none, now, deltas);
    for (guint i = 0; i < call_sites_count(now); i++) {
        BaselineSite site = baseline_site(base, site_sizes_hash_at(now, i), before[i]);
        if (has_changed(base, &site, call_sites_bytes(now, i)))
            g_ptr_array_add(deltas, delta_of(now, i, &site));
    }
    g_ptr_array_sort(deltas, site_delta_compare);
    if (flips != NULL) {
        flips_forget(deltas, flips);
        g_ptr_array_sort(deltas, site_delta_compare);
    }
    forget_moved(deltas, base, allowance, TRUE);
    forget_moved(deltas, base, allowance, FALSE);
    for (guint i = 0; i < deltas->len; i++) {
        SiteDelta *delta = g_ptr_array_index(deltas, i);
        delta->is_beyond = delta->delta_bytes > allowed_at(delta, base, allowance);
        *regressed += delta->is_beyond;
    }
    return deltas;
}
