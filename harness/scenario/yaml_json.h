/* Converts values of YAML files to JSON, to pass them to programs. */
#ifndef HEAPGATE_SCENARIO_YAML_JSON_H
#define HEAPGATE_SCENARIO_YAML_JSON_H

#include "yaml_file.h"

/* The value as one line of JSON; (transfer full). A plain scalar that is written like JSON's null, true,
 * false or a number becomes that ("~" and an empty one become null); all others become strings. Errors:
 * HEAPGATE_ERROR_CONFIG where aliases make the value too large or too deep for a command line. */
char *yaml_json_text(YamlFile *yaml, yaml_node_t *node, GError **error);

#endif
