/* The environment of every program that is run: short, the same everywhere, and what the scenario names. */
#ifndef HEAPGATE_RUN_PROGRAM_ENVIRONMENT_H
#define HEAPGATE_RUN_PROGRAM_ENVIRONMENT_H

#include "scenario/scenario.h"

/* instrument: of its launch; NULL: none. python: of heapgate's module; NULL: none. repetition: from 0; an
 * interpreter gets another environment for each. home: the folder. (transfer full), of "NAME=value". */
GStrv program_environment(const Scenario *scenario, GStrv instrument, GStrv python, guint repetition,
                          const char *home);

#endif
