/* A file that a scenario names, and where it does. */
#ifndef HEAPGATE_SCENARIO_SCENARIO_FILE_H
#define HEAPGATE_SCENARIO_SCENARIO_FILE_H

#include <glib.h>

#include "project.h"
#include "yaml_file.h"

typedef struct {
    char *path; /* absolute, inside the project */
    char *text; /* as written */
    gsize line, column;
} ScenarioFile;

/* Reads one name, relative to `folder`, the scenario's. (transfer full). Errors: nothing named, or a place
 * outside the project. Opens nothing. */
ScenarioFile *scenario_file_read(YamlFile *yaml, yaml_node_t *node, const Project *project,
                                 const char *folder, GError **error);
void scenario_file_free(gpointer self);

/* Reads one more file for the working folder and appends it to `files` (of ScenarioFile): all stand there
 * beside each other, under their own names. */
gboolean scenario_file_append(YamlFile *yaml, yaml_node_t *node, const Project *project, const char *folder,
                              GPtrArray *files, GError **error);

/* It exists and is what it should be; scenario: for messages. NULL passes. */
gboolean scenario_file_check(const ScenarioFile *self, const char *scenario, gboolean may_be_folder,
                             GError **error);

#endif
