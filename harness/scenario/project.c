#include "project.h"

#include <gio/gio.h>
#include <string.h>

#include "error.h"
#include "project_file.h"

#define CONFIG_NAME "heapgate.yaml"
enum { CONFIG_LIMIT = 1024 * 1024, DEFAULT_TIMEOUT_S = 600 };

/* The absolute path without "." and "..", with links resolved in the longest part that exists; (transfer
 * full). */
static char *canonical(const char *path)
{
    g_autofree char *absolute = g_canonicalize_filename(path, NULL);
    g_autofree char *rest = g_strdup("");
    for (;;) {
        char *real = realpath(absolute, NULL);
        if (real != NULL) {
            char *whole = *rest != '\0' ? g_build_filename(real, rest, NULL) : g_strdup(real);
            free(real);
            return whole;
        }
        g_autofree char *base = g_path_get_basename(absolute);
        g_autofree char *folder = g_path_get_dirname(absolute);
        char *longer = *rest != '\0' ? g_build_filename(base, rest, NULL) : g_strdup(base);
        g_free(rest);
        rest = longer;
        g_free(absolute);
        absolute = g_steal_pointer(&folder);
    }
}

gboolean project_path_is_in(const char *root, const char *path)
{
    gsize length = strlen(root);
    return strncmp(root, path, length) == 0 && (path[length] == '/' || path[length] == '\0' || length == 1);
}

char *project_resolve(const Project *self, const char *folder, const char *path)
{
    g_autofree char *joined = g_build_filename(g_path_is_absolute(path) ? "/" : folder, path, NULL);
    g_autofree char *real = canonical(joined);
    return project_path_is_in(self->root, real) ? g_steal_pointer(&real) : NULL;
}

char *project_relative(const Project *self, const char *path)
{
    gsize length = strlen(self->root);
    if (project_path_is_in(self->root, path) && path[length] == '/')
        return g_strdup(path + length + 1);
    return g_strdup(path);
}

gboolean project_read_timeout(YamlFile *yaml, yaml_node_t *node, gpointer target, GError **error)
{
    gint64 *timeout_us = target;
    if (!yaml_file_read_duration(yaml, node, timeout_us, error))
        return FALSE;
    return *timeout_us > 0 || yaml_file_fail(yaml, node, error, "expected a timeout above 0, found 0");
}

gboolean project_read_instruments(YamlFile *yaml, yaml_node_t *node, gpointer target, GError **error)
{
    GStrv *instruments = target;
    if (!yaml_file_read_strings(yaml, node, instruments, error))
        return FALSE;
    if ((*instruments)[0] == NULL)
        return yaml_file_fail(yaml, node, error, "expected at least one instrument, found an empty list");
    for (GStrv one = *instruments; *one != NULL; one++)
        if (g_strv_contains((const char *const *)one + 1, *one))
            return yaml_file_fail(yaml, node, error, "instrument \"%s\" is named twice", *one);
    return TRUE;
}

/* Reads a folder's name and resolves it; it must lie in the project. */
static gboolean read_folder(YamlFile *yaml, yaml_node_t *node, Project *self, char **target, GError **error)
{
    const char *text = yaml_file_text(yaml, node, error);
    if (text == NULL)
        return FALSE;
    char *path = project_resolve(self, self->root, text);
    if (path == NULL)
        return yaml_file_fail(yaml, node, error, "\"%s\" lies outside the project; name a folder below it",
                              text);
    g_free(*target);
    *target = path;
    return TRUE;
}

static gboolean read_pair(YamlFile *yaml, yaml_node_t *key, yaml_node_t *value, gpointer user_data,
                          GError **error)
{
    Project *self = user_data;
    const char *name = (const char *)key->data.scalar.value;
    if (strcmp(name, "scenarios") == 0)
        return read_folder(yaml, value, self, &self->scenarios, error);
    if (strcmp(name, "baselines") == 0)
        return read_folder(yaml, value, self, &self->baselines, error);
    if (strcmp(name, "reports") == 0)
        return read_folder(yaml, value, self, &self->reports, error);
    if (strcmp(name, "timeout") == 0)
        return project_read_timeout(yaml, value, &self->timeout_us, error);
    if (strcmp(name, "instruments") == 0)
        return project_read_instruments(yaml, value, &self->instruments, error);
    if (strcmp(name, "allow") == 0)
        return allow_read(yaml, value, &self->allow, error);
    return yaml_file_fail(
        yaml, key, error,
        "unknown key \"%s\"; expected one of scenarios, baselines, reports, timeout, instruments, allow",
        name);
}

