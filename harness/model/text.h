/* Text of others (names, paths, stacks, messages) made harmless: the one place where that is done.
 *
 * What is replaced by U+FFFD: invalid UTF-8, control characters (C0, DEL, C1), the characters that turn the
 * direction of writing, line separators, and what XML 1.0 does not allow. The result is well-formed in XML,
 * cannot move a terminal's cursor and is what it looks like. Escaping is each writer's own. */
#ifndef HEAPGATE_MODEL_TEXT_H
#define HEAPGATE_MODEL_TEXT_H

#include <gio/gio.h>

/* One line: newlines and tabs become blanks. NULL is "". (transfer full). */
char *text_line(const char *text);
/* A block: newlines and tabs stay. NULL is "". (transfer full). */
char *text_block(const char *text);
/* A line of at most this many columns, its middle cut out where it is longer. (transfer full). */
char *text_shorten(const char *text, guint columns);
/* The columns a line takes on a terminal: wide characters take two, combining ones none. */
guint text_columns(const char *line);
/* A scenario's name as an argument of a command line: quoted where a shell needs it. (transfer full). */
char *text_argument(const char *name);

/* Text for a log of GitHub's, which takes lines that begin with "::" and what stands behind "##[" for
 * commands (docs.github.com, "Workflow commands for GitHub Actions"): a blank comes in between. Everything
 * else stays as it is. (transfer full). */
char *text_defuse(const char *text);

/* What stands behind the last "/" of a path; the whole where nothing does. NULL is "". (transfer none). */
const char *text_base_name(const char *path);

/* Orders an array of texts by their bytes; for g_ptr_array_sort and its kin. */
int text_compare(gconstpointer a, gconstpointer b);

/* Writes the whole text. */
gboolean text_write(const char *text, gsize length, GOutputStream *stream, GError **error);

#endif
