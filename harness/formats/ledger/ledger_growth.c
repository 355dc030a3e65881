/* What a ledger says of the counted iterations, as rows for the growth rule. */
#include <string.h>

#include "ledger_sites.h"

/* More iterations than columns share them. */
enum { MOST_COLUMNS = 512 };

/* Numbers by row, one row after the other: row r has those from starts[r] to starts[r + 1]. */
typedef struct {
    guint32 *starts, *numbers;
} Lists;

typedef struct {
    const Ledger *ledger;
    const LedgerKeys *keys;
    guint32 kind; /* LEDGER_SITE_* of the sites that count */
    guint before, points;
    guint stride;        /* iterations to a column */
    guint32 *completed;  /* by number of marks: iterations among them */
    guint32 *rows;       /* by key: its row + 1; 0: it has none */
    GArray *keys_of;     /* guint32 by row: its key */
    Lists changes, born; /* indexes into the ledger's changes and kept */
    LedgerChange *now;   /* by site: the last change that was looked at */
    gint64 *series;      /* of the row that is read: four of `points` */
    LedgerKeySum *kept;  /* by key */
} Growing;

/* The first column for which a change counts that was written at this mark (from 1); `points`: none. */
static guint column_of_change(const Growing *self, guint32 mark)
{
    guint done = self->completed[mark - 1] + 1; /* by the next iteration's end */
    guint column = done <= self->before ? 0 : (done - self->before + self->stride - 1) / self->stride;
    return MIN(column, self->points);
}

/* The same of what was born after so many marks: it counts from the end of its iteration on. */
static guint column_of_birth(const Growing *self, guint32 birth)
{
    guint done = self->completed[MIN(birth, self->ledger->marks->len)];
    guint column = done < self->before ? self->points : (done - self->before) / self->stride + 1;
    return MIN(column, self->points);
}

static const LedgerChange *change_at(const Growing *self, guint32 index)
{
    return &g_array_index(self->ledger->changes, LedgerChange, index);
}

static const LedgerEndRecord *kept_at(const Growing *self, guint32 index)
{
    return &g_array_index(self->ledger->kept, LedgerEndRecord, index);
}

static gboolean counts(const Growing *self, guint32 site)
{
    return g_array_index(self->ledger->sites, LedgerSiteCounts, site).kind == self->kind;
}

/* 0: it has none. */
static guint32 row_of(const Growing *self, guint32 site)
{
    return counts(self, site) ? self->rows[self->keys->of_site[site]] : 0;
}

static void growing_add_row(Growing *self, guint32 site)
{
    guint32 key = self->keys->of_site[site];
    if (self->rows[key] != 0 || !counts(self, site))
        return;
    g_array_append_val(self->keys_of, key);
    self->rows[key] = self->keys_of->len;
}

/* Every key that changes while it is counted; where changes are not known, every one with births. */
static void find_rows(Growing *self)
{
    for (guint32 i = 0; i < self->ledger->changes->len; i++) {
        guint column = column_of_change(self, change_at(self, i)->mark);
        if (column > 0 && column < self->points)
            growing_add_row(self, change_at(self, i)->site);
    }
    for (guint32 i = 0; self->ledger->changes->len == 0 && i < self->ledger->kept->len; i++)
        if (column_of_birth(self, kept_at(self, i)->birth) < self->points)
            growing_add_row(self, kept_at(self, i)->site);
}

/* Of `count` records those of each row, in their order. */
static Lists lists_of(const Growing *self, guint32 count,
                      guint32 (*site_of)(const Growing *self, guint32 index))
{
    guint rows = self->keys_of->len;
    Lists lists = {g_new0(guint32, (gsize)rows + 2), NULL};
    for (guint32 i = 0; i < count; i++) {
        guint32 row = row_of(self, site_of(self, i));
        if (row > 0)
            lists.starts[row + 1]++;
    }
    for (guint row = 1; row <= rows; row++)
        lists.starts[row + 1] += lists.starts[row];
    lists.numbers = g_new(guint32, (gsize)lists.starts[rows + 1] + 1);
    for (guint32 i = 0; i < count; i++) {
        guint32 row = row_of(self, site_of(self, i));
        if (row > 0)
            lists.numbers[lists.starts[row]++] = i;
    }
    return lists; /* each start has moved to the next one's place: row r + 1 begins where row r ends */
}

static guint32 site_of_change(const Growing *self, guint32 index)
{
    return change_at(self, index)->site;
}

static guint32 site_of_kept(const Growing *self, guint32 index)
{
    return kept_at(self, index)->site;
}

/* What each site held at each mark is written only where it changed: carried on from there. */
static guint32 growing_read_live(const Growing *self, guint row, gint64 *bytes, gint64 *blocks)
{
    guint32 oldest = 0;
    for (guint32 i = self->changes.starts[row]; i < self->changes.starts[row + 1]; i++) {
        const LedgerChange *change = change_at(self, self->changes.numbers[i]);
        guint column = column_of_change(self, change->mark);
        LedgerChange *now = &self->now[change->site];
        if (column < self->points) {
            bytes[column] += change->live_bytes - now->live_bytes;
            blocks[column] += (gint64)change->live_blocks - (gint64)now->live_blocks;
            oldest = MAX(oldest, change->oldest_freed);
        }
        *now = *change;
    }
    return oldest;
}

