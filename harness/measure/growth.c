#include "growth.h"

#include <math.h>
#include <string.h>

enum { QUARTERS = 4 };

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

/* Live bytes of one site in every table, or their negatives. */
static void fill_series(const GPtrArray *tables, const char *key, int sign, gint64 *bytes)
{
    for (guint t = 0; t < tables->len; t++) {
        const CallSite *then = call_sites_find(g_ptr_array_index(tables, t), key);
        bytes[t] = then != NULL ? sign * then->bytes : 0;
    }
}

/* What was there at the beginning and steadily went away. */
static void add_losses(const GPtrArray *tables, GHashTable *balances, gint64 *bytes)
{
    const CallSites *first = g_ptr_array_index(tables, 0);
    for (guint i = 0; i < call_sites_count(first); i++) {
        const CallSite *site = call_sites_get(first, i);
        fill_series(tables, site->key, -1, bytes);
        balance_of(balances, site->key)->lost += growth_of_series(bytes, tables->len).bytes_per_iteration;
    }
}

/* The sites that grow, before anything is set off; returns the largest rise that was not called. */
static gint64 add_gains(const GPtrArray *tables, GHashTable *balances, CallSites *candidates, gint64 *bytes)
{
    const CallSites *last = g_ptr_array_index(tables, tables->len - 1);
    gint64 hidden = 0;
    for (guint i = 0; i < call_sites_count(last); i++) {
        const CallSite *site = call_sites_get(last, i);
        fill_series(tables, site->key, 1, bytes);
        Growth growth = growth_of_series(bytes, tables->len);
        hidden = MAX(hidden, growth.hidden_per_iteration);
        if (growth.bytes_per_iteration == 0)
            continue;
        balance_of(balances, site->key)->gained += growth.bytes_per_iteration;
        call_sites_add(candidates, site->frames, site->n_frames, growth.bytes_per_iteration, 0);
    }
    return hidden;
}

gint64 growth_of_call_sites(const GPtrArray *tables, CallSites *growing, gint64 *smallest)
{
    *smallest = 0;
    if (tables->len < QUARTERS + 1)
        return 0;
    g_autoptr(GHashTable) balances = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_autoptr(CallSites) candidates = call_sites_new();
    g_autofree gint64 *bytes = g_new(gint64, tables->len);
    gint64 total = 0, hidden = add_gains(tables, balances, candidates, bytes);
    add_losses(tables, balances, bytes);
    for (guint i = 0; i < call_sites_count(candidates); i++) {
        const CallSite *site = call_sites_get(candidates, i);
        const Balance *balance = balance_of(balances, site->key);
        gint64 net = balance->gained - balance->lost;
        if (net <= 0)
            continue;
        /* Its share of what is left, rounded up. */
        double share = (double)site->bytes * (double)net / (double)balance->gained;
        gint64 left = (gint64)ceil(share);
        call_sites_add(growing, site->frames, site->n_frames, left, 0);
        total += left;
    }
    *smallest = hidden + 1;
    return total;
}
