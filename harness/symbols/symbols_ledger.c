/* The names of a ledger's addresses: each found once, kept with the books. */
#include <string.h>

#include "formats/ledger_sites.h"
#include "symbols.h"

static gint by_number(gconstpointer a, gconstpointer b)
{
    const guint64 *one = a, *two = b;
    return *one < *two ? -1 : *one > *two;
}

/* Every address of every stack, once, sorted; (transfer full). */
static GArray *addresses_of(const Ledger *ledger)
{
    GArray *addresses = g_array_sized_new(FALSE, FALSE, sizeof(guint64), ledger->nodes->len);
    for (guint i = 1; i < ledger->nodes->len; i++) {
        guint64 address = g_array_index(ledger->nodes, LedgerNode, i).address;
        g_array_append_val(addresses, address);
    }
    g_array_sort(addresses, by_number);
    guint used = 0;
    for (guint i = 0; i < addresses->len; i++) {
        guint64 address = g_array_index(addresses, guint64, i);
        if (used == 0 || g_array_index(addresses, guint64, used - 1) != address)
            g_array_index(addresses, guint64, used++) = address;
    }
    g_array_set_size(addresses, used);
    return addresses;
}

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

void symbols_name_ledger(Symbols *self, Ledger *ledger)
{
    if (ledger->names->len > 0)
        return;
    g_autoptr(GArray) addresses = addresses_of(ledger), frames = g_array_new(FALSE, FALSE, sizeof(Frame));
    g_autoptr(GHashTable) offsets = g_hash_table_new(g_direct_hash, g_direct_equal); /* texts are interned */
    for (guint i = 0; i < addresses->len; i++) {
        guint64 address = g_array_index(addresses, guint64, i);
        const LedgerModule *module = ledger_module_of(ledger, address);
        if (module == NULL)
            continue;
        g_array_set_size(frames, 0);
        symbols_resolve(self, module->path, module->build_id, module->build_id_size,
                        ledger_code_address(address) - module->bias, frames);
        for (guint f = 0; f < frames->len; f++) {
            const Frame *frame = &g_array_index(frames, Frame, f);
            LedgerName name = {address, offset_of(ledger, offsets, frame->function),
                               offset_of(ledger, offsets, frame->file), offset_of(ledger, offsets, frame->object),
                               frame->line};
            g_array_append_val(ledger->names, name);
        }
    }
}
