#include "scenario_file.h"

#include <string.h>

#include "error.h"

void scenario_file_free(gpointer self)
{
    ScenarioFile *file = self;
    if (file == NULL)
        return;
    g_free(file->path);
    g_free(file->text);
    g_free(file);
}

ScenarioFile *scenario_file_read(YamlFile *yaml, yaml_node_t *node, const Project *project,
                                 const char *folder, GError **error)
{
    const char *text = yaml_file_text(yaml, node, error);
    if (text == NULL)
        return NULL;
    if (*text == '\0') {
        yaml_file_fail(yaml, node, error, "expected the name of a file, found nothing");
        return NULL;
    }
    char *path = project_resolve(project, folder, text);
    if (path == NULL) {
        yaml_file_fail(yaml, node, error, "\"%s\" lies outside the project; name a file below its root",
                       text);
        return NULL;
    }
    ScenarioFile *file = g_new0(ScenarioFile, 1);
    file->path = path;
    file->text = g_strdup(text);
    file->line = node->start_mark.line + 1;
    file->column = node->start_mark.column + 1;
    return file;
}

static gboolean check_name(YamlFile *yaml, yaml_node_t *node, const ScenarioFile *file,
                           const GPtrArray *files, GError **error)
{
    g_autofree char *name = g_path_get_basename(file->text);
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(name, "/") == 0)
        return yaml_file_fail(yaml, node, error,
                              "\"%s\" has no name of its own; name the file or folder itself", file->text);
    for (guint i = 0; i < files->len; i++) {
        const ScenarioFile *other = g_ptr_array_index(files, i);
        g_autofree char *taken = g_path_get_basename(other->text);
        if (strcmp(name, taken) == 0)
            return yaml_file_fail(yaml, node, error,
                                  "a file named \"%s\" is listed already; the working folder can hold one",
                                  name);
    }
    return TRUE;
}

gboolean scenario_file_append(YamlFile *yaml, yaml_node_t *node, const Project *project, const char *folder,
                              GPtrArray *files, GError **error)
{
    ScenarioFile *file = scenario_file_read(yaml, node, project, folder, error);
    if (file == NULL || !check_name(yaml, node, file, files, error)) {
        scenario_file_free(file);
        return FALSE;
    }
    g_ptr_array_add(files, file);
    return TRUE;
}

gboolean scenario_file_check(const ScenarioFile *self, const char *scenario, gboolean may_be_folder,
                             GError **error)
{
    const char *problem = NULL;
    if (self == NULL)
        return TRUE;
    if (!g_file_test(self->path, G_FILE_TEST_EXISTS))
        problem = "does not exist; correct the name or build it first";
    else if (!may_be_folder && g_file_test(self->path, G_FILE_TEST_IS_DIR))
        problem = "is a folder; name a file";
    if (problem != NULL)
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_CONFIG, "%s:%zu:%zu: \"%s\" %s", scenario,
                    self->line, self->column, self->text, problem);
    return problem == NULL;
}
