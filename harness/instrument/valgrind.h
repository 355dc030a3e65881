/* What the instruments that run under Valgrind share. */
#ifndef HEAPGATE_INSTRUMENT_VALGRIND_H
#define HEAPGATE_INSTRUMENT_VALGRIND_H

#include "instrument.h"

/* Deeper stacks are cut by the instrument; recursion is folded afterwards. */
#define VALGRIND_DEPTH "24"

/* Is Valgrind there? An Instrument.probe. */
gboolean valgrind_probe(GError **error);
/* Begins argv with Valgrind, the tool and the options every run has, and tells the marks where they are. */
void valgrind_launch(const char *tool, const char *output, Launch *launch);
/* Adds one argument: "FORMAT" filled in. */
void launch_add(Launch *launch, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* Ends argv with the program and the scenario's arguments. */
void valgrind_launch_program(const Scenario *scenario, const char *program, Launch *launch);
/* Says why the instrument left nothing of the scenario's own process, with Valgrind's own words where it gave
 * any. */
void valgrind_missing(const Scenario *scenario, const Outcome *outcome, const char *tool,
                      Measurement *measurement);

/* Says that the tool saw no allocation at all, which no real program is without. */
void valgrind_blind(const char *tool, Measurement *measurement);

#endif
