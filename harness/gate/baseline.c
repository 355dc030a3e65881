#include "baseline.h"

#include <string.h>

#include "error.h"
#include "model/text.h"
#include "scenario/project_file.h"

enum { FILE_LIMIT = 16 * 1024 * 1024 };
/* Marks a figure without a value. Values in files are not negative. */
#define NO_VALUE G_MININT64

Baseline *baseline_new(const char *scenario)
{
    Baseline *self = g_new0(Baseline, 1);
    self->format = BASELINE_FORMAT;
    self->scenario = g_strdup(scenario);
    self->environment = g_new0(Environment, 1);
    self->instruments = g_ptr_array_new_with_free_func((GDestroyNotify)baseline_instrument_free);
    return self;
}

void baseline_free(Baseline *self)
{
    if (self == NULL)
        return;
    g_free(self->scenario);
    environment_free(self->environment);
    g_free(self->captured_at);
    g_free(self->commit);
    g_free(self->reason);
    g_ptr_array_unref(self->instruments);
    g_free(self);
}

BaselineInstrument *baseline_instrument_new(const char *instrument)
{
    BaselineInstrument *self = g_new0(BaselineInstrument, 1);
    self->instrument = g_strdup(instrument);
    self->figures = g_ptr_array_new_with_free_func((GDestroyNotify)baseline_figure_free);
    return self;
}

void baseline_instrument_free(BaselineInstrument *self)
{
    if (self == NULL)
        return;
    g_ptr_array_unref(self->figures);
    g_free(self->instrument);
    g_free(self->tool);
    g_free(self);
}

BaselineFigure *baseline_instrument_find(const BaselineInstrument *self, MetricId metric)
{
    for (guint i = 0; i < self->figures->len; i++) {
        BaselineFigure *figure = g_ptr_array_index(self->figures, i);
        if (figure->metric == metric)
            return figure;
    }
    return NULL;
}

BaselineFigure *baseline_instrument_steal(BaselineInstrument *self, MetricId metric)
{
    guint at = 0;
    BaselineFigure *figure = baseline_instrument_find(self, metric);
    return figure != NULL && g_ptr_array_find(self->figures, figure, &at)
               ? g_ptr_array_steal_index(self->figures, at)
               : NULL;
}

void baseline_instrument_put(BaselineInstrument *self, BaselineFigure *figure)
{
    baseline_figure_free(baseline_instrument_steal(self, figure->metric));
    g_ptr_array_add(self->figures, figure);
}

gboolean baseline_is_older(const BaselineInstrument *self, MetricId metric)
{
    gboolean holds = FALSE;
    for (guint i = 0; i < self->figures->len; i++) {
        const BaselineFigure *figure = g_ptr_array_index(self->figures, i);
        holds = holds || metric_get(figure->metric)->of_mapped;
    }
    return metric_get(metric)->of_mapped && !holds;
}

BaselineInstrument *baseline_find(const Baseline *self, const char *instrument)
{
    for (guint i = 0; i < self->instruments->len; i++) {
        BaselineInstrument *one = g_ptr_array_index(self->instruments, i);
        if (strcmp(one->instrument, instrument) == 0)
            return one;
    }
    return NULL;
}

char *baseline_path(const Project *project, const char *platform, const char *scenario)
{
    g_autofree char *base = g_strconcat(scenario, ".yaml", NULL);
    return g_build_filename(project->baselines, platform, base, NULL);
}

static const YamlField environment_fields[] = {
    {"platform", yaml_file_read_string, offsetof(Environment, platform)},
    {"architecture", yaml_file_read_string, offsetof(Environment, architecture)},
    {"libc", yaml_file_read_string, offsetof(Environment, libc)},
    {"python", yaml_file_read_string, offsetof(Environment, python)},
    {"processors", yaml_file_read_count, offsetof(Environment, processors)},
    {NULL},
};

static gboolean read_environment(YamlFile *yaml, yaml_node_t *node, gpointer target, GError **error)
{
    Environment **environment = target;
    return yaml_file_read_mapping(yaml, node, environment_fields, *environment, error);
}

typedef struct {
    char *key;
    gint64 bytes, blocks, slack;
} SiteText;

static const YamlField site_fields[] = {
    {"stack", yaml_file_read_string, offsetof(SiteText, key)},
    {"bytes", yaml_file_read_bytes, offsetof(SiteText, bytes)},
    {"count", yaml_file_read_count, offsetof(SiteText, bytes)},
    {"blocks", yaml_file_read_count, offsetof(SiteText, blocks)},
    {"slack", yaml_file_read_bytes, offsetof(SiteText, slack)},
    {NULL},
};

static gboolean read_site(YamlFile *yaml, yaml_node_t *node, gpointer target, GError **error)
{
    BaselineFigure *figure = target;
    SiteText site = {0};
    gboolean read = yaml_file_read_mapping(yaml, node, site_fields, &site, error);
    if (read && site.key == NULL)
        read = yaml_file_fail(yaml, node, error, "expected a key \"stack\"");
    if (read && call_sites_find(figure->sites, site.key) != NULL)
        read = yaml_file_fail(yaml, node, error, "\"%s\" is listed twice", site.key);
    if (read)
        call_sites_add_key(figure->sites, site.key, site.bytes, site.blocks);
    if (read && site.slack > 0) {
        figure->slack = figure->slack != NULL ? figure->slack : site_sizes_new();
        site_sizes_add(figure->slack, site_sizes_hash(site.key), site.slack);
    }
    g_free(site.key);
    return read;
}

