/* Tables of call sites. A site's stack is a run of frame numbers in `numbers`. */
#include <stdint.h>
#include <string.h>

#include "frame_table.h"
#include "sum.h"

enum { FIRST_SLOTS = 1 << 6 };

typedef struct {
    guint32 first, n_frames; /* its frames: numbers[first], ... */
    gint64 bytes, blocks;
    guint64 hash;    /* of its key */
    const char *key; /* NULL where the key is made of its frames */
    CallSite *shown; /* what call_sites_get gave; NULL before */
} Site;

struct CallSites {
    gint64 cutoff;
    FrameTable *frames;
    GArray *numbers;      /* guint32: the frames of one site after the other, as numbers of `frames` */
    GArray *sites;        /* Site */
    guint32 *slots, mask; /* a hash table with open addressing: index + 1 into sites; 0: free */
};

static void site_clear(gpointer data)
{
    Site *site = data;
    if (site->shown != NULL)
        call_site_clear(site->shown);
    g_free(site->shown);
}

CallSites *call_sites_new(void)
{
    CallSites *self = g_new0(CallSites, 1);
    self->frames = frame_table_new();
    self->numbers = g_array_sized_new(FALSE, FALSE, sizeof(guint32), 1);
    self->sites = g_array_new(FALSE, FALSE, sizeof(Site));
    g_array_set_clear_func(self->sites, site_clear);
    self->mask = FIRST_SLOTS - 1;
    self->slots = g_new0(guint32, FIRST_SLOTS);
    return self;
}

void call_sites_free(CallSites *self)
{
    if (self == NULL)
        return;
    frame_table_free(self->frames);
    g_array_unref(self->numbers);
    g_array_unref(self->sites);
    g_free(self->slots);
    g_free(self);
}

/* ---- keys ---- */

static const guint32 *numbers_of(const CallSites *self, const Site *site)
{
    return &g_array_index(self->numbers, guint32, site->first);
}

static guint64 hash_of_numbers(const CallSites *self, const guint32 *numbers, guint count)
{
    static const char between[] = " < ";
    if (count == 0)
        return text_hash_of("(unknown)").hash;
    TextHash hash = frame_table_hash(self->frames, numbers[0]), separator = text_hash_of(between);
    for (guint i = 1; i < count; i++)
        hash = text_hash_join(text_hash_join(hash, separator), frame_table_hash(self->frames, numbers[i]));
    return hash.hash;
}

/* (transfer full). */
static char *key_of(const CallSites *self, const Site *site)
{
    if (site->key != NULL)
        return g_strdup(site->key);
    if (site->n_frames == 0)
        return g_strdup("(unknown)");
    GString *key = g_string_sized_new(64 * (gsize)site->n_frames);
    for (guint i = 0; i < site->n_frames; i++) {
        if (i > 0)
            g_string_append_len(key, " < ", 3);
        g_string_append(key, frame_table_text(self->frames, numbers_of(self, site)[i]));
    }
    return g_string_free(key, FALSE);
}

static gboolean same_parts(const CallSites *self, const Site *one, const Site *two)
{
    if (one->key != NULL || two->key != NULL || one->n_frames != two->n_frames)
        return FALSE;
    for (guint i = 0; i < one->n_frames; i++)
        if (frame_table_text(self->frames, numbers_of(self, one)[i]) !=
            frame_table_text(self->frames, numbers_of(self, two)[i]))
            return FALSE;
    return TRUE;
}

/* What strcmp of the two keys returns, mostly without making the keys. */
static int compare_keys(const CallSites *self, const Site *one, const Site *two)
{
    guint shorter = MIN(one->n_frames, two->n_frames);
    for (guint i = 0; one->key == NULL && two->key == NULL && i < shorter; i++) {
        const char *text = frame_table_text(self->frames, numbers_of(self, one)[i]);
        const char *other = frame_table_text(self->frames, numbers_of(self, two)[i]);
        if (text == other)
            continue;
        if (g_str_has_prefix(text, other) || g_str_has_prefix(other, text))
            break; /* what stands behind the shorter text decides */
        return strcmp(text, other);
    }
    g_autofree char *key = key_of(self, one), *other = key_of(self, two);
    return strcmp(key, other);
}

