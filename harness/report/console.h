/* What a run prints: the verdict table, then one short passage for each failure. */
#ifndef HEAPGATE_REPORT_CONSOLE_H
#define HEAPGATE_REPORT_CONSOLE_H

#include <gio/gio.h>

#include "finding.h"

typedef enum {
    CONSOLE_COLOUR = 1 << 0,
    CONSOLE_QUIET = 1 << 1,   /* only what is not a pass, and the last line */
    CONSOLE_VERBOSE = 1 << 2, /* call sites of what passed, too */
} ConsoleFlags;

gboolean console_write(const Findings *findings, ConsoleFlags flags, GOutputStream *stream, GError **error);

#endif
