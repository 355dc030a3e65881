#include "columns.h"

#include <string.h>

#include "model/text.h"

typedef struct {
    char *text;
    const char *colour;
} Cell;

typedef struct {
    char *line;    /* a line outside the columns; NULL: the row has cells */
    GArray *cells; /* Cell */
} Row;

struct Columns {
    char *indent;
    char *gap;
    GPtrArray *rows; /* Row */
    guint fixed;     /* cells that stand in the first line of each row */
    guint width;     /* of a line, in columns of the screen; 0: as wide as it likes */
};

/* How the cells that are not fixed lie: so many in a line. */
typedef struct {
    GArray *widths; /* of guint: those of the fixed cells, then those of the cells of a line */
    guint left;     /* columns before the first cell that is not fixed */
    guint per_line;
} Layout;

static void cell_clear(gpointer data)
{
    g_free(((Cell *)data)->text);
}

static void row_free(gpointer data)
{
    Row *row = data;
    g_free(row->line);
    g_array_unref(row->cells);
    g_free(row);
}

static Row *row_add(Columns *self)
{
    Row *row = g_new0(Row, 1);
    row->cells = g_array_new(FALSE, FALSE, sizeof(Cell));
    g_array_set_clear_func(row->cells, cell_clear);
    g_ptr_array_add(self->rows, row);
    return row;
}

Columns *columns_new(const char *indent, const char *gap)
{
    Columns *self = g_new0(Columns, 1);
    self->indent = g_strdup(indent);
    self->gap = g_strdup(gap);
    self->rows = g_ptr_array_new_with_free_func(row_free);
    return self;
}

void columns_free(Columns *self)
{
    if (self == NULL)
        return;
    g_free(self->indent);
    g_free(self->gap);
    g_ptr_array_unref(self->rows);
    g_free(self);
}

void columns_wrap(Columns *self, guint fixed, guint width)
{
    self->fixed = fixed;
    self->width = MAX(width, 40);
}

void columns_begin(Columns *self)
{
    row_add(self);
}

void columns_add(Columns *self, const char *text, const char *colour)
{
    g_return_if_fail(self->rows->len > 0);
    Row *row = g_ptr_array_index(self->rows, self->rows->len - 1);
    Cell cell = {g_strdup(text), colour};
    g_array_append_val(row->cells, cell);
}

void columns_add_line(Columns *self, const char *line)
{
    row_add(self)->line = g_strdup(line);
}

guint columns_lines(const Columns *self)
{
    return self->rows->len;
}

/* The column that a cell stands in. */
static guint column_of(const Columns *self, guint cell, guint per_line)
{
    return cell < self->fixed ? cell : self->fixed + (cell - self->fixed) % per_line;
}

/* The width of each column, in columns of the terminal; (transfer full), of guint. */
static GArray *measure_widths(const Columns *self, guint per_line)
{
    GArray *widths = g_array_new(FALSE, TRUE, sizeof(guint));
    for (guint r = 0; r < self->rows->len; r++) {
        const GArray *cells = ((const Row *)g_ptr_array_index(self->rows, r))->cells;
        for (guint c = 0; c + 1 < cells->len; c++) {
            guint column = column_of(self, c, per_line);
            if (widths->len <= column)
                g_array_set_size(widths, column + 1);
            guint *width = &g_array_index(widths, guint, column);
            *width = MAX(*width, text_columns(g_array_index(cells, Cell, c).text));
        }
    }
    return widths;
}

static guint most_cells(const Columns *self)
{
    guint most = 0;
    for (guint r = 0; r < self->rows->len; r++)
        most = MAX(most, ((const Row *)g_ptr_array_index(self->rows, r))->cells->len);
    return most;
}

/* The columns from one of the layout to another, with the gaps behind them. */
static guint sum_widths(const Columns *self, const GArray *widths, guint from, guint to)
{
    guint sum = 0;
    for (guint c = from; c < MIN(to, widths->len); c++)
        sum += g_array_index(widths, guint, c) + text_columns(self->gap);
    return sum;
}

