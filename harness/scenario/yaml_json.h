/* A value of a YAML file as JSON, for programs that are handed it. */
#ifndef HEAPGATE_SCENARIO_YAML_JSON_H
#define HEAPGATE_SCENARIO_YAML_JSON_H

#include "yaml_file.h"

/* The value in JSON, on one line; (transfer full). Quoted scalars are text; plain ones are null, true, false,
 * whole numbers and decimal ones where they are written as JSON writes these, and else text, too. Errors:
 * values that aliases make longer or deeper than a command line can be. */
char *yaml_json_text(YamlFile *yaml, yaml_node_t *node, GError **error);

#endif
