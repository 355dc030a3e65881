#include "campaign.h"

#include "run/host.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "output.h"
#include "progress.h"
#include "report/console.h"
#include "report/report.h"
#include "result/result_json.h"
#include "scenario/project_file.h"
#include "symbols/symbols.h"

void campaign_options_clear(CampaignOptions *self)
{
    g_free(self->folder);
    g_strfreev(self->instruments);
    g_strfreev(self->tags);
}

void campaign_entries(CampaignOptions *self, GOptionEntry *entries)
{
    const GOptionEntry own[CAMPAIGN_ENTRIES] = {
        {"directory", 'C', 0, G_OPTION_ARG_FILENAME, &self->folder, "Look for the project from here",
         "FOLDER"},
        {"instrument", 'i', 0, G_OPTION_ARG_STRING_ARRAY, &self->instruments,
         "Only this instrument (repeatable)", "NAME"},
        {"tag", 't', 0, G_OPTION_ARG_STRING_ARRAY, &self->tags, "Only scenarios with this tag (repeatable)",
         "TAG"},
        {"jobs", 'j', 0, G_OPTION_ARG_INT, &self->jobs,
         "Run this many side by side (default: one for each core)", "N"},
        {"quiet", 'q', 0, G_OPTION_ARG_NONE, &self->quiet, "Show only what is not a pass", NULL},
        {"verbose", 'v', 0, G_OPTION_ARG_NONE, &self->verbose, "Show call sites of what passed, too", NULL},
    };
    memcpy(entries, own, sizeof own);
}

GOptionEntry campaign_places_entry(CampaignOptions *self)
{
    return (GOptionEntry){"junit-places",
                          0,
                          0,
                          G_OPTION_ARG_NONE,
                          &self->report.junit_places,
                          "Give file and line of each test case in JUnit XML",
                          NULL};
}

static gboolean check_instrument(const char *name, const char *where, GError **error)
{
    if (instrument_find(name) != NULL)
        return TRUE;
    g_autofree char *names = instruments_names();
    g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_CONFIG,
                "%s: \"%s\" is not an instrument; expected one of %s", where, name, names);
    return FALSE;
}

/* Does one of the scenario's instruments measure this metric? */
static gboolean measures_one(const Scenario *scenario, MetricId metric)
{
    gboolean measured = FALSE;
    for (GStrv name = scenario->instruments; *name != NULL; name++)
        measured = measured || metric_is_measured_by(metric, *name);
    return measured;
}

/* What the scenario's own file promises must be watched by somebody. */
static gboolean check_allow(const Scenario *scenario, GError **error)
{
    for (guint i = 0; i < scenario->allow.metrics->len; i++) {
        const MetricAllow *said = &g_array_index(scenario->allow.metrics, MetricAllow, i);
        const Metric *metric = metric_get(said->metric);
        if (said->line == 0 || measures_one(scenario, metric->id))
            continue;
        g_autofree char *own = g_strjoinv(", ", scenario->instruments);
        g_autofree char *others = g_strjoinv(" or ", (GStrv)metric->instruments);
        g_set_error(
            error, HEAPGATE_ERROR, HEAPGATE_ERROR_CONFIG,
            "%s:%zu:%zu: %s is measured by %s, and the instruments of this scenario are %s: add it to "
            "them, or take the line out",
            scenario->file, said->line, said->column, metric->name, others, own);
        return FALSE;
    }
    return TRUE;
}

static gboolean check_instruments(const Campaign *self, const CampaignOptions *options, GError **error)
{
    for (GStrv name = options->instruments; name != NULL && *name != NULL; name++)
        if (!check_instrument(*name, "--instrument", error))
            return FALSE;
    for (guint i = 0; i < self->scenarios->len; i++) {
        const Scenario *scenario = g_ptr_array_index(self->scenarios, i);
        for (GStrv name = scenario->instruments; *name != NULL; name++)
            if (!check_instrument(*name, scenario->file, error))
                return FALSE;
        if (!check_allow(scenario, error))
            return FALSE;
    }
    return TRUE;
}

enum { LARGEST_RESULT_BYTES = 1 << 28 };

