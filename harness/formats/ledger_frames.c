/* A ledger has few names and many stacks. So what is asked of a name's text is asked once for each name, and
 * stacks are compared by numbers. */
#include "ledger_frames.h"

#include <string.h>

#include "ledger_python.h"
#include "ledger_sites.h"

enum { FOR_OTHERS = 1, BELOW_MAIN = 2, NAMELESS = 4, INTERPRETER = 8, INTERFACE = 16 };

/* What a frame may be, whatever its line: of a name or, where there is none, of a module. */
typedef struct {
    guint32 id; /* frames of one id are one in a key */
    guint8 traits;
} Kind;

/* A frame of a stack that is being gathered. */
typedef struct {
    guint32 place; /* index into the kinds: names, modules, the unknown object */
    gboolean is_main;
} Item;

typedef struct {
    LedgerKeys keys;
    Kind *kinds;
    GHashTable *sequences; /* ids of a stack -> index in known + 1 */
    GHashTable *indexes;   /* CallSite of known -> its index */
} Cache;

static const char *text_at(const Ledger *self, guint32 offset)
{
    return offset != 0 ? self->strings->str + offset : NULL;
}

/* What stands at a place. */
static Frame frame_at(const Ledger *self, const Item *item)
{
    Frame frame = {0};
    if (item->place < self->names->len) {
        const LedgerName *name = &g_array_index(self->names, LedgerName, item->place);
        frame = (Frame){text_at(self, name->function), text_at(self, name->file), text_at(self, name->object),
                        name->line};
    } else if (item->place - self->names->len < self->modules->len) {
        frame.object = g_array_index(self->modules, LedgerModule, item->place - self->names->len).path;
    }
    if (item->is_main)
        frame.function = "main";
    return frame;
}

/* The C++ allocation functions ask for memory on behalf of whoever calls them. The tracer's own frames are
 * none of the program's. */
static gboolean speaks_for_others(const Frame *frame)
{
    return (frame->function != NULL && g_str_has_prefix(frame->function, "operator new")) ||
           (frame->object != NULL && g_str_has_suffix(frame->object, "/libheapgate.so"));
}

static gboolean is_below_main(const Frame *frame)
{
    static const char *const names[] = {"__libc_start_call_main",    "__libc_start_main",
                                        "__libc_start_main_impl",    "__libc_start_main_alias_1",
                                        "__libc_start_main_alias_2", "_start"};
    if (frame->function == NULL || frame->function[0] != '_')
        return FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        if (strcmp(frame->function, names[i]) == 0)
            return TRUE;
    return FALSE;
}

static guint8 traits_of(const Frame *frame)
{
    gboolean nameless = frame->function == NULL || g_str_has_prefix(frame->function, "???");
    return (guint8)((speaks_for_others(frame) ? FOR_OTHERS : 0) | (is_below_main(frame) ? BELOW_MAIN : 0) |
                    (nameless ? NAMELESS : 0) | (frame_is_interpreter(frame) ? INTERPRETER : 0) |
                    (frame_is_python_interface(frame) ? INTERFACE : 0));
}

/* (transfer full). */
static Kind *kinds_of(const Ledger *self)
{
    guint count = self->names->len + self->modules->len + 1;
    Kind *kinds = g_new0(Kind, count);
    g_autoptr(GHashTable) ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < count; i++) {
        Item item = {.place = i};
        Frame frame = frame_at(self, &item);
        char *key = call_site_key(&frame, 1);
        guint id = GPOINTER_TO_UINT(g_hash_table_lookup(ids, key));
        if (id == 0)
            id = g_hash_table_size(ids) + 1;
        g_hash_table_replace(ids, key, GUINT_TO_POINTER(id));
        kinds[i] = (Kind){id, traits_of(&frame)};
    }
    return kinds;
}

static guint sequence_hash(gconstpointer data)
{
    const guint32 *ids = data;
    guint hash = 0;
    for (guint i = 0; i <= ids[0]; i++)
        hash = (hash ^ ids[i]) * UINT32_C(0x9e3779b1) + (hash >> 15);
    return hash;
}

static gboolean sequence_equal(gconstpointer a, gconstpointer b)
{
    const guint32 *one = a, *two = b;
    return memcmp(one, two, (one[0] + 1) * sizeof *one) == 0;
}

static void cache_free(gpointer data)
{
    Cache *cache = data;
    call_sites_free(cache->keys.known);
    g_free(cache->keys.of_site);
    g_free(cache->keys.site_of);
    g_free(cache->kinds);
    g_hash_table_unref(cache->sequences);
    g_hash_table_unref(cache->indexes);
    g_free(cache);
}

