/* Tables of call sites: frames and their texts once, stacks as numbers. */
#include <stdint.h>
#include <string.h>

#include "call_site.h"

enum { RECENT = 1 << 10, FIRST_SLOTS = 1 << 6, FACTOR = 0x5bd1e995 };

/* A text's hash, of which that of a text made of several can be worked out: read as a number to the base
 * FACTOR, and FACTOR to the power of its length. */
typedef struct {
    guint64 hash, power;
} TextHash;

/* What frames say in a key. */
typedef struct {
    const char *text;
    TextHash hash;
} KeyPart;

typedef struct {
    Frame frame;  /* texts are the table's */
    guint32 part; /* index into parts */
    guint32 same; /* frames of one number repeat each other */
} KnownFrame;

/* A frame that came by lately, by the addresses of its texts: the same ones come again and again. */
typedef struct {
    Frame seen;
    guint32 number; /* index + 1 into frames */
} Recent;

typedef struct {
    guint32 first, n_frames; /* in numbers */
    gint64 bytes, blocks;
    guint64 hash;    /* of its key */
    const char *key; /* where its frames do not tell it; else NULL */
    CallSite *shown; /* NULL until asked for */
} Site;

struct CallSites {
    GStringChunk *strings;
    GArray *parts;        /* KeyPart */
    GPtrArray *frames;    /* KnownFrame, owned */
    GArray *numbers;      /* guint32: indexes into frames, of one site after the other */
    GArray *sites;        /* Site */
    guint32 *slots, mask; /* index + 1 into sites by hash, open addressing; 0: free */
    /* To add frames by; NULL when nothing is added. */
    GHashTable *part_of;  /* text of a part -> index + 1 */
    GHashTable *same_of;  /* identity -> number */
    GHashTable *frame_of; /* Frame of a KnownFrame -> index + 1 */
    Recent *recent;       /* RECENT of them */
};

/* ---- frames ---- */

static guint text_hash(const char *text)
{
    return text != NULL ? g_str_hash(text) : 0;
}

static guint frame_hash(gconstpointer data)
{
    const Frame *frame = data;
    return ((text_hash(frame->function) * 31 + text_hash(frame->file)) * 31 + text_hash(frame->object)) * 31 +
           frame->line;
}

static gboolean frame_equal(gconstpointer a, gconstpointer b)
{
    const Frame *one = a, *two = b;
    return one->line == two->line && g_strcmp0(one->function, two->function) == 0 &&
           g_strcmp0(one->file, two->file) == 0 && g_strcmp0(one->object, two->object) == 0;
}

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
    self->strings = g_string_chunk_new(1024);
    self->parts = g_array_new(FALSE, FALSE, sizeof(KeyPart));
    self->frames = g_ptr_array_new_with_free_func(g_free);
    self->numbers = g_array_sized_new(FALSE, FALSE, sizeof(guint32), 1);
    self->sites = g_array_new(FALSE, FALSE, sizeof(Site));
    g_array_set_clear_func(self->sites, site_clear);
    self->mask = FIRST_SLOTS - 1;
    self->slots = g_new0(guint32, FIRST_SLOTS);
    return self;
}

static void forget_lookups(CallSites *self)
{
    g_clear_pointer(&self->part_of, g_hash_table_unref);
    g_clear_pointer(&self->same_of, g_hash_table_unref);
    g_clear_pointer(&self->frame_of, g_hash_table_unref);
    g_clear_pointer(&self->recent, g_free);
}

void call_sites_free(CallSites *self)
{
    if (self == NULL)
        return;
    forget_lookups(self);
    g_array_unref(self->parts);
    g_ptr_array_unref(self->frames);
    g_array_unref(self->numbers);
    g_array_unref(self->sites);
    g_string_chunk_free(self->strings);
    g_free(self->slots);
    g_free(self);
}

static const char *keep(CallSites *self, const char *text)
{
    return text != NULL ? g_string_chunk_insert_const(self->strings, text) : NULL;
}

static TextHash hash_of(const char *text)
{
    TextHash hash = {0, 1};
    for (; *text != '\0'; text++) {
        hash.hash = hash.hash * FACTOR + (guint8)*text;
        hash.power *= FACTOR;
    }
    return hash;
}

/* The hash of one text and another behind it. */
static TextHash joined(TextHash one, TextHash two)
{
    return (TextHash){one.hash * two.power + two.hash, one.power * two.power};
}

static guint32 part_of_frame(CallSites *self, const Frame *frame)
{
    g_autofree char *text = frame_key(frame);
    guint index = GPOINTER_TO_UINT(g_hash_table_lookup(self->part_of, text));
    if (index > 0)
        return index - 1;
    KeyPart part = {keep(self, text), hash_of(text)};
    g_array_append_val(self->parts, part);
    g_hash_table_insert(self->part_of, (gpointer)part.text, GUINT_TO_POINTER(self->parts->len));
    return self->parts->len - 1;
}

