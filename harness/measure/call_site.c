#include "call_site.h"

#include <stdint.h>
#include <string.h>

enum { LONGEST_PERIOD = 3, RECENT = 1 << 10 };

/* A text that was kept, and where it came from. */
typedef struct {
    const char *text, *kept;
} Kept;

struct CallSites {
    GStringChunk *strings; /* of keys and frames */
    Kept *recent;          /* RECENT of them, by address: the same few texts come by again and again */
    GPtrArray *list;       /* CallSite, owned */
    GHashTable *by_key;    /* key -> CallSite, both of list */
};

static void call_site_free(gpointer data)
{
    CallSite *site = data;
    g_free((Frame *)site->frames);
    g_free(site);
}

/* Eight bytes at a time: a key is easily two thousand long. */
static guint key_hash(gconstpointer key)
{
    gsize left = strlen(key);
    guint64 hash = left, word = 0;
    for (const char *at = key; left > 0;) {
        gsize size = MIN(left, sizeof word);
        word = 0;
        memcpy(&word, at, size);
        at += size;
        left -= size;
        hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 32;
    }
    return (guint)hash;
}

CallSites *call_sites_new(void)
{
    CallSites *self = g_new0(CallSites, 1);
    self->strings = g_string_chunk_new(4096);
    self->list = g_ptr_array_new_with_free_func(call_site_free);
    self->recent = g_new0(Kept, RECENT);
    self->by_key = g_hash_table_new(key_hash, g_str_equal);
    return self;
}

void call_sites_free(CallSites *self)
{
    if (self == NULL)
        return;
    g_hash_table_unref(self->by_key);
    g_ptr_array_unref(self->list);
    g_string_chunk_free(self->strings);
    g_free(self->recent);
    g_free(self);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}

/* The length of a function's name without what a compiler appends when it splits or clones it. */
static gsize plain_length(const char *function)
{
    static const char *const suffixes[] = {".constprop.", ".isra.", ".part.", ".cold", ".lto_priv.", NULL};
    gsize length = strlen(function);
    if (memchr(function, '.', length) ==
        NULL) /* nearly all of them, and every frame of every stack comes by */
        return length;
    for (const char *const *suffix = suffixes; *suffix != NULL; suffix++) {
        const char *at = strstr(function, *suffix);
        if (at != NULL && at != function)
            length = MIN(length, (gsize)(at - function));
    }
    return length;
}

/* Where a frame is, as a key names it: the file, or the module without the version that an upgrade changes.
 */
static void append_key_place(GString *key, const Frame *frame)
{
    const char *place = base_name(frame->file != NULL ? frame->file : frame->object);
    const char *version = frame->file == NULL ? strstr(place, ".so.") : NULL;
    g_string_append_len(key, place, version != NULL ? version - place + (gssize)strlen(".so") : -1);
}

static void append_frame(GString *key, const Frame *frame)
{
    if (frame->function != NULL)
        g_string_append_len(key, frame->function, plain_length(frame->function));
    else
        g_string_append(key, "???");
    if (frame->file == NULL && frame->object == NULL)
        return;
    g_string_append(key, " (");
    append_key_place(key, frame);
    g_string_append_c(key, ')');
}

static gboolean same_text(const char *a, const char *b, gsize a_length, gsize b_length)
{
    return a_length == b_length && strncmp(a, b, a_length) == 0;
}

static gboolean same_place(const char *a, const char *b)
{
    return a == b || a == NULL || b == NULL ? a == b : strcmp(base_name(a), base_name(b)) == 0;
}

static gboolean same_frame(const Frame *a, const Frame *b)
{
    if (a->function == NULL || b->function == NULL) {
        if (a->function != b->function)
            return FALSE;
    } else if (a->function[0] != b->function[0]) { /* no suffix begins a name */
        return FALSE;
    } else if (a->function != b->function &&
               !same_text(a->function, b->function, plain_length(a->function), plain_length(b->function))) {
        return FALSE;
    }
    return same_place(a->file, b->file) && (a->file != NULL || same_place(a->object, b->object));
}