/* How long each run took the last time this project was measured here. */
static GHashTable *last_durations(const Project *project)
{
    GHashTable *durations = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_autofree char *path = g_build_filename(project->reports, report_json.default_path, NULL);
    g_autofree char *bytes = NULL;
    gsize length = 0;
    if (!project_file_read(project, path, "result", LARGEST_RESULT_BYTES, &bytes, &length, NULL, NULL))
        return durations;
    g_autoptr(Result) result = result_json_read(bytes, length, path, NULL);
    for (guint s = 0; result != NULL && s < result->scenarios->len; s++) {
        const ScenarioResult *scenario = g_ptr_array_index(result->scenarios, s);
        for (guint i = 0; i < scenario->instruments->len; i++) {
            const InstrumentResult *instrument = g_ptr_array_index(scenario->instruments, i);
            g_hash_table_insert(durations, g_strdup_printf("%s/%s", scenario->name, instrument->instrument),
                                g_memdup2(&instrument->measurement->duration_us, sizeof(gint64)));
        }
    }
    return durations;
}

/* Each run has threads and descriptors of its own. */
enum { MOST_JOBS = 256 };

Campaign *campaign_new(const CampaignOptions *options, const char *const *patterns, GError **error)
{
    g_autoptr(Campaign) self = g_new0(Campaign, 1);
    if (options->jobs < 0 || options->jobs > MOST_JOBS) {
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_USAGE,
                    "--jobs: expected a number from 1 to %d, found %d", MOST_JOBS, options->jobs);
        return NULL;
    }
    self->project = project_find(options->folder != NULL ? options->folder : ".", error);
    if (self->project == NULL)
        return NULL;
    self->scenarios = scenarios_load(self->project, patterns, (const char *const *)options->tags, error);
    if (self->scenarios == NULL || !check_instruments(self, options, error))
        return NULL;
    self->runs = g_ptr_array_new_with_free_func((GDestroyNotify)run_free);
    self->expected = last_durations(self->project);
    return g_steal_pointer(&self);
}

void campaign_free(Campaign *self)
{
    if (self == NULL)
        return;
    g_clear_pointer(&self->expected, g_hash_table_unref);
    g_clear_pointer(&self->runs, g_ptr_array_unref);
    g_clear_pointer(&self->scenarios, g_ptr_array_unref);
    project_free(self->project);
    g_free(self);
}

gboolean campaign_wants(const CampaignOptions *options, const char *instrument)
{
    return options->instruments == NULL || options->instruments[0] == NULL ||
           g_strv_contains((const char *const *)options->instruments, instrument);
}

static void add_runs(Campaign *self, const CampaignOptions *options, const Scenario *scenario, guint repeats)
{
    for (GStrv name = scenario->instruments; *name != NULL; name++) {
        const Instrument *instrument = instrument_find(*name);
        guint times = repeats > 0 ? repeats : instrument->capture_runs;
        for (guint i = 0; campaign_wants(options, *name) && i < times; i++)
            g_ptr_array_add(self->runs, run_new(self->project, scenario, instrument, i));
    }
}

/* The first run of each scenario under each instrument, or all others; (transfer container). A first run that
 * writes caches must not have others beside it, which would find half of them. */
static GPtrArray *repetitions(const GPtrArray *runs, gboolean first)
{
    GPtrArray *chosen = g_ptr_array_new();
    for (guint i = 0; i < runs->len; i++) {
        Run *run = g_ptr_array_index(runs, i);
        if ((run->repetition == 0) == first)
            g_ptr_array_add(chosen, run);
    }
    return chosen;
}

gboolean campaign_measure(Campaign *self, const CampaignOptions *options, guint repeats, GError **error)
{
    for (guint i = 0; i < self->scenarios->len; i++) {
        const Scenario *scenario = g_ptr_array_index(self->scenarios, i);
        if (!scenario_check_files(scenario, error))
            return FALSE;
        add_runs(self, options, scenario, repeats);
    }
    if (self->runs->len == 0) {
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_USAGE,
                    "none of the scenarios uses the instrument asked for, so nothing would be measured");
        return FALSE;
    }
    g_autoptr(GPtrArray) first = repetitions(self->runs, TRUE), rest = repetitions(self->runs, FALSE);
    return campaign_measure_runs(self, options, first, error) &&
           (rest->len == 0 || campaign_measure_runs(self, options, rest, error));
}

gboolean campaign_measure_runs(Campaign *self, const CampaignOptions *options, GPtrArray *runs,
                               GError **error)
{
    g_autoptr(Progress) progress = progress_new(self->expected, options->quiet);
    guint jobs = options->jobs > 0 ? (guint)options->jobs : g_get_num_processors();
    symbols_bound_servers();
    if (session_run(runs, jobs, progress_watcher(progress)))
        return TRUE;
    g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_BROKEN, "interrupted: nothing was compared or written");
    return FALSE;
}

