#include "ledger_keys.h"

#include "model/frame_kind.h"

enum { FIRST_SLOTS = 1 << 10, FRAME_FACTOR = 31 };

void ledger_keys_free(LedgerKeys *self)
{
    if (self == NULL)
        return;
    g_free(self->of_site);
    g_array_unref(self->texts);
    g_array_unref(self->first);
    g_free(self);
}

/* Keys by what they say. */
typedef struct {
    LedgerKeys *keys;
    guint32 *slots; /* key + 1, open addressing; 0: free */
    guint32 mask;
} Index;

static const LedgerText *key_text(const LedgerKeys *self, guint32 key)
{
    return &g_array_index(self->texts, LedgerText, key);
}

static guint32 *key_slot(const Index *self, const LedgerText *text)
{
    guint32 slot = (guint32)text->low & self->mask;
    for (; self->slots[slot] != 0; slot = (slot + 1) & self->mask) {
        const LedgerText *other = key_text(self->keys, self->slots[slot] - 1);
        if (other->low == text->low && other->high == text->high)
            break;
    }
    return &self->slots[slot];
}

/* At most half of the slots are taken. */
static void keys_make_room(Index *self)
{
    if (2 * (guint64)self->keys->count < self->mask)
        return;
    self->mask = 2 * self->mask + 1;
    g_free(self->slots);
    self->slots = g_new0(guint32, (gsize)self->mask + 1);
    for (guint32 key = 0; key < self->keys->count; key++)
        *key_slot(self, key_text(self->keys, key)) = key + 1;
}

static guint32 index_find_or_add(Index *self, const LedgerText *text, guint32 site)
{
    guint32 *slot = key_slot(self, text), key = *slot;
    if (key != 0)
        return key - 1;
    key = self->keys->count++;
    *slot = key + 1;
    g_array_append_vals(self->keys->texts, text, 1);
    g_array_append_val(self->keys->first, site);
    keys_make_room(self);
    return key;
}

/* Both halves of the product: every bit of one depends on all of the other. */
static guint64 mix(guint64 one, guint64 two)
{
    unsigned __int128 product = (unsigned __int128)one * two;
    return (guint64)product ^ (guint64)(product >> 64);
}

static const LedgerKind *key_kind(const LedgerKinds *kinds, const LedgerItem *item)
{
    return item->is_main ? &kinds->mains[item->number] : &kinds->kinds[item->number];
}

/* What a stack says, its frames folded as in model/call_site.c. */
static LedgerText text_of(const LedgerKinds *kinds, const LedgerItem *items, guint length)
{
    LedgerText texts[LEDGER_KEY_FRAMES], whole = {0};
    guint32 same[LEDGER_KEY_FRAMES];
    guint folded = 0;
    for (guint i = 0; i < length; i++) {
        const LedgerKind *kind = key_kind(kinds, &items[i]);
        if ((kind->traits & LEDGER_KIND_UNTOLD) != 0)
            continue;
        texts[folded] = kind->text;
        same[folded++] = kind->same;
        folded -= call_site_repeats(same, folded);
    }
    for (guint i = 0; i < folded; i++) {
        whole.low = mix(whole.low ^ texts[i].low, UINT64_C(0x9e3779b97f4a7c15)) + i;
        whole.high = mix(whole.high ^ texts[i].high, UINT64_C(0xd6e8feb86659fd93)) + i;
    }
    return whole;
}

const LedgerKeys *ledger_keys(const Ledger *self)
{
    if (self->keys != NULL)
        return self->keys;
    const LedgerKinds *kinds = ledger_kinds(self);
    LedgerKeys *keys = g_new0(LedgerKeys, 1);
    LedgerItem items[LEDGER_DEEPEST];
    Index index = {keys, g_new0(guint32, FIRST_SLOTS), FIRST_SLOTS - 1};
    keys->of_site = g_new0(guint32, self->sites->len + 1);
    keys->texts = g_array_new(FALSE, FALSE, sizeof(LedgerText));
    keys->first = g_array_new(FALSE, FALSE, sizeof(guint32));
    for (guint32 i = 1; i < self->sites->len; i++) {
        guint32 node = g_array_index(self->sites, LedgerSiteCounts, i).node;
        LedgerText text = text_of(kinds, items, ledger_items(self, node, LEDGER_KEY_FRAMES, items));
        keys->of_site[i] = index_find_or_add(&index, &text, i);
    }
    g_free(index.slots);
    ((Ledger *)self)->keys = keys; /* what is remembered is no part of its value */
    return keys;
}

/* The items of a key's first site; their number. */
static guint items_of_key(const Ledger *self, guint32 key, LedgerItem *items)
{
    guint32 site = g_array_index(ledger_keys(self)->first, guint32, key);
    return ledger_items(self, g_array_index(self->sites, LedgerSiteCounts, site).node, LEDGER_KEY_FRAMES,
                        items);
}

gboolean ledger_key_is_python(const Ledger *self, guint32 key)
{
    LedgerItem items[LEDGER_DEEPEST];
    guint length = items_of_key(self, key, items);
    for (guint i = 0; i < length; i++)
        if (frame_kind_is_python(key_kind(ledger_kinds(self), &items[i])->frame))
            return TRUE;
    return FALSE;
}

/* A number for the innermost so many frames that are told. */
static guint64 key_number_of_frames(const Ledger *self, guint32 key, guint frames)
{
    LedgerItem items[LEDGER_DEEPEST];
    guint length = items_of_key(self, key, items);
    guint64 number = 0;
    for (guint i = 0; i < length && frames > 0; i++) {
        const LedgerKind *kind = key_kind(ledger_kinds(self), &items[i]);
        if ((kind->traits & LEDGER_KIND_UNTOLD) != 0)
            continue;
        number = number * FRAME_FACTOR + kind->text.low;
        frames--;
    }
    return number;
}

guint64 ledger_key_function(const Ledger *self, guint32 key)
{
    return key_number_of_frames(self, key, 1);
}

guint64 ledger_key_caller(const Ledger *self, guint32 key)
{
    return key_number_of_frames(self, key, 2);
}

void ledger_add_site(const Ledger *self, guint32 site, gint64 bytes, gint64 blocks, CallSites *sites)
{
    g_autoptr(GArray) frames = g_array_new(FALSE, FALSE, sizeof(Frame));
    ledger_add_frames(self, g_array_index(self->sites, LedgerSiteCounts, site).node, LEDGER_KEY_FRAMES,
                      frames);
    call_sites_add(sites, (const Frame *)(void *)frames->data, frames->len, bytes, blocks);
}
