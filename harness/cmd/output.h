/* What heapgate says on its standard streams: whatever names and values of others are in it, it moves no
 * cursor and is no command of the log that it stands in. */
#ifndef HEAPGATE_CMD_OUTPUT_H
#define HEAPGATE_CMD_OUTPUT_H

#include <gio/gio.h>

/* To be called first: from then on g_print and g_printerr are harmless. */
void output_begin(void);
/* "heapgate: MESSAGE" on standard error, on one line whatever is in the message. */
void output_error(const GError *problem);
/* Writes a view: JSON as it is, for a program reads it; other text as output_write. */
gboolean output_write_view(const GString *view, gboolean json, GError **error);
/* Writes text that is made harmless already but for commands of logs, and may have colours. FALSE with error:
 * standard output cannot be written. */
gboolean output_write(const char *text, GError **error);

#endif
