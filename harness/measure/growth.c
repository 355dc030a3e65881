#include "growth.h"

#include <math.h>
#include <string.h>

enum { QUARTERS = 4, SLIGHT = 50 };

/* The share of iterations of a quarter that must have left something behind: one in this many. */
enum { ONE_IN = 3 };

/* By how much each rise of a list that grows by a factor exceeds the one before: capacities grow by half or
 * more. */
#define LEAST_FACTOR 1.25

static gboolean rises_in_every_quarter(const gint64 *floor, guint points)
{
    guint counted = points - 1;
    for (guint quarter = 0; quarter < QUARTERS; quarter++) {
        guint from = 1 + counted * quarter / QUARTERS, to = 1 + counted * (quarter + 1) / QUARTERS, rises = 0;
        for (guint i = from; i < to; i++)
            rises += floor[i] > floor[i - 1];
        if (rises * ONE_IN < to - from)
            return FALSE;
    }
    return TRUE;
}

/* A list that grows by a factor rises seldom, and by more each time; in a short run that may fall into every
 * quarter. */
static gboolean rises_by_a_factor(const gint64 *floor, guint points)
{
    guint rises = 0;
    double last = 0;
    for (guint i = 1; i < points; i++) {
        double rise = (double)floor[i] - (double)floor[i - 1];
        if (rise <= 0)
            continue;
        if (rise < last * LEAST_FACTOR)
            return FALSE;
        last = rise;
        rises++;
    }
    return 3 * rises <= 2 * (points - 1);
}

Growth growth_of_series(const gint64 *bytes, guint points)
{
    if (points < QUARTERS + 1)
        return (Growth){0};
    g_autofree gint64 *floor = g_new(gint64, points);
    floor[points - 1] = bytes[points - 1];
    for (guint i = points - 1; i-- > 0;)
        floor[i] = MIN(bytes[i], floor[i + 1]);
    gint64 rise = floor[points - 1] - floor[0];
    gint64 per_iteration = rise > 0 ? (rise + points - 2) / (points - 1) : 0;
    if (rises_in_every_quarter(floor, points) && !rises_by_a_factor(floor, points))
        return (Growth){.bytes_per_iteration = per_iteration};
    return (Growth){.hidden_per_iteration = per_iteration};
}

/* What the sites of one allocating function gain and lose: a site that grows because another with the same
 * allocation shrinks took over its work and leaks nothing. */
typedef struct {
    gint64 gained, lost; /* bytes per iteration, both positive */
} Balance;

/* The key up to its first frame's end; (transfer full). */
static char *allocating_function(const char *key)
{
    const char *end = strstr(key, " < ");
    return end != NULL ? g_strndup(key, (gsize)(end - key)) : g_strdup(key);
}

static Balance *balance_of(GHashTable *balances, const char *key)
{
    g_autofree char *function = allocating_function(key);
    Balance *balance = g_hash_table_lookup(balances, function);
    if (balance == NULL) {
        balance = g_new0(Balance, 1);
        g_hash_table_insert(balances, g_steal_pointer(&function), balance);
    }
    return balance;
}

/* What a site that has births in every quarter gained; its live bytes alone did not show it. */
static gint64 gain_by_births(const GrowthTable *table, guint row)
{
    const gint64 *live = table->live + (gsize)row * table->points;
    gint64 net = live[table->points - 1] - live[0];
    if (table->born == NULL || net <= 0)
        return 0;
    gint64 born =
        growth_of_series(table->born + (gsize)row * table->points, table->points).bytes_per_iteration;
    return MIN(born, (net + table->points - 2) / (table->points - 1));
}

/* What was there at the beginning and steadily went away. */
static void add_losses(const GrowthTable *table, GHashTable *balances)
{
    g_autofree gint64 *negative = g_new(gint64, table->points);
    for (guint row = 0; row < call_sites_count(table->sites); row++) {
        const gint64 *live = table->live + (gsize)row * table->points;
        if (live[0] == 0)
            continue;
        for (guint t = 0; t < table->points; t++)
            negative[t] = -live[t];
        balance_of(balances, call_sites_get(table->sites, row)->key)->lost +=
            growth_of_series(negative, table->points).bytes_per_iteration;
    }
}

static gboolean is_python(const CallSite *site)
{
    for (guint i = 0; i < site->n_frames; i++)
        if (g_strcmp0(site->frames[i].object, FRAME_PYTHON_OBJECT) == 0)
            return TRUE;
    return FALSE;
}

/* An interpreter keeps freed lists and dictionaries to use their memory again elsewhere, and no allocator
 * hears of it: a block stays booked to the line that first had it, so lines of Python gain what others lose.
 * Together they can gain no more than all of them rose by, and not steadily unless they rose in every
 * quarter. Returns that, in bytes per iteration, rounded up. */
