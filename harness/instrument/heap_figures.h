/* The figures of the heap instrument, of ledgers that are named. */
#ifndef HEAPGATE_INSTRUMENT_HEAP_FIGURES_H
#define HEAPGATE_INSTRUMENT_HEAP_FIGURES_H

#include "model/measurement.h"
#include "scenario/scenario.h"

/* Sets what is held, what grows, what is mapped and what passed through. programs, processes: as
 * heap_programs and heap_processes. The measurement's sample_bytes is set already. */
void heap_measure(const Scenario *scenario, const GPtrArray *programs, const GArray *processes,
                  Measurement *measurement);

#endif
