#include "allow.h"

#include <math.h>
#include <string.h>

#include "model/sampling.h"

/* The default of `call_site`. Smaller changes are left to the total's allowance. */
enum { CALL_SITE_PERCENT = 10, CALL_SITE_FLOOR = 16 * 1024 };

void allow_init(Allow *self)
{
    self->metrics = g_array_new(FALSE, TRUE, sizeof(MetricAllow));
    self->call_site = (Allowance){.percent = CALL_SITE_PERCENT, .floor = CALL_SITE_FLOOR};
}

void allow_clear(Allow *self)
{
    g_clear_pointer(&self->metrics, g_array_unref);
}

void allow_inherit(Allow *self, const Allow *project)
{
    self->metrics = g_array_copy(project->metrics);
    self->call_site = project->call_site;
    for (guint i = 0; i < self->metrics->len; i++)
        g_array_index(self->metrics, MetricAllow, i).line = 0;
}

static Allowance default_allowance(MetricId id)
{
    const Metric *metric = metric_get(id);
    return (Allowance){.percent = metric->default_percent, .floor = metric->default_floor};
}

static MetricAllow *find_said(const Allow *self, MetricId id)
{
    for (guint i = 0; i < self->metrics->len; i++)
        if (g_array_index(self->metrics, MetricAllow, i).metric == id)
            return &g_array_index(self->metrics, MetricAllow, i);
    return NULL;
}

const MetricAllow *allow_find(const Allow *self, MetricId id)
{
    return find_said(self, id);
}

MetricAllow *allow_say(Allow *self, MetricId id)
{
    if (find_said(self, id) == NULL) {
        const MetricAllow said = {.metric = id, .allowance = default_allowance(id)};
        g_array_append_val(self->metrics, said);
    }
    return find_said(self, id);
}

Allowance allow_allowance(const Allow *self, MetricId id)
{
    const MetricAllow *said = find_said(self, id);
    return said != NULL ? said->allowance : default_allowance(id);
}

gboolean allow_judges(const Allow *self, MetricId id)
{
    const MetricAllow *said = find_said(self, id);
    return !metric_get(id)->passes_through || (said != NULL && said->is_stated);
}

static gboolean is_count(MetricId id)
{
    return metric_get(id)->unit == METRIC_UNIT_COUNT;
}

/* By is_count: floors of counts are numbers, all others are sizes. */
static const YamlField allowance_fields[2][3] = {
    {{"percent", yaml_file_read_percent, offsetof(Allowance, percent)},
     {"floor", yaml_file_read_bytes, offsetof(Allowance, floor)},
     {NULL}},
    {{"percent", yaml_file_read_percent, offsetof(Allowance, percent)},
     {"floor", yaml_file_read_count, offsetof(Allowance, floor)},
     {NULL}},
};

/* A mapping replaces the default as a whole: what it does not name is 0. */
static gboolean read_allowance(YamlFile *yaml, yaml_node_t *node, gboolean counts, Allowance *target,
                               GError **error)
{
    *target = (Allowance){0};
    return yaml_file_read_mapping(yaml, node, allowance_fields[counts], target, error);
}

static char *metric_names(void)
{
    GString *names = g_string_new(NULL);
    for (const Metric *metric = metrics_all(); metric->name != NULL; metric++)
        g_string_append_printf(names, "%s%s", names->len > 0 ? ", " : "", metric->name);
    return g_string_free(names, FALSE);
}

/* The entry of the metric that a key names, (transfer none), or NULL with an error. also: what other keys
 * there are, for the message. */
static MetricAllow *say_key(Allow *self, YamlFile *yaml, yaml_node_t *key, const char *also, GError **error)
{
    const char *name = (const char *)key->data.scalar.value;
    int id = metric_find(name);
    if (id < 0) {
        g_autofree char *names = metric_names();
        yaml_file_fail(yaml, key, error, "unknown key \"%s\"; expected one of %s%s", name, names, also);
        return NULL;
    }
    MetricAllow *said = allow_say(self, (MetricId)id);
    said->line = key->start_mark.line + 1;
    said->column = key->start_mark.column + 1;
    return said;
}

static gboolean read_ceiling(YamlFile *yaml, yaml_node_t *key, yaml_node_t *value, gpointer user_data,
                             GError **error)
{
    MetricAllow *said = say_key(user_data, yaml, key, "", error);
    if (said == NULL)
        return FALSE;
    said->has_ceiling = TRUE;
    return (is_count(said->metric) ? yaml_file_read_count : yaml_file_read_bytes)(yaml, value, &said->ceiling,
                                                                                  error);
}

static gboolean read_pair(YamlFile *yaml, yaml_node_t *key, yaml_node_t *value, gpointer user_data,
                          GError **error)
{
    Allow *self = user_data;
    const char *name = (const char *)key->data.scalar.value;
    if (strcmp(name, "ceiling") == 0)
        return yaml_file_each_pair(yaml, value, read_ceiling, self, error);
    if (strcmp(name, "call_site") == 0)
        return read_allowance(yaml, value, FALSE, &self->call_site, error);
    MetricAllow *said = say_key(self, yaml, key, ", call_site, ceiling", error);
    if (said == NULL)
        return FALSE;
    said->is_stated = TRUE;
    return read_allowance(yaml, value, is_count(said->metric), &said->allowance, error);
}

gboolean allow_read(YamlFile *yaml, yaml_node_t *node, gpointer target, GError **error)
{
    return yaml_file_each_pair(yaml, node, read_pair, target, error);
}

gint64 allowance_of(const Allowance *self, gint64 base)
{
    double share = round(fabs((double)base) * self->percent / 100.0);
    gint64 allowed = MAX(MAX(share < (double)G_MAXINT64 ? (gint64)share : G_MAXINT64, self->floor), 0);
    return MAX(allowed, sampling_noise(self->sample_bytes, base));
}
