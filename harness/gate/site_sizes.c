#include "site_sizes.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { HASH_BITS = 40, HASH_DIGITS = HASH_BITS / 4, TO_A_LINE = 5 };

struct SiteSizes {
    GHashTable *sizes; /* guint64 -> gint64 */
};

SiteSizes *site_sizes_new(void)
{
    SiteSizes *self = g_new(SiteSizes, 1);
    self->sizes = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    return self;
}

void site_sizes_free(SiteSizes *self)
{
    if (self == NULL)
        return;
    g_hash_table_unref(self->sizes);
    g_free(self);
}

/* Multiplies before cutting: the low bits of a polynomial hash depend on the last characters alone. */
static guint64 hash_shorten(guint64 hash)
{
    return hash * UINT64_C(0x9e3779b97f4a7c15) >> (64 - HASH_BITS);
}

guint64 site_sizes_hash(const char *key)
{
    return hash_shorten(call_site_key_hash(key));
}

guint64 site_sizes_hash_at(const CallSites *sites, guint index)
{
    return hash_shorten(call_sites_hash(sites, index));
}

void site_sizes_add(SiteSizes *self, guint64 hash, gint64 size)
{
    gint64 *known = g_hash_table_lookup(self->sizes, &hash);
    if (known != NULL)
        *known = MAX(*known, size);
    else
        g_hash_table_insert(self->sizes, g_memdup2(&hash, sizeof hash), g_memdup2(&size, sizeof size));
}

void site_sizes_add_all(SiteSizes *self, const SiteSizes *other)
{
    GHashTableIter all;
    gpointer hash, size;
    g_hash_table_iter_init(&all, other->sizes);
    while (g_hash_table_iter_next(&all, &hash, &size))
        site_sizes_add(self, *(const guint64 *)hash, *(const gint64 *)size);
}

gboolean site_sizes_find(const SiteSizes *self, guint64 hash, gint64 *size)
{
    const gint64 *known = self != NULL ? g_hash_table_lookup(self->sizes, &hash) : NULL;
    if (known != NULL && size != NULL)
        *size = *known;
    return known != NULL;
}

guint site_sizes_count(const SiteSizes *self)
{
    return g_hash_table_size(self->sizes);
}

guint site_sizes_larger(const SiteSizes *self, const SiteSizes *than, gint64 allowed)
{
    GHashTableIter all;
    gpointer hash, size;
    guint larger = 0;
    g_hash_table_iter_init(&all, self->sizes);
    while (g_hash_table_iter_next(&all, &hash, &size)) {
        const gint64 *before = g_hash_table_lookup(than->sizes, hash);
        larger += *(const gint64 *)size - (before != NULL ? *before : 0) > allowed;
    }
    return larger;
}

guint site_sizes_missing(const SiteSizes *self, const SiteSizes *than)
{
    GHashTableIter all;
    gpointer hash;
    guint missing = 0;
    g_hash_table_iter_init(&all, self->sizes);
    while (g_hash_table_iter_next(&all, &hash, NULL))
        missing += !g_hash_table_contains(than->sizes, hash);
    return missing;
}

static int by_hash(gconstpointer a, gconstpointer b)
{
    guint64 one = **(const guint64 *const *)a, two = **(const guint64 *const *)b;
    return one < two ? -1 : one > two;
}

char *site_sizes_format(const SiteSizes *self)
{
    guint count = 0;
    g_autofree gpointer *hashes = g_hash_table_get_keys_as_array(self->sizes, &count);
    GString *text = g_string_new(NULL);
    qsort(hashes, count, sizeof *hashes, by_hash);
    for (guint i = 0; i < count; i++) {
        const guint64 *hash = hashes[i];
        const gint64 *size = g_hash_table_lookup(self->sizes, hash);
        g_string_append_printf(text, "%0*" G_GINT64_MODIFIER "x %" G_GINT64_FORMAT, HASH_DIGITS, *hash,
                               *size);
        g_string_append(text, (i + 1) % TO_A_LINE == 0 || i + 1 == count ? "\n" : "  ");
    }
    return g_string_free(text, FALSE);
}

SiteSizes *site_sizes_parse(const char *text)
{
    g_autoptr(SiteSizes) self = site_sizes_new();
    g_auto(GStrv) words = g_strsplit_set(text, " \n", -1);
    guint64 hash = 0;
    gboolean has_hash = FALSE;
    for (GStrv word = words; *word != NULL; word++) {
        guint64 size = 0;
        if (**word == '\0')
            continue;
        if (!has_hash && strlen(*word) == HASH_DIGITS &&
            g_ascii_string_to_unsigned(*word, 16, 0, (UINT64_C(1) << HASH_BITS) - 1, &hash, NULL)) {
            has_hash = TRUE;
        } else if (has_hash && g_ascii_string_to_unsigned(*word, 10, 0, G_MAXINT64 / 4, &size, NULL)) {
            site_sizes_add(self, hash, (gint64)size);
            has_hash = FALSE;
        } else {
            return NULL;
        }
    }
    return has_hash ? NULL : g_steal_pointer(&self);
}