static gboolean read_sites(YamlFile *yaml, yaml_node_t *node, gpointer target, GError **error)
{
    BaselineFigure *figure = target;
    call_sites_free(figure->sites);
    figure->sites = call_sites_new();
    return yaml_file_each_item(yaml, node, read_site, figure, error);
}

static gboolean read_sizes(YamlFile *yaml, yaml_node_t *node, gpointer target, GError **error)
{
    SiteSizes **sizes = target;
    const char *text = yaml_file_text(yaml, node, error);
    if (text == NULL)
        return FALSE;
    site_sizes_free(*sizes);
    *sizes = site_sizes_parse(text);
    return *sizes != NULL ||
           yaml_file_fail(yaml, node, error,
                          "expected pairs of a hash (10 hexadecimal digits) and a number, as heapgate update "
                          "writes them; capture the baseline again");
}

/* Offset 0: read_sites gets the whole figure. */
static const YamlField figure_fields[] = {
    {"value", yaml_file_read_bytes, offsetof(BaselineFigure, value)},
    {"spread", yaml_file_read_bytes, offsetof(BaselineFigure, spread)},
    {"highest", yaml_file_read_bytes, offsetof(BaselineFigure, highest)},
    {"cutoff", yaml_file_read_bytes, offsetof(BaselineFigure, cutoff_bytes)},
    {"call_sites", read_sites, 0},
    {"other_sites", read_sizes, offsetof(BaselineFigure, others)},
    {"doubtful_sites", read_sizes, offsetof(BaselineFigure, doubtful)},
    {NULL},
};

static gboolean read_figure(YamlFile *yaml, yaml_node_t *key, yaml_node_t *value, gpointer user_data,
                            GError **error)
{
    BaselineInstrument *self = user_data;
    const char *name = (const char *)key->data.scalar.value;
    int id = metric_find(name);
    if (id < 0)
        return yaml_file_fail(yaml, key, error, "\"%s\" is not a metric", name);
    BaselineFigure *figure = baseline_figure_new((MetricId)id);
    baseline_instrument_put(self, figure);
    figure->value = NO_VALUE;
    if (!yaml_file_read_mapping(yaml, value, figure_fields, figure, error))
        return FALSE;
    figure->highest = MAX(figure->highest, figure->value);
    return figure->value != NO_VALUE || yaml_file_fail(yaml, value, error, "expected a key \"value\"");
}

static gboolean read_figures(YamlFile *yaml, yaml_node_t *node, gpointer target, GError **error)
{
    return yaml_file_each_pair(yaml, node, read_figure, target, error);
}

static const YamlField instrument_fields[] = {
    {"tool", yaml_file_read_string, offsetof(BaselineInstrument, tool)},
    {"runs", yaml_file_read_count, offsetof(BaselineInstrument, runs)},
    {"left_out", yaml_file_read_count, offsetof(BaselineInstrument, left_out)},
    {"sees", yaml_file_read_bytes, offsetof(BaselineInstrument, bound)},
    {"duration", yaml_file_read_duration, offsetof(BaselineInstrument, duration_us)},
    {"metrics", read_figures, 0},
    {NULL},
};

static gboolean read_instrument(YamlFile *yaml, yaml_node_t *key, yaml_node_t *value, gpointer user_data,
                                GError **error)
{
    Baseline *self = user_data;
    BaselineInstrument *instrument = baseline_instrument_new((const char *)key->data.scalar.value);
    g_ptr_array_add(self->instruments, instrument);
    return yaml_file_read_mapping(yaml, value, instrument_fields, instrument, error);
}

static gboolean read_instruments(YamlFile *yaml, yaml_node_t *node, gpointer target, GError **error)
{
    return yaml_file_each_pair(yaml, node, read_instrument, target, error);
}

static gboolean read_format(YamlFile *yaml, yaml_node_t *node, gpointer target, GError **error)
{
    gint64 *format = target;
    if (!yaml_file_read_count(yaml, node, format, error))
        return FALSE;
    return *format == BASELINE_FORMAT || *format == BASELINE_FORMAT - 1 ||
           yaml_file_fail(yaml, node, error,
                          "expected baseline format %d, found %" G_GINT64_FORMAT
                          "; capture it again with heapgate update, or use the heapgate that wrote it",
                          BASELINE_FORMAT, *format);
}

static const YamlField captured_fields[] = {
    {"at", yaml_file_read_string, offsetof(Baseline, captured_at)},
    {"commit", yaml_file_read_string, offsetof(Baseline, commit)},
    {"reason", yaml_file_read_string, offsetof(Baseline, reason)},
    {NULL},
};

