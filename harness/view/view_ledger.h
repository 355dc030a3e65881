/* A saved ledger as text; shared by `heapgate show` and `heapgate exec`. */
#ifndef HEAPGATE_VIEW_VIEW_LEDGER_H
#define HEAPGATE_VIEW_VIEW_LEDGER_H

#include "formats/ledger/ledger.h"

/* "peak 256 KiB, retained 8.73 KiB in 12 blocks; allocated 1.2 MiB in 1,234 blocks, 12 of them temporary":
 * one line, without its end. */
void ledger_append_figures(const Ledger *ledger, GString *output);
/* warmup, in what follows: of the marked iterations, the first that do not count; 0 is 1. What grows is known
 * by name: without names figures of growth are rough. */

/* Were enough iterations marked to know what grows? */
gboolean ledger_knows_growth(const Ledger *ledger, guint warmup);
/* Bytes in an iteration, of the heap and of what the program maps itself; 0 where growth is not known. */
gint64 ledger_growth_bytes(const Ledger *ledger, guint warmup);
/* What only some programs have, a line each, indented: growth and the smallest leak that would have shown,
 * where iterations were marked; what the program mapped itself. */
void ledger_append_details(const Ledger *ledger, guint warmup, GString *output);
/* The call sites at the peak, of what is retained and of what grows; below threshold_percent summed up. */
void ledger_append_sites(const Ledger *ledger, guint warmup, double threshold_percent, GString *output);

#endif
