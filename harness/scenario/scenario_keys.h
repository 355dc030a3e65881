/* Reads the keys of a scenario file; for scenario.c alone. */
#ifndef HEAPGATE_SCENARIO_SCENARIO_KEYS_H
#define HEAPGATE_SCENARIO_SCENARIO_KEYS_H

#include "scenario.h"
#include "yaml_file.h"

/* The scenario that is being read, and what its readers need besides. */
typedef struct {
    Scenario *scenario;
    const Project *project;
    char *folder; /* the scenario file's */
} ScenarioReading;

/* Reads one pair of the file's mapping; a YamlPair. user_data: a ScenarioReading. Errors:
 * HEAPGATE_ERROR_CONFIG, "NAME:LINE:COLUMN: ..."; an unknown key is one. */
gboolean scenario_read_key(YamlFile *yaml, yaml_node_t *key, yaml_node_t *value, gpointer user_data,
                           GError **error);

#endif
