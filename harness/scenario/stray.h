/* Strays: files that look like scenarios and would be measured by nobody. */
#ifndef HEAPGATE_SCENARIO_STRAY_H
#define HEAPGATE_SCENARIO_STRAY_H

#include "project.h"

/* Looks at an entry of the scenarios' folder that is no scenario: a YAML file of another spelling, or a
 * folder, in which a scenario may lie. name: of the entry. FALSE with HEAPGATE_ERROR_CONFIG where it is a
 * stray. Hidden entries, what leads out of the project and folders with a gate of their own are none. */
gboolean stray_check(const Project *project, const char *name, GError **error);

#endif