static guint32 same_of_frame(CallSites *self, const Frame *frame, guint32 fresh)
{
    char *identity = frame_identity(frame);
    guint32 same = GPOINTER_TO_UINT(g_hash_table_lookup(self->same_of, identity));
    same = same > 0 ? same : fresh;
    g_hash_table_replace(self->same_of, identity, GUINT_TO_POINTER(same));
    return same;
}

static void make_lookups(CallSites *self)
{
    if (self->recent != NULL)
        return;
    self->part_of = g_hash_table_new(g_str_hash, g_str_equal);
    self->same_of = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    self->frame_of = g_hash_table_new(frame_hash, frame_equal);
    self->recent = g_new0(Recent, RECENT);
    for (guint i = 0; i < self->parts->len; i++)
        g_hash_table_insert(self->part_of, (gpointer)g_array_index(self->parts, KeyPart, i).text,
                            GUINT_TO_POINTER(i + 1));
    for (guint i = 0; i < self->frames->len; i++) {
        KnownFrame *known = g_ptr_array_index(self->frames, i);
        same_of_frame(self, &known->frame, known->same);
        g_hash_table_insert(self->frame_of, &known->frame, GUINT_TO_POINTER(i + 1));
    }
}

static guint32 add_frame(CallSites *self, const Frame *frame)
{
    KnownFrame *known = g_new(KnownFrame, 1);
    known->frame =
        (Frame){keep(self, frame->function), keep(self, frame->file), keep(self, frame->object), frame->line};
    known->part = part_of_frame(self, frame);
    known->same = same_of_frame(self, frame, self->frames->len + 1); /* no other has this number */
    g_ptr_array_add(self->frames, known);
    g_hash_table_insert(self->frame_of, &known->frame, GUINT_TO_POINTER(self->frames->len));
    return self->frames->len;
}

static const KnownFrame *frame_at(const CallSites *self, guint32 number)
{
    return g_ptr_array_index(self->frames, number);
}

static gboolean has_addresses(const Frame *one, const Frame *two)
{
    return one->function == two->function && one->file == two->file && one->object == two->object &&
           one->line == two->line;
}

/* The frame's index, put in where it is new. */
static guint32 number_of(CallSites *self, const Frame *frame)
{
    gsize hash = GPOINTER_TO_SIZE(frame->function) ^ GPOINTER_TO_SIZE(frame->file) << 7 ^
                 GPOINTER_TO_SIZE(frame->object) << 13 ^ frame->line;
    make_lookups(self);
    Recent *recent = &self->recent[hash * UINT64_C(0x9e3779b97f4a7c15) >> 54];
    /* Whose texts lie there now? */
    if (recent->number > 0 && has_addresses(&recent->seen, frame) &&
        frame_equal(&frame_at(self, recent->number - 1)->frame, frame))
        return recent->number - 1;
    guint32 number = GPOINTER_TO_UINT(g_hash_table_lookup(self->frame_of, frame));
    if (number == 0)
        number = add_frame(self, frame);
    *recent = (Recent){*frame, number};
    return number - 1;
}

/* ---- keys ---- */

static const guint32 *numbers_of(const CallSites *self, const Site *site)
{
    return &g_array_index(self->numbers, guint32, site->first);
}

static const KeyPart *part_at(const CallSites *self, guint32 number)
{
    return &g_array_index(self->parts, KeyPart, frame_at(self, number)->part);
}

static guint64 hash_of_numbers(const CallSites *self, const guint32 *numbers, guint count)
{
    static const char between[] = " < ";
    if (count == 0)
        return hash_of("(unknown)").hash;
    TextHash hash = part_at(self, numbers[0])->hash, separator = hash_of(between);
    for (guint i = 1; i < count; i++)
        hash = joined(joined(hash, separator), part_at(self, numbers[i])->hash);
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
        g_string_append(key, part_at(self, numbers_of(self, site)[i])->text);
    }
    return g_string_free(key, FALSE);
}

static gboolean same_parts(const CallSites *self, const Site *one, const Site *two)
{
    if (one->key != NULL || two->key != NULL || one->n_frames != two->n_frames)
        return FALSE;
    for (guint i = 0; i < one->n_frames; i++)
        if (frame_at(self, numbers_of(self, one)[i])->part != frame_at(self, numbers_of(self, two)[i])->part)
            return FALSE;
    return TRUE;
}

