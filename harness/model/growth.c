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

static Balance *balance_of(GHashTable *balances, guint64 function)
{
    Balance *balance = g_hash_table_lookup(balances, &function);
    if (balance == NULL) {
        balance = g_new0(Balance, 1);
        g_hash_table_insert(balances, g_memdup2(&function, sizeof function), balance);
    }
    return balance;
}

/* What the rows of a table come to. */
typedef struct {
    const GrowthTable *table;
    gint64 *live, *born;  /* of the row that is looked at; born: NULL where the instrument does not know */
    gint64 *python;       /* the sum over the rows of Python */
    gint64 *gains;        /* by row, bytes per iteration, before anything is set off */
    gint64 hidden;        /* the largest rise that was not called */
    GHashTable *balances; /* by allocating function */
} Summing;

/* What a site that has births in every quarter gained; its live bytes alone did not show it. */
static gint64 gain_by_births(const Summing *self)
{
    guint points = self->table->points;
    gint64 net = self->live[points - 1] - self->live[0];
    if (self->born == NULL || net <= 0)
        return 0;
    gint64 born = growth_of_series(self->born, points).bytes_per_iteration;
    return MIN(born, (net + points - 2) / (points - 1));
}

/* What was there at the beginning and steadily went away. Changes the row. */
static gint64 loss_of(const Summing *self)
{
    if (self->live[0] == 0)
        return 0;
    for (guint t = 0; t < self->table->points; t++)
        self->live[t] = -self->live[t];
    return growth_of_series(self->live, self->table->points).bytes_per_iteration;
}

static void look_at(Summing *self, guint row)
{
    const GrowthTable *table = self->table;
    table->read(table->source, row, self->live, self->born);
    gboolean python = table->is_python(table->source, row);
    for (guint t = 0; t < table->points && python; t++)
        self->python[t] += self->live[t];
    Growth growth = growth_of_series(self->live, table->points);
    gint64 gain = growth.bytes_per_iteration > 0 ? growth.bytes_per_iteration : gain_by_births(self);
    self->gains[row] = gain;
    if (gain == 0)
        self->hidden = MAX(self->hidden, growth.hidden_per_iteration);
    gint64 loss = loss_of(self);
    if (loss > 0)
        balance_of(self->balances, table->function(table->source, row))->lost += loss;
}

/* An interpreter keeps freed lists and dictionaries to use their memory again elsewhere, and no allocator
 * hears of it: a block stays booked to the line that first had it, so lines of Python gain what others lose.
 * Together they can gain no more than all of them rose by, and not steadily unless they rose in every
 * quarter. Returns that, in bytes per iteration, rounded up. sum: over the lines of Python, at each point. */
static gint64 python_rise(const gint64 *sum, guint points)
{
    guint counted = points - 1, risen_in[QUARTERS] = {0};
    gint64 rise = 0;
    for (guint t = 1; t < points; t++) {
        rise += MAX(sum[t] - sum[t - 1], 0);
        risen_in[(t - 1) * QUARTERS / counted] += sum[t] > sum[t - 1];
    }
    for (guint quarter = 0; quarter < QUARTERS; quarter++)
        if (risen_in[quarter] == 0)
            return 0;
    return (rise + counted - 1) / counted;
}

/* Each gain was rounded up, and a fiftieth is no sign of anything. */
static void limit_python(Summing *self)
{
    const GrowthTable *table = self->table;
    gint64 python = 0, rounded = 0, together = python_rise(self->python, table->points);
    for (guint row = 0; row < table->rows; row++)
        if (self->gains[row] > 0 && table->is_python(table->source, row)) {
            python += self->gains[row];
            rounded++;
        }
    if (python <= together + rounded + python / SLIGHT)
        return;
    for (guint row = 0; row < table->rows; row++)
        if (self->gains[row] > 0 && table->is_python(table->source, row))
            self->gains[row] = (gint64)ceil((double)self->gains[row] * (double)together / (double)python);
}

