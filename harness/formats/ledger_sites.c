#include "ledger_sites.h"

#include <string.h>

#include "ledger_frames.h"
#include "ledger_python.h"

#define EXACT     (UINT64_C(1) << 63)
#define KIND_BITS (UINT64_C(7) << 60)

guint64 ledger_code_address(guint64 node_address)
{
    guint64 address = node_address & ~(EXACT | KIND_BITS);
    return (node_address & EXACT) != 0 || address == 0 ? address : address - 1;
}

/* Of several objects that lay there in turn, the one that did when the node was made. */
guint32 ledger_module_at(const Ledger *self, guint64 node_address, guint32 node)
{
    guint64 address = ledger_code_address(node_address);
    if (ledger_address_is_python(node_address))
        return 0;
    for (guint i = self->modules->len; i-- > 0;) {
        const LedgerModule *module = &g_array_index(self->modules, LedgerModule, i);
        if (address >= module->start && address < module->end && module->loaded_at <= node &&
            (module->unloaded_at == 0 || node < module->unloaded_at))
            return i + 1;
    }
    return 0;
}

const LedgerModule *ledger_module_of(const Ledger *self, guint32 node)
{
    const LedgerPlace *place = ledger_place_of(self, node);
    return place->module > 0 ? &g_array_index(self->modules, LedgerModule, place->module - 1) : NULL;
}

/* What one site comes to. */
typedef struct {
    gint64 amount, blocks;
} Sum;

/* What nothing real comes to; sums over some ledgers fit into 63 bits. */
static const gint64 largest_sum = G_GINT64_CONSTANT(1) << 53;

static Sum sum_of(const LedgerSiteCounts *site, LedgerNumber number)
{
    switch (number) {
    case LEDGER_NUMBER_PEAK:
        return (Sum){site->peak_bytes, site->peak_blocks};
    case LEDGER_NUMBER_TOTAL:
        return (Sum){(gint64)site->total_bytes, (gint64)site->total_blocks};
    case LEDGER_NUMBER_ALLOCATIONS:
        return (Sum){(gint64)site->total_blocks, 0};
    case LEDGER_NUMBER_TEMPORARY:
        return (Sum){(gint64)site->temporary_blocks, 0};
    case LEDGER_NUMBER_KEPT:
        break;
    }
    return (Sum){0, 0};
}

/* By site; (transfer full). */
static Sum *sums_of(const Ledger *self, LedgerNumber number)
{
    Sum *sums = g_new0(Sum, self->sites->len + 1);
    for (guint i = 0; i < self->sites->len; i++)
        sums[i] = sum_of(&g_array_index(self->sites, LedgerSiteCounts, i), number);
    for (guint i = 0; number == LEDGER_NUMBER_KEPT && i < self->kept->len; i++) {
        const LedgerEndRecord *record = &g_array_index(self->kept, LedgerEndRecord, i);
        sums[record->site].amount += record->bytes; /* checked: in range, and each below 2^48 */
        sums[record->site].blocks += record->blocks;
    }
    return sums;
}

/* By key: the sum over its sites, and the one that has most of it. */
typedef struct {
    Sum sum;
    guint32 largest;
} KeySum;

/* (transfer full). */
static KeySum *sums_by_key(const Ledger *self, const Sum *sums)
{
    const LedgerKeys *keys = ledger_keys(self);
    KeySum *by_key = g_new0(KeySum, call_sites_count(keys->known) + 1);
    for (guint i = 1; i < self->sites->len; i++) {
        KeySum *key = &by_key[keys->of_site[i]];
        key->sum.amount = CLAMP(key->sum.amount + sums[i].amount, -largest_sum, largest_sum);
        key->sum.blocks = CLAMP(key->sum.blocks + sums[i].blocks, -largest_sum, largest_sum);
        if (key->largest == 0 || sums[i].amount > sums[key->largest].amount)
            key->largest = i;
    }
    return by_key;
}

gint64 ledger_add_sites(const Ledger *self, LedgerNumber number, CallSites *sites)
{
    g_autofree Sum *sums = sums_of(self, number);
    gint64 whole = 0;
    for (guint i = 1; i < self->sites->len; i++)
        whole = MIN(whole + sums[i].amount, largest_sum);
    if (sites == NULL)
        return whole;
    g_autofree KeySum *by_key = sums_by_key(self, sums);
    for (guint key = 0; key < call_sites_count(ledger_keys(self)->known); key++)
        if (by_key[key].sum.amount != 0 || by_key[key].sum.blocks != 0)
            ledger_add_key(self, by_key[key].largest, by_key[key].sum.amount, by_key[key].sum.blocks, sites);
    return whole;
}

static gboolean is_iteration(const Ledger *self, guint mark)
{
    return strcmp(g_array_index(self->marks, LedgerMark, mark).name, "iteration") == 0;
}

guint ledger_iterations(const Ledger *self)
{
    guint count = 0;
    for (guint i = 0; i < self->marks->len; i++)
        count += is_iteration(self, i);
    return count;
}

/* A table has no more columns and rows than these, whatever the books say: beyond, several iterations share a
 * column, and the call sites that come last share a row. */
