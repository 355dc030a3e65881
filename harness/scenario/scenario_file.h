/* A file that a scenario names, with the place in the scenario that does. */
#ifndef HEAPGATE_SCENARIO_SCENARIO_FILE_H
#define HEAPGATE_SCENARIO_SCENARIO_FILE_H

#include <glib.h>

#include "project.h"
#include "yaml_file.h"

typedef struct {
    char *path;         /* absolute, inside the project */
    char *text;         /* as written */
    gsize line, column; /* from 1 */
} ScenarioFile;

/* Reads a name; does not open the file. folder: the scenario's, to which the name is relative. Returns
 * (transfer full). Errors: HEAPGATE_ERROR_CONFIG where the name is empty or leads out of the project. */
ScenarioFile *scenario_file_read(YamlFile *yaml, yaml_node_t *node, const Project *project,
                                 const char *folder, GError **error);
void scenario_file_free(gpointer self); /* NULL is fine */

/* Reads the name of a file for the working folder and appends it to `files`, of ScenarioFile. Base names must
 * differ, because all these files stand in one folder. Errors as above. */
gboolean scenario_file_append(YamlFile *yaml, yaml_node_t *node, const Project *project, const char *folder,
                              GPtrArray *files, GError **error);

/* Does the file exist, and is it no folder unless it may be one? self: NULL passes. scenario: the scenario's
 * file, for messages. Errors: HEAPGATE_ERROR_CONFIG. */
gboolean scenario_file_check(const ScenarioFile *self, const char *scenario, gboolean may_be_folder,
                             GError **error);

#endif