static Cache *cache_of(const Ledger *self)
{
    if (self->keys == NULL) {
        Cache *cache = g_new0(Cache, 1);
        cache->kinds = kinds_of(self);
        cache->sequences = g_hash_table_new_full(sequence_hash, sequence_equal, g_free, NULL);
        cache->indexes = g_hash_table_new(NULL, NULL);
        ((Ledger *)self)->keys = &cache->keys; /* what is remembered is no part of its value */
    }
    return (Cache *)self->keys;
}

void ledger_forget_keys(Ledger *self)
{
    g_clear_pointer((gpointer *)&self->keys, cache_free);
}

static gboolean has_python(const Ledger *self, guint32 node)
{
    for (guint depth = 0; node != 0 && depth < LEDGER_DEEPEST; depth++) {
        if (ledger_address_is_python(ledger_place_of(self, node)->address))
            return TRUE;
        node = g_array_index(self->nodes, LedgerStack, node).caller;
    }
    return FALSE;
}

/* What is being gathered of one stack. */
typedef struct {
    const Ledger *ledger;
    const Kind *kinds;
    gboolean python; /* there are frames of Python: of the interpreter's, the innermost of its interface says
                        all */
    gboolean drops;  /* its own functions, which are noise, and have other names in each build */
    guint at_most;
    GArray *items; /* Item */
} Gathering;

static void add_item(Gathering *self, guint32 place)
{
    guint8 traits = self->kinds[place].traits;
    Item item = {.place = place};
    gboolean inner = self->python && self->items->len > 0;
    if (self->drops && (traits & INTERPRETER) != 0 && (inner || (traits & INTERFACE) == 0))
        return;
    g_array_append_val(self->items, item);
}

/* All that a node stands for. */
static void add_node(Gathering *self, guint32 node)
{
    const Ledger *ledger = self->ledger;
    guint32 first = ledger_place_of(ledger, node)->name;
    for (guint i = first; i > 0 && i <= ledger->names->len && self->items->len < self->at_most; i++) {
        add_item(self, i - 1);
        if (!g_array_index(ledger->names, LedgerName, i - 1).more)
            break;
    }
    if (first > 0)
        return;
    const LedgerModule *module = ledger_module_of(ledger, node);
    const LedgerModule *modules = (const LedgerModule *)(void *)ledger->modules->data;
    add_item(self,
             ledger->names->len + (module != NULL ? (guint32)(module - modules) : ledger->modules->len));
}

/* What is called from below main is main, though a stripped program does not say so. */
static void name_main(Gathering *self)
{
    Item *outermost = self->items->len > 0 ? &g_array_index(self->items, Item, self->items->len - 1) : NULL;
    if (outermost != NULL && (self->kinds[outermost->place].traits & NAMELESS) != 0)
        outermost->is_main = TRUE;
}

static void trim(Gathering *self)
{
    guint drop = 0;
    while (drop < self->items->len &&
           (self->kinds[g_array_index(self->items, Item, drop).place].traits & FOR_OTHERS) != 0)
        drop++;
    if (drop > 0)
        g_array_remove_range(self->items, 0, drop);
    for (guint i = 0; i < self->items->len; i++)
        if ((self->kinds[g_array_index(self->items, Item, i).place].traits & BELOW_MAIN) != 0) {
            g_array_set_size(self->items, i);
            name_main(self);
            return;
        }
}

static void gather_from(Gathering *self, guint32 node)
{
    for (guint depth = 0; node != 0 && depth < LEDGER_DEEPEST && self->items->len < self->at_most; depth++) {
        add_node(self, node);
        node = g_array_index(self->ledger->nodes, LedgerStack, node).caller; /* before its callee */
    }
    trim(self);
}

/* items: empty; Item. */
static void gather(const Ledger *self, guint32 node, guint at_most, GArray *items)
{
    if (node >= self->nodes->len)
        return;
    Gathering gathering = {
        .ledger = self,
        .kinds = cache_of(self)->kinds,
        .python = has_python(self, node),
        .drops = self->header.python_state == LEDGER_PYTHON_ON,
        .at_most = at_most,
        .items = items,
    };
    gather_from(&gathering, node);
    if (items->len > 0)
        return;
    gathering.drops = FALSE; /* better a name that does not last than none */
    gather_from(&gathering, node);
}

