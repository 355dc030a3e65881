/* The table of a scenario's keys, with a reader for each. */
#include "scenario_keys.h"

#include <string.h>

#include "python_call.h"

enum { MOST_ITERATIONS = 1 << 26 };

typedef gboolean (*ReadKey)(YamlFile *yaml, yaml_node_t *node, ScenarioReading *reading, GError **error);

static ScenarioFile *read_file(YamlFile *yaml, yaml_node_t *node, const ScenarioReading *reading,
                               GError **error)
{
    return scenario_file_read(yaml, node, reading->project, reading->folder, error);
}

/* Makes a program with a slash in its name absolute: it must lie in the project. Others are looked up in PATH
 * when they are run. */
static gboolean resolve_program(YamlFile *yaml, yaml_node_t *node, const ScenarioReading *reading, GStrv argv,
                                GError **error)
{
    if (argv[0] == NULL || *argv[0] == '\0')
        return yaml_file_fail(yaml, node, error, "expected a program and its arguments, found an empty list");
    if (strchr(argv[0], '/') == NULL || g_path_is_absolute(argv[0]))
        return TRUE;
    /* Only the folder is resolved: the program may be a link out of the project, as a virtual environment's
     * python is. */
    g_autofree char *parent = g_path_get_dirname(argv[0]);
    g_autofree char *folder = project_resolve(reading->project, reading->project->root, parent);
    if (folder == NULL)
        return yaml_file_fail(yaml, node, error,
                              "\"%s\" lies outside the project; name a program below its root", argv[0]);
    g_autofree char *base = g_path_get_basename(argv[0]);
    g_free(argv[0]);
    argv[0] = g_build_filename(folder, base, NULL);
    return TRUE;
}

static gboolean read_run(YamlFile *yaml, yaml_node_t *node, ScenarioReading *reading, GError **error)
{
    return yaml_file_read_strings(yaml, node, &reading->scenario->run, error) &&
           resolve_program(yaml, node, reading, reading->scenario->run, error);
}

static gboolean read_shell(YamlFile *yaml, yaml_node_t *node, ScenarioReading *reading, GError **error)
{
    const char *text = yaml_file_text(yaml, node, error);
    if (text == NULL)
        return FALSE;
    if (text[strspn(text, " \t\n")] == '\0')
        return yaml_file_fail(yaml, node, error, "expected a line for the shell, found nothing");
    const char *argv[] = {"/bin/sh", "-c", text, NULL};
    reading->scenario->run = g_strdupv((GStrv)argv);
    return TRUE;
}

static gboolean read_command(YamlFile *yaml, yaml_node_t *node, gpointer target, GError **error)
{
    ScenarioReading *reading = target;
    g_auto(GStrv) argv = NULL;
    if (!yaml_file_read_strings(yaml, node, &argv, error) ||
        !resolve_program(yaml, node, reading, argv, error))
        return FALSE;
    g_ptr_array_add(reading->scenario->prepare, g_steal_pointer(&argv));
    return TRUE;
}

static gboolean read_prepare(YamlFile *yaml, yaml_node_t *node, ScenarioReading *reading, GError **error)
{
    return yaml_file_each_item(yaml, node, read_command, reading, error);
}

static gboolean read_stdin(YamlFile *yaml, yaml_node_t *node, ScenarioReading *reading, GError **error)
{
    return (reading->scenario->stdin_file = read_file(yaml, node, reading, error)) != NULL;
}

static gboolean append_file(YamlFile *yaml, yaml_node_t *node, gpointer target, GError **error)
{
    ScenarioReading *reading = target;
    return scenario_file_append(yaml, node, reading->project, reading->folder, reading->scenario->files,
                                error);
}

static gboolean read_files(YamlFile *yaml, yaml_node_t *node, ScenarioReading *reading, GError **error)
{
    return yaml_file_each_item(yaml, node, append_file, reading, error);
}

