/* A project: a folder with heapgate.yaml or scenarios/, and what its heapgate.yaml says. */
#ifndef HEAPGATE_SCENARIO_PROJECT_H
#define HEAPGATE_SCENARIO_PROJECT_H

#include <glib.h>

#include "allow.h"

typedef struct {
    char *root; /* absolute, without links */
    /* Folders below root, absolute. */
    char *scenarios;
    char *baselines;
    char *reports;
    /* Defaults for scenarios. */
    gint64 timeout_us;
    GStrv instruments; /* names; "heap" where heapgate.yaml does not say */
    Allow allow;
} Project;

/* Finds the project, the nearest folder from `start` upwards that has heapgate.yaml or scenarios/, and reads
 * its heapgate.yaml. The search ends at the root of a repository. Returns (transfer full). Errors:
 * HEAPGATE_ERROR_CONFIG. */
Project *project_find(const char *start, GError **error);
/* The same without reading heapgate.yaml: everything has its default. */
Project *project_find_bare(const char *start, GError **error);
void project_free(Project *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Project, project_free)

/* Does this folder have heapgate.yaml or scenarios/? */
gboolean project_is_root(const char *folder);

/* Readers of keys that heapgate.yaml and scenarios have in common; each is a YamlRead. Targets in the
 * comments. */
gboolean project_read_timeout(YamlFile *yaml, yaml_node_t *node, gpointer target,
                              GError **error); /* gint64, us */
gboolean project_read_instruments(YamlFile *yaml, yaml_node_t *node, gpointer target,
                                  GError **error); /* GStrv */

/* Is the path this folder, or in it? Both are absolute and without links. */
gboolean project_path_is_in(const char *folder, const char *path);
/* An absolute path relative to the project's root, for messages and results; unchanged where it lies outside.
 * (transfer full). */
char *project_relative(const Project *self, const char *path);
/* The absolute path of `path`, which is relative to `folder`, with links resolved as far as it exists;
 * (transfer full), or NULL where it lies outside the project. */
char *project_resolve(const Project *self, const char *folder, const char *path);

#endif
