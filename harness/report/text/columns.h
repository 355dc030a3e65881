/* Rows of text in aligned columns. The last cell of a row may be as long as it likes: it widens no column. */
#ifndef HEAPGATE_REPORT_TEXT_COLUMNS_H
#define HEAPGATE_REPORT_TEXT_COLUMNS_H

#include <glib.h>

typedef struct Columns Columns;

/* indent: before each row; gap: between two cells. (transfer full). */
Columns *columns_new(const char *indent, const char *gap);
void columns_free(Columns *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Columns, columns_free)

/* Begins a row; cells are then added from the left. */
void columns_begin(Columns *self);
/* cell: one clean line. colour: an SGR parameter ("1;31"), or NULL. */
void columns_add(Columns *self, const char *cell, const char *colour);
/* A line of its own, outside the columns, without the indent. */
void columns_add_line(Columns *self, const char *line);
/* How many lines there are so far. */
guint columns_lines(const Columns *self);
/* All lines, each ended by a newline and without blanks before it. (transfer full). */
char *columns_render(const Columns *self);

#endif