static gboolean append_suppressions(YamlFile *yaml, yaml_node_t *node, gpointer target, GError **error)
{
    ScenarioReading *reading = target;
    ScenarioFile *file = read_file(yaml, node, reading, error);
    if (file != NULL)
        g_ptr_array_add(reading->scenario->suppressions, file);
    return file != NULL;
}

static gboolean read_suppressions(YamlFile *yaml, yaml_node_t *node, ScenarioReading *reading, GError **error)
{
    return yaml_file_each_item(yaml, node, append_suppressions, reading, error);
}

static gboolean append_variable(YamlFile *yaml, yaml_node_t *key, yaml_node_t *value, gpointer user_data,
                                GError **error)
{
    const char *name = (const char *)key->data.scalar.value, *text = yaml_file_text(yaml, value, error);
    if (text == NULL)
        return FALSE;
    if (*name == '\0' || strchr(name, '=') != NULL)
        return yaml_file_fail(yaml, key, error, "\"%s\" cannot name an environment variable", name);
    g_autofree char *variable = g_strconcat(name, "=", text, NULL);
    g_strv_builder_add(user_data, variable);
    return TRUE;
}

static gboolean read_env(YamlFile *yaml, yaml_node_t *node, ScenarioReading *reading, GError **error)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    if (!yaml_file_each_pair(yaml, node, append_variable, builder, error))
        return FALSE;
    g_strfreev(reading->scenario->env);
    reading->scenario->env = g_strv_builder_end(builder);
    return TRUE;
}

/* Refuses keys that are planned. */
static gboolean read_later(YamlFile *yaml, yaml_node_t *node, gpointer target, GError **error)
{
    (void)target;
    return yaml_file_fail(
        yaml, node, error,
        "workflow.ready, step and stop are not yet supported: let the program mark its own iterations "
        "(heapgate.h)");
}

static const YamlField workflow_fields[] = {
    {"warmup", yaml_file_read_count, offsetof(Scenario, warmup)},
    {"iterations", yaml_file_read_count, offsetof(Scenario, iterations)},
    {"ready", read_later, 0},
    {"step", read_later, 0},
    {"stop", read_later, 0},
    {NULL},
};

/* Are there enough iterations to judge growth, and not too many? node: where they were read, for messages. */
static gboolean check_counts(YamlFile *yaml, yaml_node_t *node, const Scenario *self, GError **error)
{
    if (self->warmup > MOST_ITERATIONS || self->iterations > MOST_ITERATIONS)
        return yaml_file_fail(yaml, node, error,
                              "expected at most %d iterations, warm-up included, found more",
                              MOST_ITERATIONS);
    if (self->iterations > 0 && self->iterations - MAX(self->warmup, 1) < SCENARIO_FEWEST_COUNTED)
        return yaml_file_fail(
            yaml, node, error,
            "%" G_GINT64_FORMAT " iterations less %" G_GINT64_FORMAT
            " of warm-up leave fewer than %d to count: growth cannot be told from noise; raise "
            "iterations",
            self->iterations, MAX(self->warmup, 1), SCENARIO_FEWEST_COUNTED);
    return TRUE;
}

static gboolean read_workflow(YamlFile *yaml, yaml_node_t *node, ScenarioReading *reading, GError **error)
{
    Scenario *self = reading->scenario;
    self->has_workflow = TRUE;
    return yaml_file_read_mapping(yaml, node, workflow_fields, self, error) &&
           check_counts(yaml, node, self, error);
}

/* A script is linked into the working folder like other files: Python keeps its path in memory, and so the
 * path is equally long in every clone. */
static gboolean read_python(YamlFile *yaml, yaml_node_t *node, ScenarioReading *reading, GError **error)
{
    Scenario *self = reading->scenario;
    g_auto(PythonCall) call = {.iterations = SCENARIO_DEFAULT_ITERATIONS, .warmup = SCENARIO_DEFAULT_WARMUP};
    if (!python_call_read(yaml, node, &call, error))
        return FALSE;
    if (call.script_node != NULL && !append_file(yaml, call.script_node, reading, error))
        return FALSE;
    self->drives_python = TRUE;
    self->has_workflow = TRUE;
    self->iterations = call.iterations;
    self->warmup = call.warmup;
    self->run = python_call_argv(&call);
    yaml_node_t *program = call.interpreter_node != NULL ? call.interpreter_node : node;
    return check_counts(yaml, node, self, error) && resolve_program(yaml, program, reading, self->run, error);
}

