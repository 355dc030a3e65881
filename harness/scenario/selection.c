/* Which of a project's scenarios a command is about. A file that looks like a scenario but would not be
 * measured is an error. */
#include <string.h>

#include "error.h"
#include "project_file.h"
#include "scenario.h"
#include "yaml_file.h"

enum { LARGEST_STRAY_BYTES = 1 << 20, DEEPEST_FOLDERS = 4 };

static int by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A name like those of YAML files, in any spelling. */
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
    if (g_strcmp0(text, "run") == 0 || g_strcmp0(text, "python") == 0)
        *(gboolean *)found = TRUE;
    return text != NULL;
}

/* Other YAML files may lie in folders of their own: what a program reads. */
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

/* A folder with a gate of its own is some program's data, and is not searched. */
static gboolean is_project(const char *folder)
{
    g_autofree char *settings = g_build_filename(folder, "heapgate.yaml", NULL);
    g_autofree char *scenarios = g_build_filename(folder, "scenarios", NULL);
    return g_file_test(settings, G_FILE_TEST_EXISTS) || g_file_test(scenarios, G_FILE_TEST_IS_DIR);
}

/* Looks into the folders below the scenarios', as deep as somebody would sort them. */
static gboolean check_folder_below(const Project *project, const char *path, guint deepest, GError **error)
{
    g_autoptr(GDir) folder = is_project(path) ? NULL : g_dir_open(path, 0, NULL);
    for (const char *name = folder != NULL ? g_dir_read_name(folder) : NULL; name != NULL;
         name = g_dir_read_name(folder)) {
        g_autofree char *inner = g_build_filename(path, name, NULL);
        if (g_file_test(inner, G_FILE_TEST_IS_SYMLINK))
            continue;
        if (deepest > 1 && name[0] != '.' && g_file_test(inner, G_FILE_TEST_IS_DIR) &&
            !check_folder_below(project, inner, deepest - 1, error))
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

/* One entry of the scenarios' folder. */
static gboolean add_name(const Project *project, const char *name, GPtrArray *names, GError **error)
{
    g_autofree char *path = g_build_filename(project->scenarios, name, NULL);
    if (name[0] == '.')
        return TRUE;
    if (g_str_has_suffix(name, ".yaml"))
        g_ptr_array_add(names, g_strndup(name, strlen(name) - strlen(".yaml")));
    else if (is_yaml_name(name)) {
        g_autofree char *shown = project_relative(project, path);
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_CONFIG,
                    "%s is not measured: the name of a scenario's file ends in .yaml; rename it, or "
                    "move it into a folder of its own if it is none",
                    shown);
        return FALSE;
    } else if (!g_file_test(path, G_FILE_TEST_IS_SYMLINK) && g_file_test(path, G_FILE_TEST_IS_DIR))
        return check_folder_below(project, path, DEEPEST_FOLDERS, error);
    return TRUE;
}

/* The names of all scenario files, sorted; (transfer full). */
static GPtrArray *scenario_names(const Project *project, GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_autoptr(GDir) folder = g_dir_open(project->scenarios, 0, &cause);
    if (folder == NULL) {
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_CONFIG,
                    "%s cannot be read (%s); heapgate init makes a first scenario", project->scenarios,
                    cause->message);
        return NULL;
    }
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    for (const char *name = g_dir_read_name(folder); name != NULL; name = g_dir_read_name(folder))
        if (!add_name(project, name, names, error))
            return NULL;
    g_ptr_array_sort(names, by_name);
    return g_steal_pointer(&names);
}

static gboolean pattern_matches_any(const char *pattern, const GPtrArray *names)
{
    for (guint i = 0; i < names->len; i++)
        if (g_pattern_match_simple(pattern, g_ptr_array_index(names, i)))
            return TRUE;
    return FALSE;
}

static gboolean check_patterns(const Project *project, const char *const *patterns, const GPtrArray *names,
                               GError **error)
{
    g_autofree char *folder = project_relative(project, project->scenarios);
    if (names->len == 0) {
        g_set_error(
            error, HEAPGATE_ERROR, HEAPGATE_ERROR_CONFIG,
            "%s holds no scenario (NAME.yaml), so nothing would be measured; heapgate init makes a first one",
            folder);
        return FALSE;
    }
    for (const char *const *pattern = patterns; pattern != NULL && *pattern != NULL; pattern++)
        if (!pattern_matches_any(*pattern, names)) {
            g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_USAGE,
                        "no scenario in %s matches \"%s\"; heapgate list shows them", folder, *pattern);
            return FALSE;
        }
    return TRUE;
}

static gboolean name_wanted(const char *name, const char *const *patterns)
{
    if (patterns == NULL || *patterns == NULL)
        return TRUE;
    for (const char *const *pattern = patterns; *pattern != NULL; pattern++)
        if (g_pattern_match_simple(*pattern, name))
            return TRUE;
    return FALSE;
}

static gboolean tags_wanted(const Scenario *scenario, const char *const *tags)
{
    if (tags == NULL || *tags == NULL)
        return TRUE;
    for (const char *const *tag = tags; *tag != NULL; tag++)
        if (g_strv_contains((const char *const *)scenario->tags, *tag))
            return TRUE;
    return FALSE;
}

GPtrArray *scenarios_load(const Project *project, const char *const *patterns, const char *const *tags,
                          GError **error)
{
    g_autoptr(GPtrArray) names = scenario_names(project, error);
    if (names == NULL || !check_patterns(project, patterns, names, error))
        return NULL;
    g_autoptr(GPtrArray) chosen = g_ptr_array_new_with_free_func((GDestroyNotify)scenario_free);
    for (guint i = 0; i < names->len; i++) {
        if (!name_wanted(g_ptr_array_index(names, i), patterns))
            continue;
        g_autofree char *base = g_strconcat(g_ptr_array_index(names, i), ".yaml", NULL);
        g_autofree char *path = g_build_filename(project->scenarios, base, NULL);
        g_autoptr(Scenario) scenario = scenario_load(project, path, error);
        if (scenario == NULL)
            return NULL;
        if (tags_wanted(scenario, tags))
            g_ptr_array_add(chosen, g_steal_pointer(&scenario));
    }
    if (chosen->len == 0) {
        g_autofree char *list = g_strjoinv(", ", (GStrv)tags);
        g_set_error(
            error, HEAPGATE_ERROR, HEAPGATE_ERROR_USAGE,
            "no scenario carries the tag %s, so nothing would be measured; heapgate list shows the tags",
            list);
        return NULL;
    }
    return g_steal_pointer(&chosen);
}
