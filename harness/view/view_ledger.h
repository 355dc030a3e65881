/* Shows ledgers as text, for `heapgate show` and `heapgate exec`. */
#ifndef HEAPGATE_VIEW_VIEW_LEDGER_H
#define HEAPGATE_VIEW_VIEW_LEDGER_H

#include "formats/ledger/ledger.h"

/* Appends one line without a newline: "peak 256 KiB, retained 8.73 KiB in 12 blocks; allocated 1.2 MiB in
 * 1,234 allocations, 12 of them temporary". */
void ledger_append_figures(const Ledger *ledger, GString *output);

/* For all that follow, warmup is how many of the first marked iterations do not count; 0 is 1. Growth is set
 * off by function, so its figures are rough as long as the ledger has no names. */

/* Were enough iterations marked to judge growth? */
gboolean ledger_knows_growth(const Ledger *ledger, guint warmup);
/* Growth of the heap and of mappings together, in bytes per iteration; 0 where it is not known. */
gint64 ledger_growth_bytes(const Ledger *ledger, guint warmup);
/* Appends indented lines about what only some programs have: growth and the smallest leak that would have
 * shown; memory that the program mapped; files that it mapped. */
void ledger_append_details(const Ledger *ledger, guint warmup, GString *output);
/* Appends the call sites of peak, retained, mapped and growth, in the order of the metric table; those below
 * threshold_percent of a figure are summed up. */
void ledger_append_sites(const Ledger *ledger, guint warmup, double threshold_percent, GString *output);

#endif