/* ---- the table ---- */

static Site *site_at(const CallSites *self, guint index)
{
    return &g_array_index(self->sites, Site, index);
}

/* The slot of the site with the key of `wanted`, or the free one where it would stand. */
static guint32 *slot_of(const CallSites *self, const Site *wanted)
{
    guint32 slot = (guint32)(wanted->hash * UINT64_C(0x9e3779b97f4a7c15) >> 32) & self->mask;
    for (; self->slots[slot] != 0; slot = (slot + 1) & self->mask) {
        const Site *site = site_at(self, self->slots[slot] - 1);
        if (site->hash == wanted->hash &&
            (same_parts(self, site, wanted) || compare_keys(self, site, wanted) == 0))
            break;
    }
    return &self->slots[slot];
}

/* Makes the hash table anew, so large that at most half of it is taken. */
static void index_sites(CallSites *self)
{
    while (self->mask < 2 * (guint64)self->sites->len)
        self->mask = 2 * self->mask + 1;
    g_free(self->slots);
    self->slots = g_new0(guint32, (gsize)self->mask + 1);
    for (guint i = 0; i < self->sites->len; i++)
        *slot_of(self, site_at(self, i)) = i + 1;
}

/* Adds to the site with the key of `wanted`, or appends `wanted`. The frames of `wanted` must be the last in
 * `numbers`; they are removed where the site exists. */
static void add_to(CallSites *self, Site *wanted, gint64 bytes, gint64 blocks)
{
    guint32 *slot = slot_of(self, wanted);
    if (*slot == 0) {
        wanted->key = frame_table_keep(self->frames, wanted->key);
        g_array_append_vals(self->sites, wanted, 1);
        *slot = self->sites->len;
        if (self->mask < 2 * (guint64)self->sites->len)
            index_sites(self);
        site_at(self, self->sites->len - 1)->bytes = bytes;
        site_at(self, self->sites->len - 1)->blocks = blocks;
        return;
    }
    g_array_set_size(self->numbers, wanted->first);
    Site *site = site_at(self, *slot - 1);
    site->bytes = sum_add(site->bytes, bytes);
    site->blocks = sum_add(site->blocks, blocks);
}

/* A site of these frames without "(below main)" and without recursion, not in the table yet; its frames are
 * appended to `numbers`. */
static Site folded_site(CallSites *self, const Frame *frames, guint n_frames)
{
    Site site = {.first = self->numbers->len};
    g_autofree guint32 *identities = g_new(guint32, (gsize)n_frames + 1);
    for (guint i = 0; i < n_frames; i++) {
        if (frame_is_untold(&frames[i]))
            continue;
        guint32 number = frame_table_add(self->frames, &frames[i]);
        g_array_append_val(self->numbers, number);
        identities[site.n_frames++] = frame_table_identity(self->frames, number);
        site.n_frames -= call_site_repeats(identities, site.n_frames);
        g_array_set_size(self->numbers, site.first + site.n_frames);
    }
    site.hash = hash_of_numbers(self, numbers_of(self, &site), site.n_frames);
    return site;
}

void call_sites_add(CallSites *self, const Frame *frames, guint n_frames, gint64 bytes, gint64 blocks)
{
    Site site = folded_site(self, frames, n_frames);
    add_to(self, &site, bytes, blocks);
}

void call_sites_add_site(CallSites *self, const CallSite *like, gint64 bytes, gint64 blocks)
{
    Site site = folded_site(self, like->frames, like->n_frames);
    guint64 hash = text_hash_of(like->key).hash;
    if (hash != site.hash) /* the key was read from a file and is not the one of its frames */
        site.key = like->key;
    site.hash = hash;
    add_to(self, &site, bytes, blocks);
}

/* Takes "function (place)", as frame_key writes it, apart. The frame's texts lie in `text`, which is
 * changed. */
static Frame frame_of_text(char *text)
{
    char *open = g_strrstr(text, " (");
    gsize length = strlen(text);
    Frame frame = {.function = text};
    if (open != NULL && text[length - 1] == ')') {
        text[length - 1] = '\0';
        *open = '\0';
        frame.file = open + 2;
    }
    if (strcmp(text, FRAME_UNKNOWN) == 0)
        frame.function = NULL;
    return frame;
}

