#include "scenario.h"

#include <gio/gio.h>
#include <string.h>

#include "error.h"
#include "project_file.h"
#include "scenario_keys.h"

enum { FILE_LIMIT = 1024 * 1024, NAME_LIMIT = 100 };

void scenario_free(Scenario *self)
{
    if (self == NULL)
        return;
    g_free(self->name);
    g_free(self->file);
    g_free(self->about);
    g_strfreev(self->run);
    g_ptr_array_unref(self->prepare);
    scenario_file_free(self->stdin_file);
    g_ptr_array_unref(self->files);
    g_ptr_array_unref(self->suppressions);
    g_strfreev(self->env);
    allow_clear(&self->allow);
    g_strfreev(self->instruments);
    heap_options_clear(&self->heap);
    g_strfreev(self->tags);
    g_free(self);
}

static gboolean name_is_plain(const char *name)
{
    gsize length = strlen(name);
    return length > 0 && length <= NAME_LIMIT && name[0] != '.' && name[0] != '-' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == length;
}

static gboolean has_pair(YamlFile *yaml, const char *name)
{
    yaml_node_t *root = yaml_file_root(yaml);
    for (yaml_node_pair_t *pair = root->data.mapping.pairs.start; pair < root->data.mapping.pairs.top;
         pair++) {
        yaml_node_t *key = yaml_document_get_node(&yaml->document, pair->key);
        if (key->type == YAML_SCALAR_NODE && strcmp((const char *)key->data.scalar.value, name) == 0)
            return TRUE;
    }
    return FALSE;
}

/* Fails where several keys say what to run, or how often. */
static gboolean check_exclusive(YamlFile *yaml, GError **error)
{
    if (has_pair(yaml, "run") + has_pair(yaml, "shell") + has_pair(yaml, "python") > 1)
        return yaml_file_fail(yaml, yaml_file_root(yaml), error,
                              "give one of run, shell and python, not several");
    if (has_pair(yaml, "python") && has_pair(yaml, "workflow"))
        return yaml_file_fail(yaml, yaml_file_root(yaml), error,
                              "python has iterations and warmup of its own; leave workflow out");
    return TRUE;
}

static Scenario *scenario_new(const Project *project, const char *path)
{
    Scenario *self = g_new0(Scenario, 1);
    g_autofree char *base = g_path_get_basename(path);
    self->name = g_strndup(base, strlen(base) - strlen(".yaml"));
    self->file = project_relative(project, path);
    self->prepare = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
    self->files = g_ptr_array_new_with_free_func(scenario_file_free);
    self->suppressions = g_ptr_array_new_with_free_func(scenario_file_free);
    self->env = g_new0(char *, 1);
    heap_options_init(&self->heap);
    self->tags = g_new0(char *, 1);
    self->timeout_us = project->timeout_us;
    self->instruments = g_strdupv(project->instruments);
    self->warmup = SCENARIO_DEFAULT_WARMUP;
    allow_inherit(&self->allow, &project->allow);
    return self;
}

/* The default allowance of retained bytes for `python` scenarios: each line of source that is added is a few
 * bytes of code and names that the interpreter keeps. */
static void allow_source_of_python(YamlFile *yaml, Scenario *self)
{
    enum { PERCENT = 1, FLOOR = 16 * 1024 };
    const Allowance retained = allow_allowance(&self->allow, METRIC_RETAINED);
    const MetricAllow *said = allow_find(&self->allow, METRIC_RETAINED);
    if (has_pair(yaml, "python") && (said == NULL || said->line == 0) && retained.percent == 0 &&
        retained.floor == 0)
        allow_say(&self->allow, METRIC_RETAINED)->allowance = (Allowance){.percent = PERCENT, .floor = FLOOR};
}

/* Checks what concerns no single key. */
static gboolean check_whole(YamlFile *yaml, const Scenario *self, GError **error)
{
    if (!name_is_plain(self->name))
        return yaml_file_fail(
            yaml, yaml_file_root(yaml), error,
            "the file's name is the scenario's: use letters, digits, \".\", \"_\" and \"-\" only");
    if (self->run == NULL)
        return yaml_file_fail(yaml, yaml_file_root(yaml), error,
                              "expected one of the keys run, shell and python: what is to be measured");
    return TRUE;
}

Scenario *scenario_parse(const Project *project, const char *path, const char *bytes, gsize length,
                         GError **error)
{
    g_autoptr(Scenario) self = scenario_new(project, path);
    g_autoptr(YamlFile) yaml = yaml_file_load(bytes, length, self->file, error);
    if (yaml == NULL)
        return NULL;
    g_autofree char *folder = g_path_get_dirname(path);
    ScenarioReading reading = {self, project, folder};
    if (!check_exclusive(yaml, error) ||
        !yaml_file_each_pair(yaml, yaml_file_root(yaml), scenario_read_key, &reading, error) ||
        !check_whole(yaml, self, error))
        return NULL;
    allow_source_of_python(yaml, self);
    return g_steal_pointer(&self);
}

Scenario *scenario_load(const Project *project, const char *path, GError **error)
{
    g_autofree char *bytes = NULL;
    gsize length = 0;
    if (!project_file_read(project, path, "scenario", FILE_LIMIT, &bytes, &length, NULL, error))
        return NULL;
    return scenario_parse(project, path, bytes, length, error);
}

gboolean scenario_check_files(const Scenario *self, GError **error)
{
    if (!scenario_file_check(self->stdin_file, self->file, FALSE, error))
        return FALSE;
    for (guint i = 0; i < self->files->len; i++)
        if (!scenario_file_check(g_ptr_array_index(self->files, i), self->file, TRUE, error))
            return FALSE;
    for (guint i = 0; i < self->suppressions->len; i++)
        if (!scenario_file_check(g_ptr_array_index(self->suppressions, i), self->file, FALSE, error))
            return FALSE;
    return TRUE;
}
