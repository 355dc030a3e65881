/* A project: the folder heapgate works for, and what its heapgate.yaml says. */
#ifndef HEAPGATE_SCENARIO_PROJECT_H
#define HEAPGATE_SCENARIO_PROJECT_H

#include <glib.h>

#include "allow.h"

typedef struct {
    char *root;      /* absolute */
    char *scenarios; /* the folders, absolute, inside root */
    char *baselines;
    char *reports;
    /* What scenarios that do not say otherwise get; instruments: heap. */
    gint64 timeout_us;
    GStrv instruments;
    Allow allow;
} Project;

/* Finds the project: the nearest folder from `start` upwards that holds heapgate.yaml or scenarios/, and
 * reads its heapgate.yaml where there is one. (transfer full). Errors: HEAPGATE_ERROR_CONFIG. */
Project *project_find(const char *start, GError **error);
/* The same without reading heapgate.yaml: all folders are the usual ones. */
Project *project_find_bare(const char *start, GError **error);
void project_free(Project *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Project, project_free)

/* Is this folder a project's: does it hold heapgate.yaml or scenarios/? */
gboolean project_is_root(const char *folder);

/* What heapgate.yaml and a scenario say alike; each a YamlRead. */
gboolean project_read_timeout(YamlFile *yaml, yaml_node_t *node, gpointer target,
                              GError **error); /* gint64, us */
gboolean project_read_instruments(YamlFile *yaml, yaml_node_t *node, gpointer target,
                                  GError **error); /* GStrv */

/* Is an absolute path without links this folder, or in it? */
gboolean project_path_is_in(const char *folder, const char *path);
/* `path` as seen from the project's root, for messages and results; (transfer full). */
char *project_relative(const Project *self, const char *path);
/* The absolute path of `path` (relative to `folder`), links resolved as far as it exists; NULL where it lies
 * outside the project. (transfer full). */
char *project_resolve(const Project *self, const char *folder, const char *path);

#endif
