#include "growth.h"

#include <math.h>
#include <string.h>

#include "frame_kind.h"

/* What the sites of one allocating function gain and lose together: the basis of the set-off. */
typedef struct {
    gint64 gained, lost; /* bytes per iteration, both positive */
} Balance;

/* The balance with this number in the table, made where there is none; (transfer none). */
static Balance *balance_of(GHashTable *balances, guint64 number)
{
    Balance *balance = g_hash_table_lookup(balances, &number);
    if (balance == NULL) {
        balance = g_new0(Balance, 1);
        g_hash_table_insert(balances, g_memdup2(&number, sizeof number), balance);
    }
    return balance;
}

/* The work on one table. */
typedef struct {
    const GrowthTable *table;
    gint64 *python;     /* the live bytes of all rows of Python together, at each point */
    GrowthFound *found; /* by row, before the set-off */
    gint64 smallest;    /* the largest bound of a row so far */
    GHashTable *function_balances, *caller_balances; /* Balance by table->function and by table->caller */
} Summing;

/* What was there at the beginning and steadily went away, in bytes per iteration: the growth of the negated
 * series. */
static gint64 loss_of(const gint64 *bytes, guint points)
{
    if (bytes[0] <= bytes[points - 1])
        return 0;
    g_autofree gint64 *negative = g_new(gint64, points);
    for (guint t = 0; t < points; t++)
        negative[t] = -bytes[t];
    GrowthFound found = growth_of_bytes(negative, points);
    return found.evidence == GROWTH_SURE ? found.bytes_per_iteration : 0;
}

static void row_judge(Summing *self, guint row)
{
    const GrowthTable *table = self->table;
    GrowthSeries series = table->read(table->source, row);
    gboolean python = table->is_python(table->source, row);
    for (guint t = 0; t < table->points && python; t++)
        self->python[t] += series.bytes[t];
    self->found[row] = growth_of_series(&series, table->points);
    if (self->found[row].evidence == GROWTH_NONE)
        self->smallest = growth_bound_of_series(&series, table->points, self->smallest);
    gint64 loss = loss_of(series.bytes, table->points);
    if (loss > 0) {
        balance_of(self->function_balances, table->function(table->source, row))->lost += loss;
        balance_of(self->caller_balances, table->caller(table->source, row))->lost += loss;
    }
}

/* An interpreter keeps freed lists and dictionaries to use their memory again, and no allocator hears of it:
 * a block stays booked to the line that first had it, and so one line of Python gains what another loses.
 * Returns the most that all lines together can gain, in bytes per iteration, rounded up: the rises of their
 * sum, or 0 where some quarter of the run has none. sum: their live bytes at each point; leak: bytes that the
 * sum is assumed to rise by in each iteration besides. */
static gint64 python_rise(const gint64 *sum, guint points, gint64 leak)
{
    guint counted = points - 1, risen_in[GROWTH_QUARTERS] = {0};
    gint64 rise = 0;
    for (guint t = 1; t < points; t++) {
        gint64 step = sum[t] - sum[t - 1] + leak;
        rise += MAX(step, 0);
        risen_in[(t - 1) * GROWTH_QUARTERS / counted] += step > 0;
    }
    for (guint quarter = 0; quarter < GROWTH_QUARTERS; quarter++)
        if (risen_in[quarter] == 0)
            return 0;
    return (rise + counted - 1) / counted;
}

/* Scales the gains of all lines of Python down to what their sum rises by. Rounding (each gain was rounded
 * up) and a fiftieth of the gains (GROWTH_SLIGHT) are tolerated. */
