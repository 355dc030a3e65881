/* Which call sites made the difference. */
#include <string.h>

#include "baseline_site.h"
#include "compare.h"

/* Of the frames of a stack one in so many may be there under one optimizer and not under another. */
enum { INLINED = 3 };

/* Both are the same, or one of them had no symbol: what was unloaded, or stripped, has a name where debug
 * information is kept. */
static gboolean frames_agree(const char *frame, const char *other)
{
    return strcmp(frame, other) == 0 || strcmp(frame, FRAME_UNKNOWN) == 0 ||
           strcmp(other, FRAME_UNKNOWN) == 0;
}

static guint common_in_order(const GStrv a, guint a_length, const GStrv b, guint b_length)
{
    /* Longest common subsequence, one row at a time. Stacks have a few dozen frames. */
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

/* "(file.c)" of two frames. */
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
    /* A tail call leaves out the allocating function, and an optimizer may leave out callers besides. */
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

/* By site of now: the base's with this key, or NULL. Adds what vanished. (transfer full), of const CallSite.
 */
static const CallSite **match(const CallSites *base, const CallSites *now, GPtrArray *deltas)
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

/* Takes from what was lost at sites that are the same allocation reached another way, the largest losses
 * first, until `wanted` bytes are accounted for. exact: only a loss of just as much. take: FALSE: only looks.
 * Returns what is still wanted. */
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

/* Forgets gains that were lost elsewhere. exact: those of which just as much was lost at one other site; else
 * those beyond what they may have: an optimizer makes one site of two, and two of one, so that a gain may be
 * made of several losses and a loss of several gains. Each byte accounts for one. */
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

static int by_delta(gconstpointer a, gconstpointer b)
{
    const SiteDelta *one = *(const SiteDelta *const *)a, *two = *(const SiteDelta *const *)b;
    if (one->delta_bytes != two->delta_bytes)
        return one->delta_bytes > two->delta_bytes ? -1 : 1;
    return strcmp(one->key, two->key);
}

/* Is it more than it had, or of a listed site less? A site of which nothing is kept may have had the cutoff
 * all along. */
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
        match(base != NULL && base->sites != NULL ? base->sites : none, now, deltas);
    for (guint i = 0; i < call_sites_count(now); i++) {
        BaselineSite site = baseline_site(base, site_sizes_hash_at(now, i), before[i]);
        if (has_changed(base, &site, call_sites_bytes(now, i)))
            g_ptr_array_add(deltas, delta_of(now, i, &site));
    }
    g_ptr_array_sort(deltas, by_delta);
    if (flips != NULL) {
        flips_forget(deltas, flips);
        g_ptr_array_sort(deltas, by_delta);
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