static gboolean read_captured(YamlFile *yaml, yaml_node_t *node, gpointer target, GError **error)
{
    return yaml_file_read_mapping(yaml, node, captured_fields, target, error);
}

static gboolean read_scenario(YamlFile *yaml, yaml_node_t *node, gpointer target, GError **error)
{
    Baseline *self = target;
    const char *text = yaml_file_text(yaml, node, error);
    if (text == NULL)
        return FALSE;
    if (self->scenario != NULL && strcmp(text, self->scenario) != 0)
        return yaml_file_fail(yaml, node, error, "expected the baseline of %s, found that of \"%s\"",
                              self->scenario, text);
    g_free(self->scenario);
    self->scenario = g_strdup(text);
    return TRUE;
}

/* Offset 0: read_instruments, read_captured and read_scenario get the whole baseline. */
static const YamlField baseline_fields[] = {
    {"format", read_format, offsetof(Baseline, format)},
    {"scenario", read_scenario, 0},
    {"environment", read_environment, offsetof(Baseline, environment)},
    {"captured", read_captured, 0},
    {"instruments", read_instruments, 0},
    {NULL},
};

/* Format 3 ends in "...", the end of a YAML document. */
static gboolean is_whole(const char *bytes, gsize length)
{
    static const char end[] = "\n...\n";
    gsize size = sizeof end - 1;
    return length > size && memcmp(bytes + length - size, end, size) == 0;
}

Baseline *baseline_parse(const char *bytes, gsize length, const char *name, const char *scenario,
                         GError **error)
{
    g_autoptr(YamlFile) yaml = yaml_file_load(bytes, length, name, error);
    g_autoptr(Baseline) self = baseline_new(scenario);
    if (yaml == NULL || !yaml_file_read_mapping(yaml, yaml_file_root(yaml), baseline_fields, self, error))
        return NULL;
    if (self->scenario == NULL || self->instruments->len == 0) {
        yaml_file_fail(
            yaml, yaml_file_root(yaml), error,
            "expected \"scenario\" and \"instruments\": this baseline holds nothing to compare with");
        return NULL;
    }
    if (self->format == BASELINE_FORMAT && !is_whole(bytes, length)) {
        yaml_file_fail(
            yaml, yaml_file_root(yaml), error,
            "expected a last line of \"...\": the baseline is cut off; take it from the repository again");
        return NULL;
    }
    return g_steal_pointer(&self);
}

/* The platforms that have a baseline of this scenario, "a, b"; (transfer full), or NULL where none has. */
static char *platforms_with(const Project *project, const char *scenario)
{
    g_autoptr(GDir) folder = g_dir_open(project->baselines, 0, NULL);
    GString *platforms = g_string_new(NULL);
    for (const char *name = folder != NULL ? g_dir_read_name(folder) : NULL; name != NULL;
         name = g_dir_read_name(folder)) {
        g_autofree char *path = baseline_path(project, name, scenario);
        if (g_file_test(path, G_FILE_TEST_EXISTS))
            g_string_append_printf(platforms, "%s%s", platforms->len > 0 ? ", " : "", name);
    }
    gboolean none = platforms->len == 0;
    return g_string_free(platforms, none);
}

static void add_orphans_of(const Project *project, const char *platform, GPtrArray *orphans)
{
    g_autofree char *path = g_build_filename(project->baselines, platform, NULL);
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
    for (const char *name = folder != NULL ? g_dir_read_name(folder) : NULL; name != NULL;
         name = g_dir_read_name(folder)) {
        g_autofree char *scenario = g_build_filename(project->scenarios, name, NULL);
        g_autofree char *baseline = g_build_filename(path, name, NULL);
        if (g_str_has_suffix(name, ".yaml") && !g_file_test(scenario, G_FILE_TEST_EXISTS))
            g_ptr_array_add(orphans, project_relative(project, baseline));
    }
}

GPtrArray *baselines_orphaned(const Project *project)
{
    GPtrArray *orphans = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GDir) folder = g_dir_open(project->baselines, 0, NULL);
    for (const char *name = folder != NULL ? g_dir_read_name(folder) : NULL; name != NULL;
         name = g_dir_read_name(folder))
        add_orphans_of(project, name, orphans);
    g_ptr_array_sort(orphans, text_compare);
    return orphans;
}

gboolean baseline_load(const Project *project, const char *platform, const char *scenario,
                       Baseline **baseline, char **elsewhere, GError **error)
{
    g_autofree char *path = baseline_path(project, platform, scenario), *bytes = NULL;
    g_autofree char *name = project_relative(project, path);
    gsize length = 0;
    gboolean missing = FALSE;
    *baseline = NULL;
    *elsewhere = NULL;
    g_autoptr(GError) cause = NULL;
    if (project_file_read(project, path, "baseline", FILE_LIMIT, &bytes, &length, &missing, &cause)) {
        *baseline = baseline_parse(bytes, length, name, scenario, error);
        return *baseline != NULL;
    }
    if (missing)
        *elsewhere = platforms_with(project, scenario);
    else
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_CONFIG,
                    "%s; fix it, or capture it again with heapgate update", cause->message);
    return missing;
}
