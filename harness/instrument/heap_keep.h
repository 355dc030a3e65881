/* The ledgers of a run as files, for `heapgate show` and `diff` when the run is over. */
#ifndef HEAPGATE_INSTRUMENT_HEAP_KEEP_H
#define HEAPGATE_INSTRUMENT_HEAP_KEEP_H

#include "model/measurement.h"

/* Of a run of thousands of small processes those are kept that held most. */
#define HEAP_KEPT_LEDGERS 32

/* Saves the ledgers of these programs in the folder: PROGRAM.PID.ledger. programs: of Ledger, named. A file
 * that cannot be written is a note of the measurement. */
void heap_keep_ledgers(const GPtrArray *programs, const char *folder, Measurement *measurement);

#endif
