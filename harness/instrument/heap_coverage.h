/* What the tracer saw of a run, and what it did not. */
#ifndef HEAPGATE_INSTRUMENT_HEAP_COVERAGE_H
#define HEAPGATE_INSTRUMENT_HEAP_COVERAGE_H

#include "ledger_evidence.h"
#include "model/measurement.h"
#include "scenario/scenario.h"

/* What ran and was not seen, and books that are not whole: the measurement's problem, unless the scenario
 * says that the program need not be seen; then, as for what is less, its notes. programs: as heap_programs;
 * main_ledger: as heap_main_ledger. */
void heap_cover(const Scenario *scenario, const LedgerEvidence *evidence, const GPtrArray *programs,
                const Ledger *main_ledger, Measurement *measurement);

#endif
