/* The processes of a run, each with the programs that it ran one after the other. */
#ifndef HEAPGATE_INSTRUMENT_HEAP_PROCESS_H
#define HEAPGATE_INSTRUMENT_HEAP_PROCESS_H

#include "formats/ledger/ledger_sites.h"

/* A process held the memory of each of its programs in turn, and ends with the last's. All are (transfer
 * none).
 */
typedef struct {
    const Ledger *last, *highest; /* the one with the highest peak */
    const Ledger *most_mapped;
    const Ledger *marked; /* the last that marked iterations; the last one where none did */
} HeapProcess;

/* Those of the scenario's own programs among these ledgers; (transfer container). */
GPtrArray *heap_programs(const GPtrArray *ledgers);
/* (transfer full), of HeapProcess, in the order in which they began. */
GArray *heap_processes(const GPtrArray *programs);
/* The last program of the scenario's process, whose id is pid: a fork of another namespace may have its
 * number. NULL: it has no ledger. */
const Ledger *heap_main_ledger(const GArray *processes, gint64 pid);
/* Of the programs that a process ran, the one that the number is of. */
const Ledger *heap_process_ledger(const HeapProcess *process, LedgerNumber number);

#endif
