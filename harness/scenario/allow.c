#include "allow.h"

#include <math.h>
#include <string.h>

#include "model/sampling.h"

/* A call site may move by this much before it counts on its own; the totals guard what is smaller. */
enum { CALL_SITE_PERCENT = 10, CALL_SITE_FLOOR = 16 * 1024 };

void allow_init(Allow *self)
{
    memset(self, 0, sizeof *self);
    for (int id = 0; id < METRIC_COUNT; id++) {
        const Metric *metric = metric_get(id);
        self->metrics[id] = (Allowance){.percent = metric->default_percent, .floor = metric->default_floor};
        self->is_judged[id] = !metric->passes_through;
    }
    self->call_site = (Allowance){.percent = CALL_SITE_PERCENT, .floor = CALL_SITE_FLOOR};
}

Allow allow_inherit(const Allow *project)
{
    Allow self = *project;
    memset(self.named, 0, sizeof self.named);
    return self;
}

/* By unit: a count is no size. */
static gboolean is_count(int id)
{
    return metric_get(id)->unit == METRIC_UNIT_COUNT;
}

static const YamlField allowance_fields[2][3] = {
    {{"percent", yaml_file_read_percent, offsetof(Allowance, percent)},
     {"floor", yaml_file_read_bytes, offsetof(Allowance, floor)},
     {NULL}},
    {{"percent", yaml_file_read_percent, offsetof(Allowance, percent)},
     {"floor", yaml_file_read_count, offsetof(Allowance, floor)},
     {NULL}},
};

/* A mapping replaces the defaults: what it does not name is 0. */
static gboolean read_allowance(YamlFile *yaml, yaml_node_t *node, gboolean counts, Allowance *target,
                               GError **error)
{
    *target = (Allowance){0};
    return yaml_file_read_mapping(yaml, node, allowance_fields[counts], target, error);
}

static char *metric_names(void)
{
    GString *names = g_string_new(NULL);
    for (int id = 0; id < METRIC_COUNT; id++)
        g_string_append_printf(names, "%s%s", id > 0 ? ", " : "", metric_get(id)->name);
    return g_string_free(names, FALSE);
}

static int metric_of_key(Allow *self, YamlFile *yaml, yaml_node_t *key, const char *also, GError **error)
{
    const char *name = (const char *)key->data.scalar.value;
    int id = metric_find(name);
    if (id >= 0) {
        self->named[id].line = key->start_mark.line + 1;
        self->named[id].column = key->start_mark.column + 1;
    }
    if (id < 0) {
        g_autofree char *names = metric_names();
        yaml_file_fail(yaml, key, error, "unknown key \"%s\"; expected one of %s%s", name, names, also);
    }
    return id;
}

static gboolean read_ceiling(YamlFile *yaml, yaml_node_t *key, yaml_node_t *value, gpointer user_data,
                             GError **error)
{
    Allow *self = user_data;
    int id = metric_of_key(self, yaml, key, "", error);
    if (id < 0)
        return FALSE;
    self->has_ceiling[id] = TRUE;
    return (is_count(id) ? yaml_file_read_count : yaml_file_read_bytes)(yaml, value, &self->ceiling[id],
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
    int id = metric_of_key(self, yaml, key, ", call_site, ceiling", error);
    if (id < 0)
        return FALSE;
    self->is_judged[id] = self->is_stated[id] = TRUE;
    return read_allowance(yaml, value, is_count(id), &self->metrics[id], error);
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