static void read_born(const Growing *self, guint row, gint64 *bytes, gint64 *blocks)
{
    for (guint32 i = self->born.starts[row]; i < self->born.starts[row + 1]; i++) {
        const LedgerEndRecord *record = kept_at(self, self->born.numbers[i]);
        guint column = column_of_birth(self, record->birth);
        if (column < self->points) {
            bytes[column] += record->bytes;
            blocks[column] += record->blocks;
        }
    }
}

/* An age in marks is one in iterations at the most; a column that stands for several begins and ends within
 * one. */
static gint64 points_of_age(const Growing *self, guint32 marks)
{
    gint64 group = ledger_iteration_group(self->before + (gint64)(self->points - 1) * self->stride);
    return (marks * group + self->stride - 1) / self->stride + (self->stride > 1);
}

static GrowthSeries growing_read(gpointer source, guint row)
{
    const Growing *self = source;
    guint points = self->points;
    gint64 *bytes = self->series, *blocks = bytes + points, *born_bytes = blocks + points,
           *born_blocks = born_bytes + points;
    memset(self->series, 0, 4 * points * sizeof *self->series);
    guint32 oldest = growing_read_live(self, row, bytes, blocks);
    read_born(self, row, born_bytes, born_blocks);
    for (guint t = 1; t < points; t++) {
        bytes[t] += bytes[t - 1];
        blocks[t] += blocks[t - 1];
        born_bytes[t] += born_bytes[t - 1];
        born_blocks[t] += born_blocks[t - 1];
    }
    if (self->ledger->changes->len == 0)
        return (GrowthSeries){born_bytes, born_blocks, NULL, NULL, GROWTH_AGE_UNKNOWN};
    return (GrowthSeries){bytes, blocks, born_bytes, born_blocks, points_of_age(self, oldest)};
}

static guint32 key_of_row(const Growing *self, guint row)
{
    return g_array_index(self->keys_of, guint32, row);
}

static gboolean growing_is_python(gpointer source, guint row)
{
    const Growing *self = source;
    return ledger_key_is_python(self->ledger, key_of_row(self, row));
}

static guint64 growing_function(gpointer source, guint row)
{
    const Growing *self = source;
    return ledger_key_function(self->ledger, key_of_row(self, row));
}

static guint64 growing_caller(gpointer source, guint row)
{
    const Growing *self = source;
    return ledger_key_caller(self->ledger, key_of_row(self, row));
}

static void growing_add(gpointer source, guint row, gint64 bytes, CallSites *growing)
{
    const Growing *self = source;
    ledger_add_site(self->ledger, self->kept[key_of_row(self, row)].largest, bytes, 0, growing);
}

/* Iterations that had been marked at the first so many marks; (transfer full). */
static guint32 *completed_of(const Ledger *ledger)
{
    guint32 *completed = g_new0(guint32, (gsize)ledger->marks->len + 1);
    for (guint mark = 0; mark < ledger->marks->len; mark++)
        completed[mark + 1] =
            MAX(completed[mark], (guint32)g_array_index(ledger->marks, LedgerMark, mark).iteration);
    return completed;
}

static void growing_clear(Growing *self)
{
    g_free(self->completed);
    g_free(self->rows);
    g_array_unref(self->keys_of);
    g_free(self->changes.starts);
    g_free(self->changes.numbers);
    g_free(self->born.starts);
    g_free(self->born.numbers);
    g_free(self->now);
    g_free(self->series);
    g_free(self->kept);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Growing, growing_clear)

/* before, counted: in iterations. */
static void growing_init(Growing *self, const Ledger *ledger, guint32 kind, guint before, guint counted)
{
    self->ledger = ledger;
    self->kind = kind;
    self->keys = ledger_keys(ledger);
    guint group =
        (guint)ledger_iteration_group(before + counted); /* columns end where iterations have records */
    self->stride = ((counted + MOST_COLUMNS - 1) / MOST_COLUMNS + group - 1) / group * group;
    self->before = before + counted % self->stride; /* the last iteration is the end of a column */
    self->points = counted / self->stride + 1;
    self->completed = completed_of(ledger);
    self->rows = g_new0(guint32, (gsize)self->keys->count + 1);
    self->keys_of = g_array_new(FALSE, FALSE, sizeof(guint32));
    find_rows(self);
    self->changes = lists_of(self, ledger->changes->len, site_of_change);
    self->born = lists_of(self, ledger->kept->len, site_of_kept);
    self->now = g_new0(LedgerChange, (gsize)ledger->sites->len + 1);
    self->series = g_new0(gint64, 4 * (gsize)self->points);
    self->kept = g_new0(LedgerKeySum, (gsize)self->keys->count + 1);
    ledger_key_sums(ledger, kind == LEDGER_SITE_MAPPED ? LEDGER_NUMBER_MAPPED_KEPT : LEDGER_NUMBER_KEPT,
                    self->kept);
}

void ledger_growth(const Ledger *self, guint32 kind, guint before, Growth *growth)
{
    guint iterations = ledger_iterations(self);
    iterations -= iterations % (guint)ledger_iteration_group(iterations);
    if (iterations <= before || before == 0)
        return;
    g_auto(Growing) work = {0};
    growing_init(&work, self, kind, before, iterations - before);
    const GrowthTable table = {
        .rows = work.keys_of->len,
        .points = work.points,
        .iterations_each = work.stride,
        .source = &work,
        .read = growing_read,
        .is_python = growing_is_python,
        .function = growing_function,
        .caller = growing_caller,
        .add = growing_add,
    };
    growth_of_table(&table, growth);
}
