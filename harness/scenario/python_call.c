#include "python_call.h"

#include <string.h>

#include "yaml_json.h"

/* Keeps a scalar's node, for a caller that knows the project and can resolve the path. */
static gboolean read_node(YamlFile *yaml, yaml_node_t *node, gpointer target, GError **error)
{
    yaml_node_t **kept = target;
    *kept = node;
    return yaml_file_text(yaml, node, error) != NULL;
}

static gboolean is_dotted_name(const char *name, gsize length)
{
    for (gsize i = 0; i < length; i++) {
        gboolean first = i == 0 || name[i - 1] == '.';
        gboolean letter = g_ascii_isalpha(name[i]) || name[i] == '_' || (guchar)name[i] >= 0x80;
        if (!letter && (first || !(g_ascii_isdigit(name[i]) || name[i] == '.')))
            return FALSE;
    }
    return length > 0 && name[length - 1] != '.';
}

static gboolean read_call(YamlFile *yaml, yaml_node_t *node, gpointer target, GError **error)
{
    char **call = target;
    if (!yaml_file_read_string(yaml, node, call, error))
        return FALSE;
    const char *colon = strchr(*call, ':');
    if (colon != NULL && is_dotted_name(*call, (gsize)(colon - *call)) &&
        is_dotted_name(colon + 1, strlen(colon + 1)))
        return TRUE;
    return yaml_file_fail(yaml, node, error, "expected \"package.module:function\", found \"%s\"", *call);
}

static gboolean read_function(YamlFile *yaml, yaml_node_t *node, gpointer target, GError **error)
{
    char **function = target;
    if (!yaml_file_read_string(yaml, node, function, error))
        return FALSE;
    return is_dotted_name(*function, strlen(*function)) ||
           yaml_file_fail(yaml, node, error, "expected the name of a function, found \"%s\"", *function);
}

static gboolean read_arguments(YamlFile *yaml, yaml_node_t *node, gpointer target, GError **error)
{
    char **arguments = target;
    if (node->type != YAML_SEQUENCE_NODE)
        return yaml_file_fail(yaml, node, error, "expected a list of arguments, such as [orders.json, 3]");
    return (*arguments = yaml_json_text(yaml, node, error)) != NULL;
}

static const YamlField fields[] = {
    {"call", read_call, offsetof(PythonCall, call)},
    {"script", read_node, offsetof(PythonCall, script_node)},
    {"function", read_function, offsetof(PythonCall, function)},
    {"args", read_arguments, offsetof(PythonCall, arguments)},
    {"iterations", yaml_file_read_count, offsetof(PythonCall, iterations)},
    {"warmup", yaml_file_read_count, offsetof(PythonCall, warmup)},
    {"interpreter", read_node, offsetof(PythonCall, interpreter_node)},
    {NULL},
};

gboolean python_call_read(YamlFile *yaml, yaml_node_t *node, PythonCall *self, GError **error)
{
    if (!yaml_file_read_mapping(yaml, node, fields, self, error))
        return FALSE;
    if ((self->call == NULL) == (self->script_node == NULL))
        return yaml_file_fail(yaml, node, error,
                              "expected either call: \"package.module:function\" or script: PATH with "
                              "function: NAME");
    if ((self->function == NULL) != (self->script_node == NULL))
        return yaml_file_fail(yaml, node, error,
                              "function names the function of a script; give both or neither");
    if (self->script_node != NULL)
        self->script = g_strdup(yaml_file_text(yaml, self->script_node, NULL));
    self->interpreter = g_strdup(
        self->interpreter_node != NULL ? yaml_file_text(yaml, self->interpreter_node, NULL) : "python3");
    return TRUE;
}

void python_call_clear(PythonCall *self)
{
    g_free(self->call);
    g_free(self->script);
    g_free(self->function);
    g_free(self->interpreter);
    g_free(self->arguments);
}

GStrv python_call_argv(const PythonCall *self)
{
    g_autoptr(GStrvBuilder) argv = g_strv_builder_new();
    g_autofree char *iterations = g_strdup_printf("%" G_GINT64_FORMAT, self->iterations);
    g_autofree char *warmup = g_strdup_printf("%" G_GINT64_FORMAT, self->warmup);
    g_autofree char *script = self->script != NULL ? g_path_get_basename(self->script) : NULL;
    g_strv_builder_add_many(argv, self->interpreter, "-m", "heapgate.drive", NULL);
    if (script != NULL)
        g_strv_builder_add_many(argv, "--script", script, "--function", self->function, NULL);
    else
        g_strv_builder_add_many(argv, "--call", self->call, NULL);
    if (self->arguments != NULL)
        g_strv_builder_add_many(argv, "--args", self->arguments, NULL);
    g_strv_builder_add_many(argv, "--iterations", iterations, "--warmup", warmup, NULL);
    return g_strv_builder_end(argv);
}