enum { MOST_COLUMNS = 512, MOST_ROWS = 1 << 16 };

/* What a ledger says of the counted iterations, as a table for the growth rule. */
typedef struct {
    const Ledger *ledger;
    guint before, points;
    guint stride; /* iterations to a column */
    CallSites *sites;
    const KeySum *kept;  /* by key */
    guint32 *rows;       /* by key: its row + 1; 0: it has none yet */
    GArray *live, *born; /* gint64, points of each row */
} Growing;

/* The row of a site: sites of one key share one. */
static gint64 *series_of(Growing *self, GArray *series, guint32 site)
{
    const LedgerKeys *keys = ledger_keys(self->ledger);
    guint32 *row = &self->rows[keys->of_site[site]];
    if (*row == 0) {
        guint count = call_sites_count(self->sites);
        if (count < MOST_ROWS)
            ledger_add_key(self->ledger, self->kept[keys->of_site[site]].largest, 0, 0, self->sites);
        else
            call_sites_add(self->sites, NULL, 0, 0, 0);
        *row = MIN(count + 1, call_sites_count(self->sites));
        gsize size = (gsize)call_sites_count(self->sites) * self->points;
        g_array_set_size(self->live, (guint)size);
        g_array_set_size(self->born, (guint)size);
    }
    return &g_array_index(series, gint64, (gsize)(*row - 1) * self->points);
}

/* Births: what was born in an iteration counts from its end on. */
static void fill_born(Growing *self)
{
    const Ledger *ledger = self->ledger;
    g_autofree guint *completed =
        g_new0(guint, ledger->marks->len + 1); /* iterations, by the number of marks set */
    for (guint mark = 0; mark < ledger->marks->len; mark++)
        completed[mark + 1] = completed[mark] + (is_iteration(ledger, mark) ? 1 : 0);
    for (guint i = 0; i < ledger->kept->len; i++) {
        const LedgerEndRecord *record = &g_array_index(ledger->kept, LedgerEndRecord, i);
        guint done = completed[MIN(record->birth, ledger->marks->len)];
        if (done < self->before)
            continue;
        gint64 *born = series_of(self, self->born, record->site);
        for (guint t = (done - self->before) / self->stride + 1; t < self->points; t++)
            born[t] += record->bytes;
    }
}

/* What each site held at each mark is written only where it changed: carried on from there. */
static void fill_live(Growing *self)
{
    const Ledger *ledger = self->ledger;
    g_autofree gint64 *now = g_new0(gint64, ledger->sites->len + 1);
    guint at = 0, done = 0;
    for (guint mark = 0; mark < ledger->marks->len; mark++) {
        for (; at < ledger->changes->len && g_array_index(ledger->changes, LedgerChange, at).mark <= mark + 1;
             at++) {
            const LedgerChange *change = &g_array_index(ledger->changes, LedgerChange, at);
            now[change->site] = change->live_bytes;
            series_of(self, self->live, change->site);
        }
        if (!is_iteration(ledger, mark) || ++done < self->before || (done - self->before) % self->stride != 0)
            continue;
        for (guint site = 1; site < ledger->sites->len; site++)
            if (now[site] != 0)
                series_of(self, self->live, site)[(done - self->before) / self->stride] += now[site];
    }
}

/* From bytes a column to bytes an iteration; rounded up. */
static gint64 spread(const CallSites *columns, guint stride, CallSites *growing)
{
    gint64 total = 0;
    for (guint i = 0; i < call_sites_count(columns); i++) {
        const CallSite *site = call_sites_get(columns, i);
        gint64 bytes = (site->bytes + stride - 1) / stride;
        call_sites_add(growing, site->frames, site->n_frames, bytes, 0);
        total += bytes;
    }
    return total;
}

gint64 ledger_growth(const Ledger *self, guint before, CallSites *growing, gint64 *smallest)
{
    guint iterations = ledger_iterations(self);
    *smallest = 0;
    if (iterations <= before || before == 0)
        return 0;
    guint counted = iterations - before, stride = (counted + MOST_COLUMNS - 1) / MOST_COLUMNS;
    before += counted % stride; /* the last iteration is the end of a column */
    g_autoptr(CallSites) sites = call_sites_new(), columns = call_sites_new();
    g_autoptr(GArray) live = g_array_new(FALSE, TRUE, sizeof(gint64));
    g_autoptr(GArray) born = g_array_new(FALSE, TRUE, sizeof(gint64));
    g_autofree guint32 *rows = g_new0(guint32, call_sites_count(ledger_keys(self)->known) + 1);
    g_autofree Sum *sums = sums_of(self, LEDGER_NUMBER_KEPT);
    g_autofree KeySum *kept = sums_by_key(self, sums);
    Growing work = {self, before, counted / stride + 1, stride, sites, kept, rows, live, born};
    fill_born(&work);
    fill_live(&work);
    gint64 *births = (gint64 *)(void *)born->data;
    gboolean knows_live = self->changes->len > 0;
    GrowthTable table = {sites, work.points, knows_live ? (gint64 *)(void *)live->data : births, births};
    growth_of_table(&table, columns, smallest);
    return spread(columns, stride, growing);
}
