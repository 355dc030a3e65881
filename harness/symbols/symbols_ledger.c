/* Adds names to a ledger, each address's once. */
#include <string.h>

#include "formats/ledger/ledger_sites.h"
#include "symbols.h"

/* The offset of a text in the ledger's strings, to which a new one is added; 0 for NULL. */
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

/* Resolves one place; returns the index + 1 of its first name. */
static guint32 add_names(Symbols *self, Ledger *ledger, const LedgerPlace *place, GHashTable *offsets,
                         GArray *frames)
{
    const LedgerModule *module = &g_array_index(ledger->modules, LedgerModule, place->module - 1);
    guint32 first = ledger->names->len + 1;
    g_array_set_size(frames, 0);
    symbols_resolve(self, module->path, module->build_id, module->build_id_size,
                    ledger_code_address(place->address) - module->bias, frames);
    for (guint i = 0; i < frames->len; i++) {
        const Frame *frame = &g_array_index(frames, Frame, i);
        LedgerName name = {offset_of(ledger, offsets, frame->function),
                           offset_of(ledger, offsets, frame->file), offset_of(ledger, offsets, frame->object),
                           frame->line, i + 1 < frames->len};
        g_array_append_val(ledger->names, name);
    }
    return first;
}

static gboolean is_nameless(const LedgerPlace *place)
{
    return place->name == 0 && place->module > 0;
}

void symbols_name_ledger(Symbols *self, Ledger *ledger)
{
    g_autoptr(GArray) frames = g_array_new(FALSE, FALSE, sizeof(Frame));
    g_autoptr(GHashTable) offsets = g_hash_table_new(g_direct_hash, g_direct_equal); /* texts are interned */
    guint named = 0;
    for (guint i = 0; i < ledger->places->len; i++) {
        LedgerPlace *place = &g_array_index(ledger->places, LedgerPlace, i);
        if (!is_nameless(place))
            continue;
        place->name = add_names(self, ledger, place, offsets, frames);
        named++;
    }
    if (named > 0)
        ledger_forget_keys(ledger);
}