static void limit_python(Summing *self)
{
    const GrowthTable *table = self->table;
    gint64 python = 0, rounded = 0, together = python_rise(self->python, table->points, 0);
    for (guint row = 0; row < table->rows; row++)
        if (self->found[row].evidence != GROWTH_NONE && table->is_python(table->source, row)) {
            python += self->found[row].bytes_per_iteration;
            rounded++;
        }
    if (python <= together + rounded + python / GROWTH_SLIGHT)
        return;
    for (guint row = 0; row < table->rows; row++) {
        GrowthFound *found = &self->found[row];
        if (found->evidence == GROWTH_NONE || !table->is_python(table->source, row))
            continue;
        found->bytes_per_iteration =
            (gint64)ceil((double)found->bytes_per_iteration * (double)together / (double)python);
        if (found->bytes_per_iteration == 0)
            found->evidence = GROWTH_NONE;
    }
}

static gboolean is_taken_over(const Balance *balance)
{
    return balance->lost > 0 && (double)balance->gained >= GROWTH_TAKEN_OVER * (double)balance->lost;
}

/* What is left of a row's gain after the set-off: its share, by gain, of the balance's net gain, rounded up.
 */
static gint64 rest_of(const Balance *balance, gint64 gain)
{
    gint64 net = balance->gained - balance->lost;
    if (!is_taken_over(balance))
        return gain;
    return net > 0 ? (gint64)ceil((double)gain * (double)net / (double)balance->gained) : 0;
}

static void add_gains(const Summing *self)
{
    const GrowthTable *table = self->table;
    for (guint row = 0; row < table->rows; row++) {
        gint64 gain = self->found[row].bytes_per_iteration;
        if (self->found[row].evidence == GROWTH_NONE)
            continue;
        balance_of(self->function_balances, table->function(table->source, row))->gained += gain;
        balance_of(self->caller_balances, table->caller(table->source, row))->gained += gain;
    }
}

/* What is left of a row's gain grows; what was set off against sites with another caller moved; the rest is
 * neither. */
static void found_add(const Summing *self, guint row, Growth *growth)
{
    const GrowthTable *table = self->table;
    gint64 each = MAX(table->iterations_each, 1), gain = self->found[row].bytes_per_iteration;
    gint64 near = rest_of(balance_of(self->caller_balances, table->caller(table->source, row)), gain);
    gint64 far = rest_of(balance_of(self->function_balances, table->function(table->source, row)), gain);
    gint64 rest = MIN(near, far), moved = near - rest;
    gboolean sure = self->found[row].evidence == GROWTH_SURE;
    rest = (rest + each - 1) / each;
    if (rest > 0)
        table->add(table->source, row, rest, sure ? growth->sites : growth->doubtful);
    growth->total += sure ? rest : 0;
    if (moved > 0 && sure && growth->moved != NULL)
        table->add(table->source, row, (moved + each - 1) / each, growth->moved);
}

/* The smallest leak of at least `leak` bytes that none of these losses would be set off against. */
static gint64 beyond_balances(GHashTable *balances, gint64 leak)
{
    GHashTableIter all;
    gpointer value;
    g_hash_table_iter_init(&all, balances);
    while (g_hash_table_iter_next(&all, NULL, &value)) {
        const Balance *balance = value, with = {balance->gained + leak, balance->lost};
        if (is_taken_over(&with) && with.gained <= with.lost)
            leak = balance->lost - balance->gained + 1;
    }
    return leak;
}

/* The table's bound. A leak that is evidence at every row may still be set off, or be taken from Python's
 * lines because their sum does not rise; so it is raised until neither happens. */
static gint64 bound_of(const Summing *self)
{
    gint64 leak = self->smallest, last = 0;
    while (leak != last && leak < GROWTH_LARGEST) {
        last = leak;
        leak = beyond_balances(self->function_balances, leak);
        leak = beyond_balances(self->caller_balances, leak);
        if (python_rise(self->python, self->table->points, leak) == 0)
            leak *= 2;
    }
    return leak;
}

