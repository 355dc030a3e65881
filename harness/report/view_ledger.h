/* A saved ledger as text; shared by `heapgate show` and `heapgate exec`. */
#ifndef HEAPGATE_REPORT_VIEW_LEDGER_H
#define HEAPGATE_REPORT_VIEW_LEDGER_H

#include "formats/ledger.h"

/* "peak 256 KiB, retained 8.73 KiB, 1,234 allocations": one line, without its end. */
void ledger_append_figures(const Ledger *ledger, GString *output);
/* The call sites at the peak, then those of what is retained; below threshold_percent summed up. */
void ledger_append_sites(const Ledger *ledger, double threshold_percent, GString *output);

#endif
