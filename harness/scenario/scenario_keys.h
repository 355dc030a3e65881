/* The keys of a scenario file. For scenario.c alone. */
#ifndef HEAPGATE_SCENARIO_SCENARIO_KEYS_H
#define HEAPGATE_SCENARIO_SCENARIO_KEYS_H

#include "scenario.h"
#include "yaml_file.h"

/* What reading needs to know besides the scenario itself. */
typedef struct {
    Scenario *scenario;
    const Project *project;
    char *folder; /* the scenario file's */
} ScenarioReading;

/* Reads one pair of the file's mapping; user_data: a ScenarioReading. Errors: HEAPGATE_ERROR_CONFIG
 * "NAME:LINE:COLUMN: ...", for an unknown key, too. */
gboolean scenario_read_key(YamlFile *yaml, yaml_node_t *key, yaml_node_t *value, gpointer user_data,
                           GError **error);

#endif
