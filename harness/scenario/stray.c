#include "stray.h"

#include "error.h"
#include "project_file.h"
#include "yaml_file.h"

enum { LARGEST_STRAY_BYTES = 1 << 20, DEEPEST_FOLDERS = 8 };

/* Does a name end like a YAML file's, in whatever case? */
static gboolean is_yaml_name(const char *name)
{
    g_autofree char *lower = g_ascii_strdown(name, -1);
    return name[0] != '.' && (g_str_has_suffix(lower, ".yaml") || g_str_has_suffix(lower, ".yml"));
}

static gboolean says_what_to_run(YamlFile *file, yaml_node_t *key, yaml_node_t *value, gpointer found,
                                 GError **error)
{
    (void)value;
    const char *text = yaml_file_text(file, key, error);
    if (g_strcmp0(text, "run") == 0 || g_strcmp0(text, "shell") == 0 || g_strcmp0(text, "python") == 0)
        *(gboolean *)found = TRUE;
    return text != NULL;
}

/* Does a YAML file have a scenario's key? Others may lie in folders, too: files that programs read. */
static gboolean is_like_a_scenario(const Project *project, const char *path)
{
    g_autofree char *bytes = NULL;
    gsize length = 0;
    if (!project_file_read(project, path, "scenario", LARGEST_STRAY_BYTES, &bytes, &length, NULL, NULL))
        return FALSE;
    g_autoptr(YamlFile) yaml = yaml_file_load(bytes, length, path, NULL);
    gboolean found = FALSE;
    if (yaml != NULL)
        yaml_file_each_pair(yaml, yaml_file_root(yaml), says_what_to_run, &found, NULL);
    return found;
}

/* Opens a folder to search it; (transfer full). NULL where it lies outside, is a project of its own, or is a
 * link to a folder that is searched anyway. */
static GDir *folder_open(const Project *project, const char *path)
{
    g_autofree char *real = project_resolve(project, project->root, path);
    if (real == NULL || project_is_root(path))
        return NULL;
    g_autofree char *scenarios = project_resolve(project, project->root, project->scenarios);
    gboolean again =
        scenarios != NULL && g_file_test(path, G_FILE_TEST_IS_SYMLINK) && project_path_is_in(scenarios, real);
    return again ? NULL : g_dir_open(path, 0, NULL);
}

static gboolean check_folder(const Project *project, const char *path, guint deepest, GError **error)
{
    g_autoptr(GDir) folder = deepest > 0 ? folder_open(project, path) : NULL;
    for (const char *name = folder != NULL ? g_dir_read_name(folder) : NULL; name != NULL;
         name = g_dir_read_name(folder)) {
        g_autofree char *inner = g_build_filename(path, name, NULL);
        if (name[0] != '.' && g_file_test(inner, G_FILE_TEST_IS_DIR) &&
            !check_folder(project, inner, deepest - 1, error))
            return FALSE;
        if (!is_yaml_name(name) || !is_like_a_scenario(project, inner))
            continue;
        g_autofree char *shown = project_relative(project, inner),
                        *top = project_relative(project, project->scenarios);
        g_set_error(
            error, HEAPGATE_ERROR, HEAPGATE_ERROR_CONFIG,
            "%s is not measured: scenarios lie in %s itself; move it there, and sort scenarios by tags",
            shown, top);
        return FALSE;
    }
    return TRUE;
}

gboolean stray_check(const Project *project, const char *name, GError **error)
{
    g_autofree char *path = g_build_filename(project->scenarios, name, NULL);
    if (is_yaml_name(name)) {
        g_autofree char *shown = project_relative(project, path);
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_CONFIG,
                    "%s is not measured: the name of a scenario's file ends in .yaml; rename it, or "
                    "move it into a folder of its own if it is none",
                    shown);
        return FALSE;
    }
    return name[0] == '.' || !g_file_test(path, G_FILE_TEST_IS_DIR) ||
           check_folder(project, path, DEEPEST_FOLDERS, error);
}
