/* What is allowed where no file says anything. */
#ifndef HEAPGATE_TESTS_SCENARIO_ALLOW_DEFAULTS_H
#define HEAPGATE_TESTS_SCENARIO_ALLOW_DEFAULTS_H

#include "scenario/allow.h"

/* Every metric has what the metric table gives it, and no ceiling. */
void check_allow_defaults(const Allow *allow);

#endif
