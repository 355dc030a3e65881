#include "ledger_sites.h"

#include <string.h>

#include "ledger_keys.h"
#include "ledger_python.h"

guint64 ledger_code_address(guint64 node_address)
{
    guint64 address = ledger_frame_address(node_address);
    return (node_address & LEDGER_FRAME_EXACT) != 0 || address == 0 ? address : address - 1;
}

/* Of several objects that lay there in turn, the one that did when the node was made. */
guint32 ledger_module_at(const Ledger *self, guint64 node_address, guint32 node)
{
    guint64 address = ledger_code_address(node_address);
    if (ledger_frame_is(node_address, LEDGER_FRAME_PYTHON))
        return 0;
    for (guint i = self->modules->len; i-- > 0;) {
        const LedgerModule *module = &g_array_index(self->modules, LedgerModule, i);
        if (address >= module->start && address < module->end && module->loaded_at <= node &&
            (module->unloaded_at == 0 || node < module->unloaded_at))
            return i + 1;
    }
    return 0;
}

/* What one site comes to. */
typedef struct {
    gint64 amount, blocks;
} Sum;

/* What nothing real comes to; sums over some ledgers fit into 63 bits. */
static const gint64 largest_sum = G_GINT64_CONSTANT(1) << 53;

static guint32 site_kind(const Ledger *self, guint32 site)
{
    return g_array_index(self->sites, LedgerSiteCounts, site).kind;
}

static gboolean is_mapped(LedgerNumber number)
{
    return number == LEDGER_NUMBER_MAPPED_PEAK || number == LEDGER_NUMBER_MAPPED_KEPT;
}

static gboolean is_kept(LedgerNumber number)
{
    return number == LEDGER_NUMBER_KEPT || number == LEDGER_NUMBER_MAPPED_KEPT;
}

static Sum sum_of(const LedgerSiteCounts *site, LedgerNumber number)
{
    switch (number) {
    case LEDGER_NUMBER_PEAK:
    case LEDGER_NUMBER_MAPPED_PEAK:
        return (Sum){site->peak_bytes, site->peak_blocks};
    case LEDGER_NUMBER_TOTAL:
        return (Sum){(gint64)site->total_bytes, (gint64)site->total_blocks};
    case LEDGER_NUMBER_ALLOCATIONS:
        return (Sum){(gint64)site->total_blocks, 0};
    case LEDGER_NUMBER_TEMPORARY:
        return (Sum){(gint64)site->temporary_blocks, 0};
    case LEDGER_NUMBER_KEPT:
    case LEDGER_NUMBER_MAPPED_KEPT:
        break;
    }
    return (Sum){0, 0};
}

/* What was kept, by site; (transfer full). NULL: the number is not about that. */
static Sum *sites_kept(const Ledger *self, LedgerNumber number)
{
    if (!is_kept(number))
        return NULL;
    Sum *sums = g_new0(Sum, (gsize)self->sites->len + 1);
    for (guint i = 0; i < self->kept->len; i++) {
        const LedgerEndRecord *record = &g_array_index(self->kept, LedgerEndRecord, i);
        sums[record->site].amount += record->bytes; /* checked: in range, and each below 2^48 */
        sums[record->site].blocks += record->blocks;
    }
    return sums;
}

static Sum sum_at(const Ledger *self, LedgerNumber number, const Sum *kept, guint32 site)
{
    if (site_kind(self, site) != (is_mapped(number) ? LEDGER_SITE_MAPPED : LEDGER_SITE_HEAP))
        return (Sum){0, 0};
    return kept != NULL ? kept[site] : sum_of(&g_array_index(self->sites, LedgerSiteCounts, site), number);
}

void ledger_key_sums(const Ledger *self, LedgerNumber number, LedgerKeySum *by_key)
{
    const LedgerKeys *keys = ledger_keys(self);
    g_autofree Sum *kept = sites_kept(self, number);
    for (guint32 i = 1; i < self->sites->len; i++) {
        LedgerKeySum *key = &by_key[keys->of_site[i]];
        Sum sum = sum_at(self, number, kept, i);
        key->amount = CLAMP(key->amount + sum.amount, -largest_sum, largest_sum);
        key->blocks = CLAMP(key->blocks + sum.blocks, -largest_sum, largest_sum);
        if (key->largest == 0 || sum.amount > sum_at(self, number, kept, key->largest).amount)
            key->largest = i;
    }
}

gint64 ledger_whole(const Ledger *self, LedgerNumber number)
{
    g_autofree Sum *kept = sites_kept(self, number);
    gint64 whole = 0;
    for (guint32 i = 1; i < self->sites->len; i++)
        whole = MIN(whole + sum_at(self, number, kept, i).amount, largest_sum);
    return whole;
}

gint64 ledger_add_sites(const Ledger *self, LedgerNumber number, CallSites *sites)
{
    if (sites == NULL)
        return ledger_whole(self, number);
    guint count = ledger_keys(self)->count;
    g_autofree LedgerKeySum *sums = g_new0(LedgerKeySum, count + 1);
    ledger_key_sums(self, number, sums);
    for (guint key = 0; key < count; key++)
        if (sums[key].amount != 0 || sums[key].blocks != 0)
            ledger_add_site(self, sums[key].largest, sums[key].amount, sums[key].blocks, sites);
    return ledger_whole(self, number);
}

guint ledger_iterations(const Ledger *self)
{
    return (guint)self->header.iterations;
}
