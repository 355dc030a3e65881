/* Strays: files that look like scenarios, but are not measured because of their name or folder. */
#ifndef HEAPGATE_SCENARIO_STRAY_H
#define HEAPGATE_SCENARIO_STRAY_H

#include "project.h"

/* Checks an entry of the scenarios' folder that is no scenario. A YAML file with another ending ("a.yml") is
 * a stray, and so is a scenario in a folder below. Hidden entries, links that lead out of the project, and
 * folders that are projects of their own are not. name: the entry's. FALSE with HEAPGATE_ERROR_CONFIG for a
 * stray. */
gboolean stray_check(const Project *project, const char *name, GError **error);

#endif
