/* What the lines of chosen functions allocated, kept and held at the peak, next to their source text. */
#ifndef HEAPGATE_VIEW_LINES_H
#define HEAPGATE_VIEW_LINES_H

#include "formats/ledger/ledger.h"

/* Appends a table for each function whose name fits the pattern, the one that allocated most first. A line
 * counts with all that was allocated while it ran, in whatever it called; in a recursion once. pattern: with
 * * and ?; it may fit the whole name or the part behind the last "." or "::". source: the folder below which
 * source files are looked for. A file's path may be that of another machine: as much of its end counts as
 * names a file below the folder. Nothing outside is opened. json: one JSON array instead, of objects with
 * function, file, line, and exact counts, `whole` as above and `own`: of what the line called itself, not
 * through another line. Returns how many functions were found. */
guint lines_append(const Ledger *ledger, const char *pattern, const char *source, gboolean json,
                   GString *output);

#endif