static gint64 python_rise(const GrowthTable *table)
{
    guint points = table->points, counted = points - 1, risen_in[QUARTERS] = {0};
    g_autofree gint64 *sum = g_new0(gint64, points);
    gint64 rise = 0;
    for (guint row = 0; row < call_sites_count(table->sites); row++)
        for (guint t = 0; t < points && is_python(call_sites_get(table->sites, row)); t++)
            sum[t] += table->live[(gsize)row * points + t];
    for (guint t = 1; t < points; t++) {
        rise += MAX(sum[t] - sum[t - 1], 0);
        risen_in[(t - 1) * QUARTERS / counted] += sum[t] > sum[t - 1];
    }
    for (guint quarter = 0; quarter < QUARTERS; quarter++)
        if (risen_in[quarter] == 0)
            return 0;
    return (rise + counted - 1) / counted;
}

/* What each row gains, by row, in bytes per iteration; (transfer full). hidden: the largest rise that was not
 * called. */
static gint64 *gains_of(const GrowthTable *table, gint64 *hidden)
{
    guint rows = call_sites_count(table->sites);
    gint64 *gains = g_new0(gint64, rows + 1), python = 0, rounded = 0, together = python_rise(table);
    for (guint row = 0; row < rows; row++) {
        Growth growth = growth_of_series(table->live + (gsize)row * table->points, table->points);
        gains[row] = growth.bytes_per_iteration > 0 ? growth.bytes_per_iteration : gain_by_births(table, row);
        if (gains[row] == 0)
            *hidden = MAX(*hidden, growth.hidden_per_iteration);
        else if (is_python(call_sites_get(table->sites, row))) {
            python += gains[row];
            rounded++;
        }
    }
    /* Each gain was rounded up, and a fiftieth is no sign of anything. */
    for (guint row = 0; row < rows && python > together + rounded + python / SLIGHT; row++)
        if (gains[row] > 0 && is_python(call_sites_get(table->sites, row)))
            gains[row] = (gint64)ceil((double)gains[row] * (double)together / (double)python);
    return gains;
}

/* The sites that grow, before anything is set off; returns the largest rise that was not called. */
static gint64 add_gains(const GrowthTable *table, GHashTable *balances, CallSites *candidates)
{
    gint64 hidden = 0;
    g_autofree gint64 *gains = gains_of(table, &hidden);
    for (guint row = 0; row < call_sites_count(table->sites); row++) {
        const CallSite *site = call_sites_get(table->sites, row);
        if (gains[row] == 0)
            continue;
        balance_of(balances, site->key)->gained += gains[row];
        call_sites_add_site(candidates, site, gains[row], 0);
    }
    return hidden;
}

gint64 growth_of_table(const GrowthTable *table, CallSites *growing, gint64 *smallest)
{
    *smallest = 0;
    if (table->points < QUARTERS + 1)
        return 0;
    g_autoptr(GHashTable) balances = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_autoptr(CallSites) candidates = call_sites_new();
    gint64 total = 0, hidden = add_gains(table, balances, candidates);
    add_losses(table, balances);
    for (guint i = 0; i < call_sites_count(candidates); i++) {
        const CallSite *site = call_sites_get(candidates, i);
        const Balance *balance = balance_of(balances, site->key);
        gint64 net = balance->gained - balance->lost;
        if (net <= 0)
            continue;
        /* Its share of what is left, rounded up. */
        double share = (double)site->bytes * (double)net / (double)balance->gained;
        gint64 left = (gint64)ceil(share);
        call_sites_add_site(growing, site, left, 0);
        total += left;
    }
    *smallest = hidden + 1;
    return total;
}

gint64 growth_of_call_sites(const GPtrArray *tables, CallSites *growing, gint64 *smallest)
{
    g_autoptr(CallSites) all = call_sites_new();
    for (guint t = 0; t < tables->len; t += MAX(tables->len - 1, 1))
        call_sites_add_all(all,
                           g_ptr_array_index(tables, t)); /* what neither holds neither grows nor shrinks */
    guint rows = call_sites_count(all);
    g_autofree gint64 *live = g_new0(gint64, (gsize)rows * tables->len + 1);
    for (guint row = 0; row < rows; row++)
        for (guint t = 0; t < tables->len; t++) {
            const CallSite *then =
                call_sites_find(g_ptr_array_index(tables, t), call_sites_get(all, row)->key);
            live[(gsize)row * tables->len + t] = then != NULL ? then->bytes : 0;
        }
    GrowthTable table = {all, tables->len, live, NULL};
    return growth_of_table(&table, growing, smallest);
}
