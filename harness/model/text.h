/* Makes untrusted text (names, paths, stacks, messages) harmless. No other file does.
 *
 * Replaced by U+FFFD: invalid UTF-8, control characters (C0, DEL, C1), characters that change the direction
 * of writing, line separators, and what XML 1.0 forbids. So the result is allowed in XML, cannot move a
 * terminal's cursor, and reads as it looks. Escaping remains the task of whoever writes a format. */
#ifndef HEAPGATE_MODEL_TEXT_H
#define HEAPGATE_MODEL_TEXT_H

#include <gio/gio.h>

/* The text as one line: newlines and tabs become blanks. NULL is "". (transfer full). */
char *text_line(const char *text);
/* The text as a block: newlines and tabs stay. NULL is "". (transfer full). */
char *text_block(const char *text);
/* The text as one line of about this many columns at most: "..." replaces the middle of a longer one. NULL is
 * "". (transfer full). */
char *text_shorten(const char *text, guint columns);
/* The columns a line takes on a terminal: wide characters take two, combining ones none. */
guint text_columns(const char *line);
/* A scenario's name as one argument of a shell command, quoted where necessary. (transfer full). */
char *text_argument(const char *name);

/* Text for a log of GitHub Actions, whose runner executes lines that begin with "::" and what follows "##["
 * (docs.github.com, "Workflow commands for GitHub Actions"). A blank is inserted so that it does not; nothing
 * else is changed. (transfer full). */
char *text_defuse(const char *text);

/* What follows the last "/" of a path, or the whole path where nothing does. NULL is "". (transfer none). */
const char *text_base_name(const char *path);

/* Orders an array of texts by their bytes; for g_ptr_array_sort and its kin. */
int text_compare(gconstpointer a, gconstpointer b);

/* Writes `length` bytes. FALSE with the stream's error. */
gboolean text_write(const char *text, gsize length, GOutputStream *stream, GError **error);

#endif
