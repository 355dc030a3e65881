#include "ledger_places.h"

#include "ledger_python.h"
#include "ledger_sites.h"

struct LedgerPlaces {
    Ledger *ledger;
    guint32 *slots; /* index + 1 into places by hash, open addressing; 0: free */
    guint32 mask;
    GArray *changes; /* guint64: counts of nodes at which an object came or went; sorted */
    guint next;      /* index into changes of the first that is still to come */
    GArray *checked; /* guint by place: `next` when its module was last looked for */
};

enum { FIRST_SLOTS = 1 << 12 };

static gint by_count(gconstpointer a, gconstpointer b)
{
    guint64 one = *(const guint64 *)a, two = *(const guint64 *)b;
    return one < two ? -1 : one > two;
}

static GArray *changes_of(const Ledger *ledger)
{
    GArray *changes = g_array_new(FALSE, FALSE, sizeof(guint64));
    for (guint i = 0; i < ledger->modules->len; i++) {
        const LedgerModule *module = &g_array_index(ledger->modules, LedgerModule, i);
        g_array_append_val(changes, module->loaded_at);
        if (module->unloaded_at != 0)
            g_array_append_val(changes, module->unloaded_at);
    }
    g_array_sort(changes, by_count);
    return changes;
}

void ledger_places_free(LedgerPlaces *self)
{
    g_free(self->slots);
    g_array_unref(self->changes);
    g_array_unref(self->checked);
    g_free(self);
}

static LedgerPlace *place_at(const LedgerPlaces *self, guint32 index)
{
    return &g_array_index(self->ledger->places, LedgerPlace, index);
}

static guint32 place_slot(const LedgerPlaces *self, guint64 address)
{
    return (guint32)(address * UINT64_C(0x9e3779b97f4a7c15) >> 32) & self->mask;
}

static void place_put(LedgerPlaces *self, guint32 index)
{
    guint32 slot = place_slot(self, place_at(self, index)->address);
    while (self->slots[slot] != 0)
        slot = (slot + 1) & self->mask;
    self->slots[slot] = index + 1;
}

/* At most half of the slots are taken. */
static void places_make_room(LedgerPlaces *self)
{
    guint count = self->ledger->places->len;
    if (2 * (guint64)count < self->mask)
        return;
    self->mask = 2 * self->mask + 1;
    g_free(self->slots);
    self->slots = g_new0(guint32, (gsize)self->mask + 1);
    for (guint i = 0; i < count; i++)
        place_put(self, i);
}

static guint32 place_add(LedgerPlaces *self, const LedgerPlace *place)
{
    guint32 index = self->ledger->places->len;
    g_array_append_vals(self->ledger->places, place, 1);
    g_array_append_val(self->checked, self->next);
    place_put(self, index);
    places_make_room(self);
    return index;
}

LedgerPlaces *ledger_places_new(Ledger *ledger)
{
    LedgerPlaces *self = g_new0(LedgerPlaces, 1);
    self->ledger = ledger;
    self->mask = FIRST_SLOTS - 1;
    self->slots = g_new0(guint32, FIRST_SLOTS);
    self->changes = changes_of(ledger);
    self->checked = g_array_new(FALSE, FALSE, sizeof(guint));
    place_add(self, &(LedgerPlace){0});
    return self;
}

/* The place with this address, flags and object; makes it where there is none. */
static guint32 places_find_or_add(LedgerPlaces *self, const LedgerPlace *wanted)
{
    for (guint32 slot = place_slot(self, wanted->address); self->slots[slot] != 0;
         slot = (slot + 1) & self->mask) {
        guint32 index = self->slots[slot] - 1;
        const LedgerPlace *place = place_at(self, index);
        if (place->address == wanted->address && place->flags == wanted->flags &&
            place->module == wanted->module) {
            g_array_index(self->checked, guint, index) = self->next;
            return index;
        }
    }
    return place_add(self, wanted);
}

/* The address's place where it was asked for since objects last came or went; else G_MAXUINT32. */
static guint32 find_checked(const LedgerPlaces *self, const LedgerNode *node)
{
    for (guint32 slot = place_slot(self, node->address); self->slots[slot] != 0;
         slot = (slot + 1) & self->mask) {
        guint32 index = self->slots[slot] - 1;
        const LedgerPlace *place = place_at(self, index);
        if (place->address == node->address && place->flags == node->flags &&
            g_array_index(self->checked, guint, index) == self->next)
            return index;
    }
    return G_MAXUINT32;
}

guint32 ledger_places_add(LedgerPlaces *self, guint32 number, const LedgerNode *node)
{
    while (self->next < self->changes->len && g_array_index(self->changes, guint64, self->next) <= number)
        self->next++;
    guint32 index = find_checked(self, node);
    if (index != G_MAXUINT32)
        return index;
    LedgerPlace place = {.address = node->address, .flags = node->flags};
    place.module = ledger_module_at(self->ledger, node->address, number);
    return places_find_or_add(self, &place);
}
