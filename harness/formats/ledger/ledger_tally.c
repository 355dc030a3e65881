#include "ledger_tally.h"

#include <string.h>

/* One ledger's share. */
typedef struct {
    const Ledger *ledger;
    LedgerKeySum *sums; /* by its keys */
    guint32 *totals;    /* by its keys: index into totals; NULL where there is one ledger alone */
} Part;

struct LedgerTally {
    LedgerNumber number;
    GArray *parts; /* Part */
    gint64 whole;
    GArray *totals; /* gint64: by what keys say, over all ledgers; NULL as well, and until first asked for */
};

static void part_clear(gpointer data)
{
    Part *part = data;
    g_free(part->sums);
    g_free(part->totals);
}

LedgerTally *ledger_tally_new(LedgerNumber number)
{
    LedgerTally *self = g_new0(LedgerTally, 1);
    self->number = number;
    self->parts = g_array_new(FALSE, FALSE, sizeof(Part));
    g_array_set_clear_func(self->parts, part_clear);
    return self;
}

void ledger_tally_free(LedgerTally *self)
{
    if (self == NULL)
        return;
    g_array_unref(self->parts);
    g_clear_pointer(&self->totals, g_array_unref);
    g_free(self);
}

void ledger_tally_add(LedgerTally *self, const Ledger *ledger)
{
    Part part = {.ledger = ledger, .sums = g_new0(LedgerKeySum, (gsize)ledger_keys(ledger)->count + 1)};
    ledger_key_sums(ledger, self->number, part.sums);
    self->whole += ledger_whole(ledger, self->number);
    g_array_append_val(self->parts, part);
}

gint64 ledger_tally_whole(const LedgerTally *self)
{
    return self->whole;
}

static guint key_text_hash(gconstpointer data)
{
    return (guint)((const LedgerText *)data)->low;
}

static gboolean key_text_equal(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, sizeof(LedgerText)) == 0;
}

/* Keys of several ledgers are one where they say the same. */
static void number_keys(Part *part, GHashTable *numbers)
{
    const LedgerKeys *keys = ledger_keys(part->ledger);
    part->totals = g_new0(guint32, (gsize)keys->count + 1);
    for (guint key = 0; key < keys->count; key++) {
        LedgerText *text = &g_array_index(keys->texts, LedgerText, key);
        guint number = GPOINTER_TO_UINT(g_hash_table_lookup(numbers, text));
        if (number == 0) {
            number = g_hash_table_size(numbers) + 1;
            g_hash_table_insert(numbers, text, GUINT_TO_POINTER(number));
        }
        part->totals[key] = number - 1;
    }
}

static void number_all(LedgerTally *self)
{
    g_autoptr(GHashTable) numbers = g_hash_table_new(key_text_hash, key_text_equal);
    for (guint i = 0; i < self->parts->len; i++)
        number_keys(&g_array_index(self->parts, Part, i), numbers);
    self->totals = g_array_new(FALSE, TRUE, sizeof(gint64));
    g_array_set_size(self->totals, g_hash_table_size(numbers));
    for (guint i = 0; i < self->parts->len; i++) {
        const Part *part = &g_array_index(self->parts, Part, i);
        for (guint key = 0; key < ledger_keys(part->ledger)->count; key++)
            g_array_index(self->totals, gint64, part->totals[key]) += part->sums[key].amount;
    }
}

/* The sums of one ledger are the totals. */
static void tally_prepare(LedgerTally *self)
{
    if (self->parts->len > 1 && self->totals == NULL)
        number_all(self);
}

/* What all ledgers together have of a key. */
static gint64 total_of(const LedgerTally *self, const Part *part, guint key)
{
    return self->totals != NULL ? g_array_index(self->totals, gint64, part->totals[key])
                                : part->sums[key].amount;
}

/* All totals, each once: the array, or the only ledger's sums. */
static guint count_totals(const LedgerTally *self)
{
    if (self->totals != NULL)
        return self->totals->len;
    return self->parts->len > 0 ? ledger_keys(g_array_index(self->parts, Part, 0).ledger)->count : 0;
}

static gint64 total_at(const LedgerTally *self, guint index)
{
    return self->totals != NULL ? g_array_index(self->totals, gint64, index)
                                : g_array_index(self->parts, Part, 0).sums[index].amount;
}

static guint count_above(const LedgerTally *self, gint64 amount)
{
    guint above = 0;
    for (guint i = 0; i < count_totals(self); i++)
        above += total_at(self, i) > amount;
    return above;
}

gint64 ledger_tally_rank(LedgerTally *self, guint count)
{
    tally_prepare(self);
    if (count_totals(self) <= count)
        return G_MININT64;
    gint64 low = 0, high = 0; /* the amount is above low - 1, and at most high */
    for (guint i = 0; i < count_totals(self); i++) {
        low = MIN(low, total_at(self, i));
        high = MAX(high, total_at(self, i));
    }
    while (low < high) {
        gint64 middle = low + (high - low) / 2; /* sums are below 2^62 */
        if (count_above(self, middle) <= count)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

guint ledger_tally_name(LedgerTally *self, gint64 least, CallSites *sites)
{
    guint unnamed = 0;
    tally_prepare(self);
    for (guint i = 0; i < self->parts->len; i++) {
        const Part *part = &g_array_index(self->parts, Part, i);
        for (guint key = 0; key < ledger_keys(part->ledger)->count; key++) {
            const LedgerKeySum *sum = &part->sums[key];
            if (sum->amount == 0 && sum->blocks == 0)
                continue;
            if (total_of(self, part, key) > least)
                ledger_add_site(part->ledger, sum->largest, sum->amount, sum->blocks, sites);
            else
                unnamed++;
        }
    }
    return unnamed;
}