void ledger_add_frames(const Ledger *self, guint32 node, guint at_most, GArray *frames)
{
    g_autoptr(GArray) items = g_array_new(FALSE, FALSE, sizeof(Item));
    gather(self, node, at_most, items);
    for (guint i = 0; i < items->len; i++) {
        Frame frame = frame_at(self, &g_array_index(items, Item, i));
        g_array_append_val(frames, frame);
    }
}

/* The key's index for a stack of these items. sequence: room for one number more than there are items. */
static guint32 key_of(const Ledger *self, Cache *cache, const GArray *items, guint32 *sequence)
{
    enum { MAIN = 1u << 31 };
    sequence[0] = items->len;
    for (guint i = 0; i < items->len; i++) {
        const Item *item = &g_array_index(items, Item, i);
        sequence[i + 1] = cache->kinds[item->place].id | (item->is_main ? MAIN : 0);
    }
    guint32 index = GPOINTER_TO_UINT(g_hash_table_lookup(cache->sequences, sequence));
    if (index != 0)
        return index - 1;
    Frame frames[LEDGER_KEY_FRAMES];
    for (guint i = 0; i < items->len; i++)
        frames[i] = frame_at(self, &g_array_index(items, Item, i));
    /* Stacks that differ in how deep they recur have one key. */
    CallSite *site = call_sites_add(cache->keys.known, frames, items->len, 0, 0);
    if (!g_hash_table_contains(cache->indexes, site))
        g_hash_table_insert(cache->indexes, site, GUINT_TO_POINTER(g_hash_table_size(cache->indexes)));
    index = GPOINTER_TO_UINT(g_hash_table_lookup(cache->indexes, site));
    g_hash_table_insert(cache->sequences, g_memdup2(sequence, (items->len + 1) * sizeof *sequence),
                        GUINT_TO_POINTER(index + 1));
    return index;
}

const LedgerKeys *ledger_keys(const Ledger *self)
{
    Cache *cache = cache_of(self);
    if (cache->keys.known != NULL)
        return &cache->keys;
    g_autoptr(GArray) items = g_array_new(FALSE, FALSE, sizeof(Item));
    guint32 sequence[LEDGER_KEY_FRAMES + 1];
    cache->keys.known = call_sites_new();
    cache->keys.of_site = g_new0(guint32, self->sites->len + 1);
    cache->keys.site_of = g_new0(guint32, self->sites->len + 1);
    for (guint i = 1; i < self->sites->len; i++) {
        g_array_set_size(items, 0);
        gather(self, g_array_index(self->sites, LedgerSiteCounts, i).node, LEDGER_KEY_FRAMES, items);
        guint32 key = cache->keys.of_site[i] = key_of(self, cache, items, sequence);
        if (cache->keys.site_of[key] == 0)
            cache->keys.site_of[key] = i;
    }
    return &cache->keys;
}

CallSite *ledger_add_key(const Ledger *self, guint32 site, gint64 bytes, gint64 blocks, CallSites *sites)
{
    const LedgerKeys *keys = ledger_keys(self);
    guint32 key = keys->of_site[site];
    if (keys->site_of[key] == site)
        return call_sites_add_site(sites, call_sites_get(keys->known, key), bytes, blocks);
    g_autoptr(GArray) frames = g_array_new(FALSE, FALSE, sizeof(Frame));
    ledger_add_frames(self, g_array_index(self->sites, LedgerSiteCounts, site).node, LEDGER_KEY_FRAMES,
                      frames);
    return call_sites_add(sites, (const Frame *)(void *)frames->data, frames->len, bytes, blocks);
}

void ledger_move_files(Ledger *self, const char *from, const char *to)
{
    g_autoptr(GHashTable) moved = g_hash_table_new(NULL, NULL); /* offset -> offset */
    gsize length = strlen(from);
    for (guint i = 0; i < self->names->len; i++) {
        LedgerName *name = &g_array_index(self->names, LedgerName, i);
        const char *file = self->strings->str + name->file;
        if (name->file == 0 || strncmp(file, from, length) != 0 ||
            (file[length] != '\0' && file[length] != '/'))
            continue;
        gpointer known = g_hash_table_lookup(moved, GUINT_TO_POINTER(name->file));
        if (known == NULL) {
            g_autofree char *real = g_strconcat(to, file + length, NULL);
            known = GUINT_TO_POINTER((guint)self->strings->len);
            g_string_append_len(self->strings, real, (gssize)strlen(real) + 1);
            g_hash_table_insert(moved, GUINT_TO_POINTER(name->file), known);
        }
        name->file = GPOINTER_TO_UINT(known);
    }
    ledger_forget_keys(self);
}
