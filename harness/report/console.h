/* What a run prints: the verdict table, then one short passage for each failure. */
#ifndef HEAPGATE_REPORT_CONSOLE_H
#define HEAPGATE_REPORT_CONSOLE_H

#include <gio/gio.h>

#include "result/result.h"

typedef enum {
    CONSOLE_COLOUR = 1 << 0,
    CONSOLE_QUIET = 1 << 1,   /* only what is not a pass, and the last line */
    CONSOLE_VERBOSE = 1 << 2, /* call sites of what passed, too */
} ConsoleFlags;

gboolean console_write(const Result *result, ConsoleFlags flags, GOutputStream *stream, GError **error);

/* The passage for one instrument that is not a pass: metric, base, now, allowance, the call sites that made
 * the difference with file:line, what to do; at most 40 lines; plain text. Shared by the console, JUnit and
 * the summary. (transfer full). */
char *explain_instrument(const ScenarioResult *scenario, const InstrumentResult *instrument);
/* One line: "growth +48 B/iteration, allowed 0 B"; (transfer full). */
char *explain_comparison(const Comparison *comparison);

#endif