Environment *campaign_environment(const Campaign *self, const Scenario *scenario)
{
    Environment *environment = host_environment_for(scenario);
    for (guint i = 0; i < self->runs->len; i++) {
        const Run *run = g_ptr_array_index(self->runs, i);
        if (run->scenario == scenario && run->measurement != NULL)
            environment_learn_python(environment, run->measurement->python);
    }
    return environment;
}

static void forget_reports(const Project *project, gboolean keep_result)
{
    for (const Report *const *report = reports_all(); *report != NULL; report++) {
        if ((*report)->default_path == NULL || (keep_result && *report == &report_json))
            continue;
        g_autofree char *path = g_build_filename(project->reports, (*report)->default_path, NULL);
        g_unlink(path);
    }
}

void campaign_forget_reports(const Campaign *self)
{
    forget_reports(self->project, FALSE);
}

void campaign_forget_failed(const CampaignOptions *options, gboolean keep_result)
{
    const char *start = options->folder != NULL ? options->folder : ".";
    g_autoptr(Project) project = project_find(start, NULL);
    if (project == NULL)
        project = project_find_bare(start, NULL);
    if (project != NULL)
        forget_reports(project, keep_result);
}

static gboolean write_report(const Report *report, const Findings *findings, const ReportOptions *options,
                             const char *folder, GError **error)
{
    g_autofree char *path = g_build_filename(folder, report->default_path, NULL);
    g_autoptr(GOutputStream) stream = g_memory_output_stream_new_resizable();
    g_autoptr(GError) cause = NULL;
    if (report->write(findings, options, stream, &cause) && g_output_stream_close(stream, NULL, &cause)) {
        GMemoryOutputStream *memory = G_MEMORY_OUTPUT_STREAM(stream);
        const char *bytes = g_memory_output_stream_get_data(memory);
        gsize length = g_memory_output_stream_get_data_size(memory);
        if (g_file_set_contents_full(path, bytes != NULL ? bytes : "", (gssize)length,
                                     G_FILE_SET_CONTENTS_CONSISTENT, 0666, &cause))
            return TRUE;
    }
    g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_BROKEN,
                "the report %s cannot be written: %s; free space, or make the folder writable", path,
                cause->message);
    return FALSE;
}

gboolean campaign_write_reports(const Findings *findings, const CampaignOptions *options, const char *folder,
                                GError **error)
{
    if (g_mkdir_with_parents(folder, 0777) != 0) {
        g_set_error(
            error, HEAPGATE_ERROR, HEAPGATE_ERROR_BROKEN,
            "%s cannot be made: %s; make room for it, or name another folder (reports: in heapgate.yaml)",
            folder, g_strerror(errno));
        return FALSE;
    }
    for (const Report *const *report = reports_all(); *report != NULL; report++)
        if ((*report)->default_path != NULL &&
            !write_report(*report, findings, &options->report, folder, error))
            return FALSE;
    return TRUE;
}

static gboolean print_json(const Findings *findings, const CampaignOptions *options, GError **error)
{
    g_autoptr(GOutputStream) memory = g_memory_output_stream_new_resizable();
    if (!report_verdict.write(findings, &options->report, memory, error))
        return FALSE;
    GMemoryOutputStream *written = G_MEMORY_OUTPUT_STREAM(memory);
    g_autoptr(GString) text = g_string_new_len(g_memory_output_stream_get_data(written),
                                               (gssize)g_memory_output_stream_get_data_size(written));
    return output_write_view(text, TRUE, error);
}

gboolean campaign_print(const Findings *findings, const CampaignOptions *options, GError **error)
{
    if (options->json)
        return print_json(findings, options, error);
    gboolean colour = isatty(STDOUT_FILENO) &&
                      (g_getenv("NO_COLOR") == NULL || *g_getenv("NO_COLOR") == '\0') &&
                      g_strcmp0(g_getenv("TERM"), "dumb") != 0;
    ConsoleFlags flags = (colour ? CONSOLE_COLOUR : 0) | (options->quiet ? CONSOLE_QUIET : 0) |
                         (options->verbose ? CONSOLE_VERBOSE : 0);
    g_autoptr(GOutputStream) memory = g_memory_output_stream_new_resizable();
    if (!console_write(findings, flags, output_columns(STDOUT_FILENO), memory, error) ||
        !g_output_stream_write_all(memory, "", 1, NULL, NULL, error))
        return FALSE;
    return output_write(g_memory_output_stream_get_data(G_MEMORY_OUTPUT_STREAM(memory)), error);
}