void growth_of_table(const GrowthTable *table, Growth *growth)
{
    if (table->points < GROWTH_QUARTERS + 1)
        return;
    g_autoptr(GHashTable) balances = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    g_autoptr(GHashTable) callers = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    g_autofree gint64 *python = g_new0(gint64, table->points);
    g_autofree GrowthFound *found = g_new0(GrowthFound, (gsize)table->rows + 1);
    Summing summing = {table, python, found, 1, balances, callers};
    for (guint row = 0; row < table->rows; row++)
        row_judge(&summing, row);
    limit_python(&summing);
    add_gains(&summing);
    for (guint row = 0; row < table->rows; row++)
        if (found[row].evidence != GROWTH_NONE)
            found_add(&summing, row, growth);
    growth->smallest = MAX(growth->smallest, bound_of(&summing));
}

/* ---- tables of call sites ---- */

/* The source of a GrowthTable made of one table of call sites for each point. */
typedef struct {
    const GPtrArray *tables;
    const CallSites *all;   /* the rows */
    GHashTable *functions;  /* the beginning of a key -> its number */
    gint64 *bytes, *blocks; /* the series of the row that was read last */
} Tables;

static GrowthSeries tables_read(gpointer source, guint row)
{
    const Tables *self = source;
    gboolean counted = FALSE;
    for (guint t = 0; t < self->tables->len; t++) {
        const CallSites *table = g_ptr_array_index(self->tables, t);
        int index = call_sites_index(table, call_sites_get(self->all, row)->key);
        self->bytes[t] = index >= 0 ? call_sites_bytes(table, (guint)index) : 0;
        self->blocks[t] = index >= 0 ? call_sites_blocks(table, (guint)index) : 0;
        counted = counted || self->blocks[t] > 0;
    }
    return (GrowthSeries){
        .bytes = self->bytes,
        .blocks = counted ? self->blocks : NULL,
        .oldest_freed = GROWTH_AGE_UNKNOWN,
    };
}

static gboolean tables_is_python(gpointer source, guint row)
{
    const CallSite *site = call_sites_get(((const Tables *)source)->all, row);
    for (guint i = 0; i < site->n_frames; i++)
        if (frame_kind_is_python(site->frames[i].kind))
            return TRUE;
    return FALSE;
}

/* The number of the row's innermost `frames` frames: the same number for the same beginning of a key. */
static guint64 row_number_of_frames(const Tables *self, guint row, guint frames)
{
    const char *key = call_sites_get(self->all, row)->key, *end = key;
    for (guint i = 0; i < frames && end != NULL; i++)
        end = strstr(end + (i > 0), " < ");
    char *function = end != NULL ? g_strndup(key, (gsize)(end - key)) : g_strdup(key);
    guint number = GPOINTER_TO_UINT(g_hash_table_lookup(self->functions, function));
    if (number == 0)
        number = g_hash_table_size(self->functions) + 1;
    g_hash_table_replace(self->functions, function, GUINT_TO_POINTER(number));
    return number;
}

static guint64 tables_function(gpointer source, guint row)
{
    return row_number_of_frames(source, row, 1);
}

static guint64 tables_caller(gpointer source, guint row)
{
    return row_number_of_frames(source, row, 2);
}

static void tables_add(gpointer source, guint row, gint64 bytes, CallSites *growing)
{
    const Tables *self = source;
    call_sites_add_site(growing, call_sites_get(self->all, row), bytes, 0);
}

void growth_of_call_sites(const GPtrArray *tables, Growth *growth)
{
    g_autoptr(CallSites) all = call_sites_new();
    g_autoptr(GHashTable) functions = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autofree gint64 *bytes = g_new0(gint64, (gsize)tables->len + 1);
    g_autofree gint64 *blocks = g_new0(gint64, (gsize)tables->len + 1);
    /* The first and the last table: a site in neither of them neither grows nor shrinks. */
    for (guint t = 0; t < tables->len; t += MAX(tables->len - 1, 1))
        call_sites_add_all(all, g_ptr_array_index(tables, t));
    Tables source = {tables, all, functions, bytes, blocks};
    const GrowthTable table = {
        .rows = call_sites_count(all),
        .points = tables->len,
        .source = &source,
        .read = tables_read,
        .is_python = tables_is_python,
        .function = tables_function,
        .caller = tables_caller,
        .add = tables_add,
    };
    growth_of_table(&table, growth);
}