/* As many cells in a line as fit. */
static Layout lay_out(const Columns *self)
{
    guint most = most_cells(self), gap = text_columns(self->gap);
    Layout layout = {.per_line = most > self->fixed ? most - self->fixed : 1};
    for (layout.widths = measure_widths(self, layout.per_line); self->width > 0 && layout.per_line > 1;
         layout.widths = measure_widths(self, layout.per_line)) {
        guint all = text_columns(self->indent) + sum_widths(self, layout.widths, 0, layout.widths->len);
        if (all <= self->width + gap)
            break;
        g_array_unref(layout.widths);
        layout.per_line--;
    }
    layout.left = text_columns(self->indent) + sum_widths(self, layout.widths, 0, self->fixed);
    return layout;
}

static void append_cell(GString *out, const Cell *cell)
{
    if (cell->colour != NULL)
        g_string_append_printf(out, "\033[%sm%s\033[0m", cell->colour, cell->text);
    else
        g_string_append(out, cell->text);
}

static void trim_blanks(GString *out)
{
    while (out->len > 0 && out->str[out->len - 1] == ' ')
        g_string_truncate(out, out->len - 1);
}

static void append_blanks(GString *out, guint count)
{
    for (guint n = 0; n < count; n++)
        g_string_append_c(out, ' ');
}

/* Ends a line and begins the next below the first cell that is not fixed. */
static void break_line(const Layout *layout, GString *out)
{
    trim_blanks(out);
    g_string_append_c(out, '\n');
    append_blanks(out, layout->left);
}

/* The next word, and its unit where it is a number: "1.75 KiB/iteration,". Its length in bytes. */
static gsize word_length(const char *text)
{
    gsize length = strcspn(text, " ");
    if (g_ascii_isdigit(text[0]) && text[length] == ' ')
        length += 1 + strcspn(text + length + 1, " ");
    return length;
}

/* Appends a text word by word, from the first column that is not fixed on. A word that is longer than a line
 * stays whole. */
static void append_words(const Columns *self, const Layout *layout, const char *text, GString *out)
{
    guint at = layout->left;
    while (*text != '\0') {
        gsize bytes = word_length(text);
        g_autofree char *word = g_strndup(text, bytes);
        guint length = text_columns(word);
        if (at > layout->left && at + length > self->width) {
            break_line(layout, out);
            at = layout->left;
        }
        g_string_append_printf(out, "%s ", word);
        at += length + 1;
        text += bytes + (text[bytes] == ' ');
    }
}

/* The last cell of a row, from column `at` on: in this line, or in lines of its own. */
static void append_last(const Columns *self, const Layout *layout, const Cell *cell, guint at, GString *out)
{
    if (self->width == 0 || at + text_columns(cell->text) <= self->width || cell->colour != NULL) {
        append_cell(out, cell);
        return;
    }
    if (at > layout->left)
        break_line(layout, out);
    append_words(self, layout, cell->text, out);
}

static void append_row(const Columns *self, const Row *row, const Layout *layout, GString *out)
{
    guint at = text_columns(self->indent);
    g_string_append(out, self->indent);
    for (guint c = 0; c < row->cells->len; c++) {
        const Cell *cell = &g_array_index(row->cells, Cell, c);
        guint column = column_of(self, c, layout->per_line);
        if (c > self->fixed && column == self->fixed) {
            break_line(layout, out);
            at = layout->left;
        }
        if (c + 1 == row->cells->len) {
            append_last(self, layout, cell, at, out);
            break;
        }
        guint width = g_array_index(layout->widths, guint, column);
        append_cell(out, cell);
        append_blanks(out, width - text_columns(cell->text));
        g_string_append(out, self->gap);
        at += width + text_columns(self->gap);
    }
}

char *columns_render(const Columns *self)
{
    Layout layout = lay_out(self);
    GString *out = g_string_new(NULL);
    for (guint r = 0; r < self->rows->len; r++) {
        const Row *row = g_ptr_array_index(self->rows, r);
        if (row->line != NULL)
            g_string_append(out, row->line);
        else
            append_row(self, row, &layout, out);
        trim_blanks(out);
        g_string_append_c(out, '\n');
    }
    g_array_unref(layout.widths);
    return g_string_free(out, FALSE);
}