/* What is left of a row's gain when the losses of its function are set off against all gains there. */
static gint64 rest_of(const Summing *self, guint row)
{
    const Balance *balance = balance_of(self->balances, self->table->function(self->table->source, row));
    gint64 net = balance->gained - balance->lost;
    if (net <= 0)
        return 0;
    /* Its share of what is left, rounded up. */
    return (gint64)ceil((double)self->gains[row] * (double)net / (double)balance->gained);
}

/* Adds the rows that grow. */
static gint64 add_growing(const Summing *self, CallSites *growing)
{
    const GrowthTable *table = self->table;
    gint64 total = 0;
    for (guint row = 0; row < table->rows; row++)
        if (self->gains[row] > 0)
            balance_of(self->balances, table->function(table->source, row))->gained += self->gains[row];
    for (guint row = 0; row < table->rows; row++) {
        gint64 rest = self->gains[row] > 0 ? rest_of(self, row) : 0;
        if (rest == 0)
            continue;
        table->add(table->source, row, rest, growing);
        total += rest;
    }
    return total;
}

gint64 growth_of_table(const GrowthTable *table, CallSites *growing, gint64 *smallest)
{
    *smallest = 0;
    if (table->points < QUARTERS + 1)
        return 0;
    g_autoptr(GHashTable) balances = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    g_autofree gint64 *live = g_new0(gint64, table->points), *born = g_new0(gint64, table->points);
    g_autofree gint64 *python = g_new0(gint64, table->points), *gains = g_new0(gint64, table->rows + 1);
    Summing summing = {table, live, table->has_births ? born : NULL, python, gains, 0, balances};
    for (guint row = 0; row < table->rows; row++)
        look_at(&summing, row);
    limit_python(&summing);
    *smallest = summing.hidden + 1;
    return add_growing(&summing, growing);
}

/* ---- tables of call sites ---- */

/* The call sites of some tables, one table for each point. */
typedef struct {
    const GPtrArray *tables;
    const CallSites *all;
    GHashTable *functions; /* allocating function -> its number */
} Tables;

static void tables_read(gpointer source, guint row, gint64 *live, gint64 *born)
{
    const Tables *self = source;
    (void)born;
    for (guint t = 0; t < self->tables->len; t++) {
        const CallSites *table = g_ptr_array_index(self->tables, t);
        int index = call_sites_index(table, call_sites_get(self->all, row)->key);
        live[t] = index >= 0 ? call_sites_bytes(table, (guint)index) : 0;
    }
}

static gboolean tables_is_python(gpointer source, guint row)
{
    const CallSite *site = call_sites_get(((const Tables *)source)->all, row);
    for (guint i = 0; i < site->n_frames; i++)
        if (g_strcmp0(site->frames[i].object, FRAME_PYTHON_OBJECT) == 0)
            return TRUE;
    return FALSE;
}

/* The key up to its first frame's end. */
static guint64 tables_function(gpointer source, guint row)
{
    const Tables *self = source;
    const char *key = call_sites_get(self->all, row)->key, *end = strstr(key, " < ");
    char *function = end != NULL ? g_strndup(key, (gsize)(end - key)) : g_strdup(key);
    guint number = GPOINTER_TO_UINT(g_hash_table_lookup(self->functions, function));
    if (number == 0)
        number = g_hash_table_size(self->functions) + 1;
    g_hash_table_replace(self->functions, function, GUINT_TO_POINTER(number));
    return number;
}

static void tables_add(gpointer source, guint row, gint64 bytes, CallSites *growing)
{
    const Tables *self = source;
    call_sites_add_site(growing, call_sites_get(self->all, row), bytes, 0);
}

gint64 growth_of_call_sites(const GPtrArray *tables, CallSites *growing, gint64 *smallest)
{
    g_autoptr(CallSites) all = call_sites_new();
    g_autoptr(GHashTable) functions = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint t = 0; t < tables->len; t += MAX(tables->len - 1, 1))
        call_sites_add_all(all,
                           g_ptr_array_index(tables, t)); /* what neither holds neither grows nor shrinks */
    Tables source = {tables, all, functions};
    const GrowthTable table = {
        .rows = call_sites_count(all),
        .points = tables->len,
        .source = &source,
        .read = tables_read,
        .is_python = tables_is_python,
        .function = tables_function,
        .add = tables_add,
    };
    return growth_of_table(&table, growing, smallest);
}