/* Drops the last frames where they repeat the ones before them. */
static void fold_recursion(GArray *frames)
{
    for (guint period = 1; period <= LONGEST_PERIOD && 2 * period <= frames->len; period++) {
        gboolean repeated = TRUE;
        for (guint i = 0; i < period && repeated; i++)
            repeated = same_frame(&g_array_index(frames, Frame, frames->len - 1 - i),
                                  &g_array_index(frames, Frame, frames->len - 1 - i - period));
        if (repeated) {
            g_array_set_size(frames, frames->len - period);
            return;
        }
    }
}

/* The frames that count, in order; (transfer full). */
static GArray *fold(const Frame *frames, guint n_frames)
{
    GArray *folded = g_array_sized_new(FALSE, FALSE, sizeof(Frame), n_frames);
    for (guint i = 0; i < n_frames; i++) {
        if (g_strcmp0(frames[i].function, "(below main)") == 0)
            continue;
        g_array_append_val(folded, frames[i]);
        fold_recursion(folded);
    }
    return folded;
}

static char *key_of(const GArray *frames)
{
    if (frames->len == 0)
        return g_strdup("(unknown)");
    GString *key = g_string_sized_new(64 * (gsize)frames->len);
    for (guint i = 0; i < frames->len; i++) {
        if (i > 0)
            g_string_append_len(key, " < ", 3);
        append_frame(key, &g_array_index(frames, Frame, i));
    }
    g_autofree char *text = g_string_free(key, FALSE);
    /* A key must survive being written down and read again. */
    return g_utf8_validate(text, -1, NULL) ? g_steal_pointer(&text) : g_utf8_make_valid(text, -1);
}

char *frame_identity(const Frame *frame)
{
    const char *function = frame->function != NULL ? frame->function : "";
    const char *file = frame->file != NULL ? base_name(frame->file) : NULL;
    const char *object = frame->file == NULL && frame->object != NULL ? base_name(frame->object) : NULL;
    return g_strdup_printf("%d%d%d%.*s\n%s\n%s", frame->function != NULL, file != NULL, object != NULL,
                           (int)plain_length(function), function, file != NULL ? file : "",
                           object != NULL ? object : "");
}

guint call_site_repeats(const guint32 *same, guint length)
{
    for (guint period = 1; period <= LONGEST_PERIOD && 2 * period <= length; period++) {
        gboolean repeated = TRUE;
        for (guint i = 0; i < period && repeated; i++)
            repeated = same[length - 1 - i] == same[length - 1 - i - period];
        if (repeated)
            return period;
    }
    return 0;
}

char *call_site_key(const Frame *frames, guint n_frames)
{
    g_autoptr(GArray) folded = fold(frames, n_frames);
    return key_of(folded);
}

/* A file may claim any number: a sum stays one. */
static gint64 add(gint64 sum, gint64 more)
{
    gint64 result;
    return __builtin_add_overflow(sum, more, &result) ? (more > 0 ? G_MAXINT64 : G_MININT64) : result;
}

static const char *keep(CallSites *self, const char *text)
{
    if (text == NULL)
        return NULL;
    Kept *recent = &self->recent[g_direct_hash(text) * UINT32_C(0x9e3779b1) >> 22];
    if (recent->text != text || strcmp(recent->kept, text) != 0) /* whose text lies there now? */
        *recent = (Kept){text, g_string_chunk_insert_const(self->strings, text)};
    return recent->kept;
}

/* The site of this key, made with room for n_frames where it is new. */
static CallSite *site_of_key(CallSites *self, const char *key, guint n_frames, Frame **new_frames)
{
    CallSite *site = g_hash_table_lookup(self->by_key, key);
    *new_frames = NULL;
    if (site != NULL)
        return site;
    site = g_new0(CallSite, 1);
    site->key = keep(self, key);
    site->n_frames = n_frames;
    site->frames = *new_frames = g_new0(Frame, MAX(n_frames, 1));
    g_ptr_array_add(self->list, site);
    g_hash_table_insert(self->by_key, (char *)site->key, site);
    return site;
}

static CallSite *add_to(CallSites *self, const char *key, const Frame *frames, guint n_frames, gint64 bytes,
                        gint64 blocks)
{
    Frame *own = NULL;
    CallSite *site = site_of_key(self, key, n_frames, &own);
    for (guint i = 0; own != NULL && i < n_frames; i++)
        own[i] = (Frame){keep(self, frames[i].function), keep(self, frames[i].file),
                         keep(self, frames[i].object), frames[i].line};
    site->bytes = add(site->bytes, bytes);
    site->blocks = add(site->blocks, blocks);
    return site;
}

