/* What `heapgate run` prints: the table of verdicts, then a passage for each failure. */
#ifndef HEAPGATE_REPORT_CONSOLE_H
#define HEAPGATE_REPORT_CONSOLE_H

#include <gio/gio.h>

#include "finding.h"

typedef enum {
    CONSOLE_COLOUR = 1 << 0,  /* SGR colours */
    CONSOLE_QUIET = 1 << 1,   /* only what did not pass, and the last line */
    CONSOLE_VERBOSE = 1 << 2, /* whole stacks, details, and the call sites of what passed, too */
} ConsoleFlags;

/* Writes it. width: of the verdict table, in columns of the screen; 0: as wide as its longest row. FALSE with
 * the stream's error. */
gboolean console_write(const Findings *findings, ConsoleFlags flags, guint width, GOutputStream *stream,
                       GError **error);

#endif
