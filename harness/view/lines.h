/* Shows the source lines of chosen functions with what each allocated, retained and held at the peak. */
#ifndef HEAPGATE_VIEW_LINES_H
#define HEAPGATE_VIEW_LINES_H

#include "formats/ledger/ledger.h"

/* Appends a table for each function whose name matches the pattern, the one that allocated most first. A line
 * counts all that was allocated while it ran, by whatever it called; in a recursion once. pattern: a glob
 * with * and ?, which may match the whole name or the part after the last "." or "::". source: the folder
 * below which source files are looked for (source_text.h). json: appends one JSON array of objects instead,
 * with function, file, line, and exact counts: `whole`, as above, and `own`, of the innermost line of Python
 * (or of a line with debug information) alone. Returns how many functions match. */
guint lines_append(const Ledger *ledger, const char *pattern, const char *source, gboolean json,
                   GString *output);

#endif