CallSite *call_sites_add(CallSites *self, const Frame *frames, guint n_frames, gint64 bytes, gint64 blocks)
{
    g_autoptr(GArray) folded = fold(frames, n_frames);
    g_autofree char *key = key_of(folded);
    return add_to(self, key, (const Frame *)(void *)folded->data, folded->len, bytes, blocks);
}

CallSite *call_sites_add_site(CallSites *self, const CallSite *like, gint64 bytes, gint64 blocks)
{
    return add_to(self, like->key, like->frames, like->n_frames, bytes, blocks);
}

/* "function (place)" as append_frame wrote it. */
static Frame frame_of_text(CallSites *self, const char *text)
{
    const char *open = g_strrstr(text, " (");
    gsize length = strlen(text);
    if (open == NULL || text[length - 1] != ')')
        return (Frame){.function = strcmp(text, "???") != 0 ? keep(self, text) : NULL};
    g_autofree char *function = g_strndup(text, (gsize)(open - text));
    g_autofree char *place = g_strndup(open + 2, length - (gsize)(open - text) - 3);
    gboolean known = strcmp(function, "???") != 0;
    return (Frame){.function = known ? keep(self, function) : NULL, .file = keep(self, place)};
}

CallSite *call_sites_add_key(CallSites *self, const char *key, gint64 bytes, gint64 blocks)
{
    g_auto(GStrv) parts = g_strsplit(key, " < ", -1);
    Frame *own = NULL;
    CallSite *site = site_of_key(self, key, g_strv_length(parts), &own);
    for (guint i = 0; own != NULL && i < site->n_frames; i++)
        own[i] = frame_of_text(self, parts[i]);
    site->bytes = add(site->bytes, bytes);
    site->blocks = add(site->blocks, blocks);
    return site;
}

void call_sites_add_all(CallSites *self, const CallSites *other)
{
    for (guint i = 0; i < other->list->len; i++) {
        const CallSite *site = call_sites_get(other, i);
        call_sites_add_site(self, site, site->bytes, site->blocks);
    }
}

guint call_sites_count(const CallSites *self)
{
    return self->list->len;
}

CallSite *call_sites_get(const CallSites *self, guint index)
{
    return g_ptr_array_index(self->list, index);
}

CallSite *call_sites_find(const CallSites *self, const char *key)
{
    return g_hash_table_lookup(self->by_key, key);
}

static int by_bytes(gconstpointer a, gconstpointer b)
{
    const CallSite *one = *(const CallSite *const *)a, *two = *(const CallSite *const *)b;
    if (one->bytes != two->bytes)
        return one->bytes > two->bytes ? -1 : 1;
    return strcmp(one->key, two->key);
}

void call_sites_sort(CallSites *self)
{
    g_ptr_array_sort(self->list, by_bytes);
}

void call_sites_drop_below(CallSites *self, gint64 least_bytes)
{
    GPtrArray *kept = g_ptr_array_new_with_free_func(call_site_free);
    for (guint i = 0; i < self->list->len; i++) {
        CallSite *site = g_steal_pointer(&g_ptr_array_index(self->list, i));
        if (site->bytes >= least_bytes) {
            g_ptr_array_add(kept, site);
            continue;
        }
        g_hash_table_remove(self->by_key, site->key);
        call_site_free(site);
    }
    g_ptr_array_set_free_func(self->list, NULL);
    g_ptr_array_unref(self->list);
    self->list = kept;
}

gint64 call_sites_total_bytes(const CallSites *self)
{
    gint64 total = 0;
    for (guint i = 0; i < self->list->len; i++)
        total = add(total, call_sites_get(self, i)->bytes);
    return total;
}

void frame_describe(const Frame *frame, GString *function, GString *place)
{
    g_string_append(function, frame->function != NULL ? frame->function : "???");
    const char *where = frame->file != NULL ? frame->file : frame->object;
    if (where != NULL)
        g_string_append(place, base_name(where));
    if (frame->file != NULL && frame->line > 0)
        g_string_append_printf(place, ":%u", frame->line);
}