static gboolean read_exit(YamlFile *yaml, yaml_node_t *node, gpointer target, GError **error)
{
    gint64 *status = target;
    if (!yaml_file_read_count(yaml, node, status, error))
        return FALSE;
    return *status <= 255 ||
           yaml_file_fail(yaml, node, error, "expected an exit status from 0 to 255, found %" G_GINT64_FORMAT,
                          *status);
}

static const YamlField expect_fields[] = {
    {"exit", read_exit, offsetof(Scenario, expect_exit)},
    {NULL},
};

static gboolean read_expect(YamlFile *yaml, yaml_node_t *node, ScenarioReading *reading, GError **error)
{
    return yaml_file_read_mapping(yaml, node, expect_fields, reading->scenario, error);
}

static gboolean read_about(YamlFile *yaml, yaml_node_t *node, ScenarioReading *reading, GError **error)
{
    return yaml_file_read_string(yaml, node, &reading->scenario->about, error);
}

static gboolean read_timeout(YamlFile *yaml, yaml_node_t *node, ScenarioReading *reading, GError **error)
{
    return project_read_timeout(yaml, node, &reading->scenario->timeout_us, error);
}

static gboolean read_cpus(YamlFile *yaml, yaml_node_t *node, ScenarioReading *reading, GError **error)
{
    enum { MOST = 1024 };
    gint64 *cpus = &reading->scenario->cpus;
    if (!yaml_file_read_count(yaml, node, cpus, error))
        return FALSE;
    return (*cpus >= 1 && *cpus <= MOST) ||
           yaml_file_fail(yaml, node, error, "expected a number of processors from 1 to %d", MOST);
}

static gboolean read_instruments(YamlFile *yaml, yaml_node_t *node, ScenarioReading *reading, GError **error)
{
    return project_read_instruments(yaml, node, &reading->scenario->instruments, error);
}

static gboolean read_heap(YamlFile *yaml, yaml_node_t *node, ScenarioReading *reading, GError **error)
{
    return heap_options_read(yaml, node, &reading->scenario->heap, error);
}

static gboolean read_tags(YamlFile *yaml, yaml_node_t *node, ScenarioReading *reading, GError **error)
{
    return yaml_file_read_strings(yaml, node, &reading->scenario->tags, error);
}

static gboolean read_allow(YamlFile *yaml, yaml_node_t *node, ScenarioReading *reading, GError **error)
{
    return allow_read(yaml, node, &reading->scenario->allow, error);
}

static const struct {
    const char *key;
    ReadKey read;
} keys[] = {
    {"about", read_about},
    {"run", read_run},
    {"shell", read_shell},
    {"python", read_python},
    {"prepare", read_prepare},
    {"stdin", read_stdin},
    {"files", read_files},
    {"env", read_env},
    {"timeout", read_timeout},
    {"cpus", read_cpus},
    {"instruments", read_instruments},
    {"heap", read_heap},
    {"workflow", read_workflow},
    {"expect", read_expect},
    {"allow", read_allow},
    {"suppressions", read_suppressions},
    {"tags", read_tags},
};

gboolean scenario_read_key(YamlFile *yaml, yaml_node_t *key, yaml_node_t *value, gpointer user_data,
                           GError **error)
{
    const char *name = (const char *)key->data.scalar.value;
    g_autoptr(GString) names = g_string_new(NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        if (strcmp(keys[i].key, name) == 0)
            return keys[i].read(yaml, value, user_data, error);
        g_string_append_printf(names, "%s%s", i > 0 ? ", " : "", keys[i].key);
    }
    return yaml_file_fail(yaml, key, error, "unknown key \"%s\"; expected one of %s", name, names->str);
}
