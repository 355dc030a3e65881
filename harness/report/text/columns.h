/* Rows of text in aligned columns. The last cell of a row may be of any length: it widens no column. */
#ifndef HEAPGATE_REPORT_TEXT_COLUMNS_H
#define HEAPGATE_REPORT_TEXT_COLUMNS_H

#include <glib.h>

typedef struct Columns Columns;

/* indent: text before each row; gap: text between two cells. Returns (transfer full). */
Columns *columns_new(const char *indent, const char *gap);
void columns_free(Columns *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Columns, columns_free)

/* Rows that would be wider than `width` columns of the screen, from 40, go on in lines below cell number
 * `fixed`. As many cells stand in a line as leave all rows aligned; the last cell of a row begins a line
 * where it does not fit, and breaks between words. */
void columns_wrap(Columns *self, guint fixed, guint width);

/* Begins a row; cells are then added from the left. */
void columns_begin(Columns *self);
/* Adds a cell to the row. cell: one harmless line (model/text.h), copied. colour: an SGR parameter ("1;31"),
 * or NULL. */
void columns_add(Columns *self, const char *cell, const char *colour);
/* Adds a line that is not in columns and not indented. */
void columns_add_line(Columns *self, const char *line);
/* How many lines there are so far. */
guint columns_lines(const Columns *self);
/* All lines, without blanks at their ends, each with a newline. (transfer full). */
char *columns_render(const Columns *self);

#endif