static gboolean read_config(Project *self, GError **error)
{
    g_autofree char *path = g_build_filename(self->root, CONFIG_NAME, NULL), *bytes = NULL;
    gsize length = 0;
    gboolean missing = FALSE;
    if (!project_file_read(self, path, CONFIG_NAME, CONFIG_LIMIT, &bytes, &length, &missing, error))
        return missing;
    g_autoptr(YamlFile) yaml = yaml_file_load(bytes, length, CONFIG_NAME, error);
    return yaml != NULL && yaml_file_each_pair(yaml, yaml_file_root(yaml), read_pair, self, error);
}

gboolean project_is_root(const char *folder)
{
    g_autofree char *config = g_build_filename(folder, CONFIG_NAME, NULL);
    g_autofree char *scenarios = g_build_filename(folder, "scenarios", NULL);
    return g_file_test(config, G_FILE_TEST_EXISTS) || g_file_test(scenarios, G_FILE_TEST_IS_DIR);
}

/* Does the search for the project end here: at the root of a repository or of the file system? */
static gboolean is_boundary(const char *folder)
{
    g_autofree char *repository = g_build_filename(folder, ".git", NULL);
    return strcmp(folder, "/") == 0 || g_file_test(repository, G_FILE_TEST_EXISTS);
}

Project *project_find_bare(const char *start, GError **error)
{
    g_autofree char *folder = canonical(start);
    while (!project_is_root(folder)) {
        if (is_boundary(folder)) {
            g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_CONFIG,
                        "%s: found neither " CONFIG_NAME
                        " nor scenarios/ here or above in this repository; heapgate init makes a first "
                        "scenario",
                        start);
            return NULL;
        }
        char *up = g_path_get_dirname(folder);
        g_free(folder);
        folder = up;
    }
    g_autoptr(Project) self = g_new0(Project, 1);
    self->root = g_steal_pointer(&folder);
    self->scenarios = g_build_filename(self->root, "scenarios", NULL);
    self->baselines = g_build_filename(self->root, "baselines", NULL);
    self->reports = g_build_filename(self->root, "reports", NULL);
    self->timeout_us = (gint64)DEFAULT_TIMEOUT_S * G_USEC_PER_SEC;
    allow_init(&self->allow);
    static const char *const instruments[] = {"heap", NULL};
    self->instruments = g_strdupv((GStrv)instruments);
    return g_steal_pointer(&self);
}

/* Fails where a folder is a link that leads out of the project. */
static gboolean check_folder(const Project *self, const char *folder, GError **error)
{
    g_autofree char *real = project_resolve(self, self->root, folder);
    if (real != NULL)
        return TRUE;
    g_autofree char *name = project_relative(self, folder);
    g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_CONFIG,
                "%s leads out of the project; make it a folder of the project's own", name);
    return FALSE;
}

Project *project_find(const char *start, GError **error)
{
    g_autoptr(Project) self = project_find_bare(start, error);
    if (self == NULL || !read_config(self, error))
        return NULL;
    const char *const folders[] = {self->scenarios, self->baselines, self->reports};
    for (gsize i = 0; i < G_N_ELEMENTS(folders); i++)
        if (!check_folder(self, folders[i], error))
            return NULL;
    return g_steal_pointer(&self);
}

void project_free(Project *self)
{
    if (self == NULL)
        return;
    g_free(self->root);
    g_free(self->scenarios);
    g_free(self->baselines);
    g_free(self->reports);
    g_strfreev(self->instruments);
    allow_clear(&self->allow);
    g_free(self);
}
