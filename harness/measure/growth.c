#include "growth.h"

enum { QUARTERS = 4 };

/* The share of iterations of a quarter that must have left something behind: one in this many. */
enum { ONE_IN = 3 };

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
    if (rises_in_every_quarter(floor, points))
        return (Growth){.bytes_per_iteration = per_iteration};
    return (Growth){.hidden_per_iteration = per_iteration};
}

gint64 growth_of_call_sites(const GPtrArray *tables, CallSites *growing, gint64 *smallest)
{
    gint64 total = 0, hidden = 0;
    *smallest = 0;
    if (tables->len < QUARTERS + 1)
        return 0;
    g_autofree gint64 *bytes = g_new(gint64, tables->len);
    const CallSites *last = g_ptr_array_index(tables, tables->len - 1);
    /* What is not there at the end did not grow. */
    for (guint i = 0; i < call_sites_count(last); i++) {
        const CallSite *site = call_sites_get(last, i);
        for (guint t = 0; t < tables->len; t++) {
            const CallSite *then = call_sites_find(g_ptr_array_index(tables, t), site->key);
            bytes[t] = then != NULL ? then->bytes : 0;
        }
        Growth growth = growth_of_series(bytes, tables->len);
        hidden = MAX(hidden, growth.hidden_per_iteration);
        if (growth.bytes_per_iteration == 0)
            continue;
        total += growth.bytes_per_iteration;
        call_sites_add(growing, site->frames, site->n_frames, growth.bytes_per_iteration, 0);
    }
    *smallest = hidden + 1;
    return total;
}
