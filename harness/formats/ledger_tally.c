#include "ledger_tally.h"

#include <string.h>

/* One ledger's share. */
typedef struct {
    const Ledger *ledger;
    LedgerKeySum *sums; /* by its keys */
    guint32 *totals;    /* by its keys: index into totals; NULL while there is one ledger alone */
} Part;

struct LedgerTally {
    LedgerNumber number;
    GArray *parts; /* Part */
    gint64 whole;
    GArray *totals; /* gint64: by what keys say, over all ledgers; NULL until first asked for */
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

static guint text_hash(gconstpointer data)
{
    return (guint)((const LedgerText *)data)->low;
}

static gboolean text_equal(gconstpointer a, gconstpointer b)
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

static guint32 total_of(const Part *part, guint key)
{
    return part->totals != NULL ? part->totals[key] : key;
}

static const GArray *totals_of(LedgerTally *self)
{
    if (self->totals != NULL)
        return self->totals;
    g_autoptr(GHashTable) numbers = g_hash_table_new(text_hash, text_equal);
    self->totals = g_array_new(FALSE, TRUE, sizeof(gint64));
    for (guint i = 0; i < self->parts->len; i++) {
        Part *part = &g_array_index(self->parts, Part, i);
        guint count = ledger_keys(part->ledger)->count;
        if (self->parts->len > 1)
            number_keys(part, numbers);
        g_array_set_size(self->totals, self->parts->len > 1 ? g_hash_table_size(numbers) : count);
        for (guint key = 0; key < count; key++)
            g_array_index(self->totals, gint64, total_of(part, key)) += part->sums[key].amount;
    }
    return self->totals;
}

static gint by_amount(gconstpointer a, gconstpointer b)
{
    gint64 one = *(const gint64 *)a, two = *(const gint64 *)b;
    return one > two ? -1 : one < two;
}

gint64 ledger_tally_rank(LedgerTally *self, guint count)
{
    const GArray *totals = totals_of(self);
    if (totals->len <= count)
        return G_MININT64;
    g_autoptr(GArray) sorted = g_array_new(FALSE, FALSE, sizeof(gint64));
    g_array_append_vals(sorted, totals->data, totals->len);
    g_array_sort(sorted, by_amount);
    return g_array_index(sorted, gint64, count);
}

void ledger_tally_name(LedgerTally *self, gint64 least, CallSites *sites)
{
    const GArray *totals = totals_of(self);
    for (guint i = 0; i < self->parts->len; i++) {
        const Part *part = &g_array_index(self->parts, Part, i);
        for (guint key = 0; key < ledger_keys(part->ledger)->count; key++) {
            const LedgerKeySum *sum = &part->sums[key];
            if (g_array_index(totals, gint64, total_of(part, key)) > least &&
                (sum->amount != 0 || sum->blocks != 0))
                ledger_add_site(part->ledger, sum->largest, sum->amount, sum->blocks, sites);
        }
    }
}
