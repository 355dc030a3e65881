/* Chooses scenarios by name and tag. */
#include <string.h>

#include "error.h"
#include "model/text.h"
#include "scenario.h"
#include "stray.h"

/* The names of all scenarios, sorted; (transfer full), of char *. */
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
        if (g_str_has_suffix(name, ".yaml") && name[0] != '.')
            g_ptr_array_add(names, g_strndup(name, strlen(name) - strlen(".yaml")));
        else if (!stray_check(project, name, error))
            return NULL;
    g_ptr_array_sort(names, text_compare);
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
