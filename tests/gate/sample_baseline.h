/* A baseline for tests, and its way to text and back. */
#ifndef HEAPGATE_TESTS_GATE_SAMPLE_BASELINE_H
#define HEAPGATE_TESTS_GATE_SAMPLE_BASELINE_H

#include "gate/baseline.h"

/* Gives an instrument a figure. (transfer none) */
BaselineFigure *baseline_set(BaselineInstrument *instrument, MetricId id, gint64 value, gint64 spread);

/* Of order-entry, with massif and memcheck; it has something of all that a baseline may say. (transfer full)
 */
Baseline *sample_baseline(void);

/* Reads a text; the test fails if it cannot be read. (transfer full) */
Baseline *baseline_parse_well(const char *text);

/* Formats, parses and formats again: the same bytes. What was read. (transfer full) */
Baseline *baseline_round_trip(const Baseline *self);

#endif
