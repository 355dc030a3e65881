/* What heapgate says on its standard streams: whatever names and values of others are in it, it moves no
 * cursor and is no command of the log that it stands in. */
#ifndef HEAPGATE_CMD_OUTPUT_H
#define HEAPGATE_CMD_OUTPUT_H

#include <gio/gio.h>

/* To be called first: from then on g_print and g_printerr are harmless. */
void output_begin(void);
/* "heapgate: MESSAGE" on standard error, on one line whatever is in the message. */
void output_error(const GError *problem);
/* The width of the terminal behind a descriptor, in columns. Where there is none: COLUMNS, if it is set and a
 * number; else 0, for lines in files and logs stay whole. */
guint output_columns(int fd);
/* Writes `text` to standard output. Control characters must be gone already; on GitHub's runner workflow
 * commands are defused. FALSE with error: it cannot be written. */
gboolean output_write(const char *text, GError **error);
/* Writes a view: text as output_write, JSON as a program reads it, commands
 * written with an escape. */
gboolean output_write_view(const GString *view, gboolean json, GError **error);

#endif