void call_sites_add_key(CallSites *self, const char *key, gint64 bytes, gint64 blocks)
{
    g_auto(GStrv) parts = g_strsplit(key, " < ", -1);
    Site site = {.first = self->numbers->len, .n_frames = g_strv_length(parts), .key = key};
    site.hash = text_hash_of(key).hash;
    for (guint i = 0; i < site.n_frames; i++) {
        Frame frame = frame_of_text(parts[i]);
        guint32 number = frame_table_add(self->frames, &frame);
        g_array_append_val(self->numbers, number);
    }
    add_to(self, &site, bytes, blocks);
}

void call_sites_add_all(CallSites *self, const CallSites *other)
{
    for (guint i = 0; i < other->sites->len; i++) {
        g_auto(CallSite) site = call_sites_copy(other, i);
        call_sites_add_site(self, &site, site.bytes, site.blocks);
    }
}

/* ---- what is in it ---- */

guint call_sites_count(const CallSites *self)
{
    return self->sites->len;
}

gint64 call_sites_bytes(const CallSites *self, guint index)
{
    return site_at(self, index)->bytes;
}

gint64 call_sites_blocks(const CallSites *self, guint index)
{
    return site_at(self, index)->blocks;
}

void call_sites_frames(const CallSites *self, guint index, GPtrArray *frames)
{
    const Site *site = site_at(self, index);
    g_ptr_array_set_size(frames, 0);
    for (guint i = 0; i < site->n_frames; i++)
        g_ptr_array_add(frames, (gpointer)frame_table_frame(self->frames, numbers_of(self, site)[i]));
}

CallSite call_sites_copy(const CallSites *self, guint index)
{
    const Site *site = site_at(self, index);
    Frame *frames = g_new(Frame, (gsize)site->n_frames + 1);
    for (guint i = 0; i < site->n_frames; i++)
        frames[i] = *frame_table_frame(self->frames, numbers_of(self, site)[i]);
    return (CallSite){key_of(self, site), frames, site->n_frames, site->bytes, site->blocks};
}

void call_site_clear(CallSite *self)
{
    g_free((char *)self->key);
    g_free((Frame *)self->frames);
}

CallSite *call_sites_get(const CallSites *self, guint index)
{
    Site *site = site_at(self, index);
    if (site->shown == NULL) {
        site->shown = g_new(CallSite, 1);
        *site->shown = call_sites_copy(self, index);
    }
    site->shown->bytes = site->bytes;
    site->shown->blocks = site->blocks;
    return site->shown;
}

int call_sites_index(const CallSites *self, const char *key)
{
    const Site wanted = {.hash = text_hash_of(key).hash, .key = key};
    return (int)*slot_of(self, &wanted) - 1;
}

CallSite *call_sites_find(const CallSites *self, const char *key)
{
    int index = call_sites_index(self, key);
    return index >= 0 ? call_sites_get(self, (guint)index) : NULL;
}

static int sites_by_bytes(gconstpointer a, gconstpointer b, gpointer user_data)
{
    const Site *one = a, *two = b;
    if (one->bytes != two->bytes)
        return one->bytes > two->bytes ? -1 : 1;
    return compare_keys(user_data, one, two);
}

void call_sites_sort(CallSites *self)
{
    g_array_sort_with_data(self->sites, sites_by_bytes, self);
    index_sites(self);
    frame_table_forget_lookups(self->frames); /* as a rule nothing is added to a sorted table */
}

guint64 call_sites_hash(const CallSites *self, guint index)
{
    return site_at(self, index)->hash;
}

guint64 call_site_key_hash(const char *key)
{
    return text_hash_of(key).hash;
}

void call_sites_set_cutoff(CallSites *self, gint64 bytes)
{
    self->cutoff = bytes;
}

gint64 call_sites_cutoff(const CallSites *self)
{
    return self->cutoff;
}

gint64 call_sites_total_bytes(const CallSites *self)
{
    gint64 total = 0;
    for (guint i = 0; i < self->sites->len; i++)
        total = sum_add(total, call_sites_bytes(self, i));
    return total;
}
