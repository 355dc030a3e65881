/* The names of a ledger's addresses: each found once, kept with the books. */
#include <string.h>

#include "formats/ledger_sites.h"
#include "symbols.h"

/* A text's offset, put in where it is new. */
static guint32 offset_of(Ledger *ledger, GHashTable *offsets, const char *text)
{
    if (text == NULL)
        return 0;
    guint32 offset = GPOINTER_TO_UINT(g_hash_table_lookup(offsets, text));
    if (offset == 0) {
        offset = (guint32)ledger->strings->len;
        g_string_append_len(ledger->strings, text, (gssize)strlen(text) + 1);
        g_hash_table_insert(offsets, (gpointer)text, GUINT_TO_POINTER(offset));
    }
    return offset;
}

/* An address of an object: the same in every stack. */
typedef struct {
    const LedgerModule *module;
    guint64 address;
} Place;

static guint place_hash(gconstpointer data)
{
    const Place *place = data;
    return g_direct_hash(place->module) ^ g_int64_hash(&place->address);
}

static gboolean place_equal(gconstpointer a, gconstpointer b)
{
    const Place *one = a, *two = b;
    return one->module == two->module && one->address == two->address;
}

/* Resolves one place and returns the index + 1 of its first name. */
static guint32 add_names(Symbols *self, Ledger *ledger, const Place *place, GHashTable *offsets,
                         GArray *frames)
{
    const LedgerModule *module = place->module;
    guint32 first = ledger->names->len + 1;
    g_array_set_size(frames, 0);
    symbols_resolve(self, module->path, module->build_id, module->build_id_size,
                    place->address - module->bias, frames);
    for (guint i = 0; i < frames->len; i++) {
        const Frame *frame = &g_array_index(frames, Frame, i);
        LedgerName name = {offset_of(ledger, offsets, frame->function),
                           offset_of(ledger, offsets, frame->file), offset_of(ledger, offsets, frame->object),
                           frame->line, i + 1 < frames->len};
        g_array_append_val(ledger->names, name);
    }
    return first;
}

void symbols_name_ledger(Symbols *self, Ledger *ledger)
{
    ledger_forget_keys(ledger);
    g_autoptr(GArray) frames = g_array_new(FALSE, FALSE, sizeof(Frame));
    g_autoptr(GHashTable) offsets = g_hash_table_new(g_direct_hash, g_direct_equal); /* texts are interned */
    g_autoptr(GHashTable) places = g_hash_table_new_full(place_hash, place_equal, g_free, NULL);
    guint had = ledger->named->len;
    g_array_set_size(ledger->named, ledger->nodes->len);
    guint32 *named = (guint32 *)(void *)ledger->named->data;
    if (had == 0 && ledger->nodes->len > 0)
        memset(named, 0, ledger->nodes->len * sizeof *named);
    for (guint node = 1; node < ledger->nodes->len; node++) {
        if (named[node] != 0)
            continue;
        guint64 address = ledger_code_address(g_array_index(ledger->nodes, LedgerNode, node).address);
        Place place = {ledger_module_of(ledger, node), address};
        if (place.module == NULL)
            continue;
        named[node] = GPOINTER_TO_UINT(g_hash_table_lookup(places, &place));
        if (named[node] != 0)
            continue;
        named[node] = add_names(self, ledger, &place, offsets, frames);
        g_hash_table_insert(places, g_memdup2(&place, sizeof place), GUINT_TO_POINTER(named[node]));
    }
}