/* As strcmp of the two keys; mostly without making them. */
static int compare_keys(const CallSites *self, const Site *one, const Site *two)
{
    guint shorter = MIN(one->n_frames, two->n_frames);
    for (guint i = 0; one->key == NULL && two->key == NULL && i < shorter; i++) {
        const char *text = part_at(self, numbers_of(self, one)[i])->text;
        const char *other = part_at(self, numbers_of(self, two)[i])->text;
        if (text == other)
            continue;
        if (g_str_has_prefix(text, other) || g_str_has_prefix(other, text))
            break; /* what follows decides */
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

/* Where the site with this key stands, or would. */
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

/* All sites anew, in a table of which at most half is taken. */
static void index_sites(CallSites *self)
{
    while (self->mask < 2 * (guint64)self->sites->len)
        self->mask = 2 * self->mask + 1;
    g_free(self->slots);
    self->slots = g_new0(guint32, (gsize)self->mask + 1);
    for (guint i = 0; i < self->sites->len; i++)
        *slot_of(self, site_at(self, i)) = i + 1;
}

/* A file may claim any number: a sum stays one. */
static gint64 add(gint64 sum, gint64 more)
{
    gint64 result;
    return __builtin_add_overflow(sum, more, &result) ? (more > 0 ? G_MAXINT64 : G_MININT64) : result;
}

/* wanted: its numbers are the last of all; they are taken back where there is such a site. */
static void add_to(CallSites *self, Site *wanted, gint64 bytes, gint64 blocks)
{
    guint32 *slot = slot_of(self, wanted);
    if (*slot == 0) {
        wanted->key = keep(self, wanted->key);
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
    site->bytes = add(site->bytes, bytes);
    site->blocks = add(site->blocks, blocks);
}

/* A site of these frames, those that count, in order; not in the table yet. */
static Site folded_site(CallSites *self, const Frame *frames, guint n_frames)
{
    Site site = {.first = self->numbers->len};
    g_autofree guint32 *same = g_new(guint32, (gsize)n_frames + 1);
    for (guint i = 0; i < n_frames; i++) {
        if (frame_is_untold(&frames[i]))
            continue;
        guint32 number = number_of(self, &frames[i]);
        g_array_append_val(self->numbers, number);
        same[site.n_frames++] = frame_at(self, number)->same;
        site.n_frames -= call_site_repeats(same, site.n_frames);
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
    guint64 hash = hash_of(like->key).hash;
    if (hash != site.hash) /* a key that was written down need not be its frames' */
        site.key = like->key;
    site.hash = hash;
    add_to(self, &site, bytes, blocks);
}

/* "function (place)" as frame_key wrote it. Texts are of `text`, which is changed. */
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
    if (strcmp(text, "???") == 0)
        frame.function = NULL;
    return frame;
}

void call_sites_add_key(CallSites *self, const char *key, gint64 bytes, gint64 blocks)
{
    g_auto(GStrv) parts = g_strsplit(key, " < ", -1);
    Site site = {.first = self->numbers->len, .n_frames = g_strv_length(parts), .key = key};
    site.hash = hash_of(key).hash;
    for (guint i = 0; i < site.n_frames; i++) {
        Frame frame = frame_of_text(parts[i]);
        guint32 number = number_of(self, &frame);
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
        g_ptr_array_add(frames, (gpointer)&frame_at(self, numbers_of(self, site)[i])->frame);
}

CallSite call_sites_copy(const CallSites *self, guint index)
{
    const Site *site = site_at(self, index);
    Frame *frames = g_new(Frame, (gsize)site->n_frames + 1);
    for (guint i = 0; i < site->n_frames; i++)
        frames[i] = frame_at(self, numbers_of(self, site)[i])->frame;
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
    const Site wanted = {.hash = hash_of(key).hash, .key = key};
    return (int)*slot_of(self, &wanted) - 1;
}

CallSite *call_sites_find(const CallSites *self, const char *key)
{
    int index = call_sites_index(self, key);
    return index >= 0 ? call_sites_get(self, (guint)index) : NULL;
}

static int by_bytes(gconstpointer a, gconstpointer b, gpointer user_data)
{
    const Site *one = a, *two = b;
    if (one->bytes != two->bytes)
        return one->bytes > two->bytes ? -1 : 1;
    return compare_keys(user_data, one, two);
}

void call_sites_sort(CallSites *self)
{
    g_array_sort_with_data(self->sites, by_bytes, self);
    index_sites(self);
    forget_lookups(self); /* who sorts has added all */
}

void call_sites_drop_below(CallSites *self, gint64 least_bytes)
{
    GArray *kept = g_array_new(FALSE, FALSE, sizeof(Site));
    g_array_set_clear_func(kept, site_clear);
    for (guint i = 0; i < self->sites->len; i++) {
        Site *site = site_at(self, i);
        if (site->bytes < least_bytes)
            continue;
        g_array_append_vals(kept, site, 1);
        site->shown = NULL; /* it is the other's now */
    }
    g_array_unref(self->sites);
    self->sites = kept;
    index_sites(self);
}

gint64 call_sites_total_bytes(const CallSites *self)
{
    gint64 total = 0;
    for (guint i = 0; i < self->sites->len; i++)
        total = add(total, call_sites_bytes(self, i));
    return total;
}
