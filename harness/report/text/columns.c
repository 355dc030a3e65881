#include "columns.h"

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
};

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

/* The width of each column, in columns of the terminal; (transfer full), of guint. */
static GArray *measure_widths(const Columns *self)
{
    GArray *widths = g_array_new(FALSE, TRUE, sizeof(guint));
    for (guint r = 0; r < self->rows->len; r++) {
        const GArray *cells = ((const Row *)g_ptr_array_index(self->rows, r))->cells;
        if (widths->len < cells->len)
            g_array_set_size(widths, cells->len);
        for (guint c = 0; c + 1 < cells->len; c++) {
            guint *width = &g_array_index(widths, guint, c);
            *width = MAX(*width, text_columns(g_array_index(cells, Cell, c).text));
        }
    }
    return widths;
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

static void append_row(const Columns *self, const Row *row, const GArray *widths, GString *out)
{
    g_string_append(out, self->indent);
    for (guint c = 0; c < row->cells->len; c++) {
        const Cell *cell = &g_array_index(row->cells, Cell, c);
        append_cell(out, cell);
        if (c + 1 == row->cells->len)
            break;
        for (guint n = text_columns(cell->text); n < g_array_index(widths, guint, c); n++)
            g_string_append_c(out, ' ');
        g_string_append(out, self->gap);
    }
}

char *columns_render(const Columns *self)
{
    g_autoptr(GArray) widths = measure_widths(self);
    GString *out = g_string_new(NULL);
    for (guint r = 0; r < self->rows->len; r++) {
        const Row *row = g_ptr_array_index(self->rows, r);
        if (row->line != NULL)
            g_string_append(out, row->line);
        else
            append_row(self, row, widths, out);
        trim_blanks(out);
        g_string_append_c(out, '\n');
    }
    return g_string_free(out, FALSE);
}
