#include "flips.h"

#include "baseline_site.h"
#include "model/site_delta.h"
#include "model/sum.h"

/* What one call site lost in the other metric, in bytes. */
static gint64 loss_at(const Flips *self, const char *key)
{
    const CallSite *site = self->now->sites != NULL ? call_sites_find(self->now->sites, key) : NULL;
    gint64 had = baseline_site_find(self->base, key).had, has = site != NULL ? site->bytes : 0;
    return MAX(had - has, 0);
}

/* What the other metric lost at listed sites that gained nothing here, in bytes. */
static gint64 loss_elsewhere(const Flips *self, const GPtrArray *deltas)
{
    g_autoptr(GHashTable) gained = g_hash_table_new(g_str_hash, g_str_equal);
    gint64 sum = 0;
    for (guint i = 0; i < deltas->len; i++) {
        const SiteDelta *delta = g_ptr_array_index(deltas, i);
        if (delta->delta_bytes > 0)
            g_hash_table_add(gained, delta->key);
    }
    for (guint i = 0; self->base->sites != NULL && i < call_sites_count(self->base->sites); i++) {
        const CallSite *site = call_sites_get(self->base->sites, i);
        if (!g_hash_table_contains(gained, site->key))
            sum = sum_add(sum, loss_at(self, site->key));
    }
    return sum;
}

/* Takes at most `most` bytes from a gain; returns how many. */
static gint64 take_flipped(SiteDelta *delta, gint64 most)
{
    gint64 part = MAX(MIN(most, delta->delta_bytes), 0);
    delta->base_bytes += part;
    delta->delta_bytes -= part;
    return part;
}

void flips_forget(GPtrArray *deltas, Flips *self)
{
    g_autofree gboolean *flipped = g_new0(gboolean, (gsize)deltas->len + 1);
    gint64 led_to = self->gathers ? loss_elsewhere(self, deltas) : 0;
    for (guint i = 0; i < deltas->len; i++) {
        SiteDelta *delta = g_ptr_array_index(deltas, i);
        gint64 lost = delta->delta_bytes > 0 ? loss_at(self, delta->key) : 0,
               part = take_flipped(delta, lost);
        flipped[i] = lost > 0;
        led_to = sum_add(led_to, lost - part);
        self->bytes += part;
    }
    for (guint i = 0; i < deltas->len; i++) {
        gint64 part = flipped[i] || !self->gathers ? take_flipped(g_ptr_array_index(deltas, i), led_to) : 0;
        led_to -= part;
        self->bytes += part;
    }
    for (guint i = deltas->len; i-- > 0;)
        if (((const SiteDelta *)g_ptr_array_index(deltas, i))->delta_bytes == 0)
            g_ptr_array_remove_index(deltas, i);
}
