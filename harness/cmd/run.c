/* heapgate run: measure, compare, report. */
#include <errno.h>
#include <string.h>

#include "command.h"
#include "error.h"
#include "gate/compare.h"
#include "input.h"
#include "report/report.h"
#include "result/result_json.h"
#include "run/host.h"
#include "street.h"

/* The baseline a scenario is held against; a baseline that cannot be read is an error of the whole run. */
typedef struct {
    Baseline *baseline;
    char *elsewhere;
} Held;

static void held_clear(Held *self)
{
    baseline_free(self->baseline);
    g_free(self->elsewhere);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Held, held_clear)

static ScenarioResult *new_scenario_result(const Scenario *scenario, const Environment *environment)
{
    ScenarioResult *result = scenario_result_new(scenario->name, scenario->about, scenario->file,
                                                 (const char *const *)scenario->tags);
    result->environment = environment_copy(environment);
    return result;
}

/* Compares the measurements of one scenario. take: gives the next one, (transfer full), or NULL at the end.
 */
typedef Measurement *(*Take)(gpointer source);

static void compare_scenario(const Held *held, const Scenario *scenario, const Environment *environment,
                             Take take, gpointer source, Result *result)
{
    Reference reference = {held->baseline, held->elsewhere, environment, &scenario->allow};
    g_autoptr(ScenarioResult) compared = new_scenario_result(scenario, environment);
    for (Measurement *measurement = take(source); measurement != NULL; measurement = take(source))
        scenario_result_add(compared, compare(&reference, measurement));
    /* A scenario none of whose instruments was asked for was not seen: it gets no verdict. */
    if (compared->instruments->len > 0)
        result_add(result, g_steal_pointer(&compared));
}

/* Walks the runs of one scenario. */
typedef struct {
    GPtrArray *runs;
    guint next;
    const Scenario *scenario;
} RunSource;

static Measurement *take_from_runs(gpointer user_data)
{
    RunSource *source = user_data;
    if (source->next >= source->runs->len)
        return NULL;
    Run *run = g_ptr_array_index(source->runs, source->next);
    if (run->scenario != source->scenario)
        return NULL;
    source->next++;
    return g_steal_pointer(&run->measurement);
}

static Result *new_result(const Project *project)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *started = g_date_time_format_iso8601(now);
    Result *result = result_new(HEAPGATE_VERSION, host_environment()->platform, started);
    result->commit = host_commit(project->root);
    result->root = g_strdup(project->root);
    return result;
}

/* The baseline of each scenario, (transfer full), of Held. They are read before the first measurement: an
 * unreadable one must not cost the whole run, and what is measured must not choose what it is held against.
 */
static GArray *baselines_held(const Street *street, GError **error)
{
    g_autoptr(GArray) all = g_array_new(FALSE, TRUE, sizeof(Held));
    g_array_set_clear_func(all, (GDestroyNotify)held_clear);
    g_array_set_size(all, street->scenarios->len);
    for (guint i = 0; i < street->scenarios->len; i++) {
        const Scenario *scenario = g_ptr_array_index(street->scenarios, i);
        Held *held = &g_array_index(all, Held, i);
        if (!baseline_load(street->project, host_environment()->platform, scenario->name, &held->baseline,
                           &held->elsewhere, error))
            return NULL;
    }
    return g_steal_pointer(&all);
}

static Result *measure(Street *street, const StreetOptions *options, GError **error)
{
    gint64 started = g_get_monotonic_time();
    street_forget_reports(street);
    g_autoptr(GArray) held = baselines_held(street, error);
    if (held == NULL)
        return NULL;
    g_autoptr(Result) result = new_result(street->project);
    if (!street_measure(street, options, 1, error))
        return NULL;
    RunSource source = {.runs = street->runs};
    for (guint i = 0; i < street->scenarios->len; i++) {
        source.scenario = g_ptr_array_index(street->scenarios, i);
        g_autoptr(Environment) environment = host_environment_for(source.scenario);
        compare_scenario(&g_array_index(held, Held, i), source.scenario, environment, take_from_runs, &source,
                         result);
    }
    result->duration_us = g_get_monotonic_time() - started;
    return g_steal_pointer(&result);
}

/* Walks the instruments of one recorded scenario. */
typedef struct {
    const ScenarioResult *recorded;
    guint next;
    const StreetOptions *options;
} RecordedSource;

static Measurement *take_from_recorded(gpointer user_data)
{
    RecordedSource *source = user_data;
    while (source->next < source->recorded->instruments->len) {
        InstrumentResult *instrument = g_ptr_array_index(source->recorded->instruments, source->next++);
        if (street_wants(source->options, instrument->instrument))
            return g_steal_pointer(&instrument->measurement);
    }
    return NULL;
}

static const ScenarioResult *find_recorded(const Result *recorded, const char *name)
{
    for (guint i = 0; i < recorded->scenarios->len; i++) {
        const ScenarioResult *scenario = g_ptr_array_index(recorded->scenarios, i);
        if (strcmp(scenario->name, name) == 0)
            return scenario;
    }
    return NULL;
}

static gboolean has_instrument(const ScenarioResult *recorded, const char *name)
{
    for (guint i = 0; i < recorded->instruments->len; i++)
        if (strcmp(((const InstrumentResult *)g_ptr_array_index(recorded->instruments, i))->instrument,
                   name) == 0)
            return TRUE;
    return FALSE;
}

/* What the scenario asks for today and the record lacks was not seen. */
static gboolean check_recorded(const ScenarioResult *recorded, const Scenario *scenario,
                               const StreetOptions *options, const char *path, GError **error)
{
    if (recorded == NULL || recorded->environment == NULL) {
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_BROKEN,
                    "%s holds no measurement of %s; name the scenarios it holds, or measure again", path,
                    scenario->name);
        return FALSE;
    }
    for (GStrv name = scenario->instruments; *name != NULL; name++)
        if (street_wants(options, *name) && !has_instrument(recorded, *name)) {
            g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_BROKEN,
                        "%s holds no measurement of %s by %s; choose with --instrument what it holds, or "
                        "measure again",
                        path, scenario->name, *name);
            return FALSE;
        }
    return TRUE;
}

/* Compares what was measured before with the baselines and allowances of now. */
static Result *replay(const Street *street, const StreetOptions *options, const char *path, GError **error)
{
    g_auto(Input) input = {0};
    if (!input_open(&input, path, error))
        return NULL;
    g_autoptr(Result) recorded = result_json_read(input.bytes, input.length, path, error);
    if (recorded == NULL)
        return NULL;
    g_autoptr(Result) result = result_new(HEAPGATE_VERSION, recorded->platform, recorded->started);
    result->commit = g_strdup(recorded->commit);
    result->root = g_strdup(recorded->root);
    result->duration_us = recorded->duration_us;
    for (guint i = 0; i < street->scenarios->len; i++) {
        const Scenario *scenario = g_ptr_array_index(street->scenarios, i);
        RecordedSource source = {find_recorded(recorded, scenario->name), 0, options};
        if (!check_recorded(source.recorded, scenario, options, path, error))
            return NULL;
        g_auto(Held) held = {0};
        if (!baseline_load(street->project, source.recorded->environment->platform, scenario->name,
                           &held.baseline, &held.elsewhere, error))
            return NULL;
        compare_scenario(&held, scenario, source.recorded->environment, take_from_recorded, &source, result);
    }
    return g_steal_pointer(&result);
}

static gboolean check_seen(const Result *result, GError **error)
{
    if (result->scenarios->len > 0)
        return TRUE;
    g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_BROKEN,
                "no scenario was measured, so there is no verdict");
    return FALSE;
}

/* A scenario that was deleted or renamed gates nothing any more, whatever its baseline says. */
static void tell_orphans(const Project *project)
{
    enum { TOLD = 10 };
    g_autoptr(GPtrArray) orphans = baselines_orphaned(project);
    for (guint i = 0; i < MIN(orphans->len, TOLD); i++)
        g_printerr(
            "heapgate: %s has no scenario, so it gates nothing: delete it, or bring the scenario back\n",
            (const char *)g_ptr_array_index(orphans, i));
    if (orphans->len > TOLD)
        g_printerr("heapgate: and %u baselines more\n", orphans->len - TOLD);
}

static int report(const Street *street, const StreetOptions *options, const Result *result, GError **error)
{
    if (!check_seen(result, error) || !street_write_reports(result, street->project->reports, error) ||
        !street_print(result, options, error))
        return 0;
    if (!options->quiet) {
        g_autofree char *folder = project_relative(street->project, street->project->reports);
        g_print("reports: %s/%s  %s/%s\n", folder, report_junit.default_path, folder,
                report_summary.default_path);
    }
    tell_orphans(street->project);
    return verdict_exit_status(result->verdict);
}

static int run(const StreetOptions *options, const char *recorded, const char *const *patterns,
               GError **error)
{
    g_autoptr(Street) street = street_new(options, patterns, error);
    if (street == NULL)
        return 0;
    g_autoptr(Result) result =
        recorded != NULL ? replay(street, options, recorded, error) : measure(street, options, error);
    return result != NULL ? report(street, options, result, error) : 0;
}

static int command_run_run(int argc, char **argv, GError **error)
{
    g_auto(StreetOptions) options = {0};
    g_autofree char *recorded = NULL;
    gboolean helped = FALSE;
    GOptionEntry entries[STREET_ENTRIES + 2] = {0};
    street_entries(&options, entries);
    entries[STREET_ENTRIES] = (GOptionEntry){
        "recorded", 0,
        0,          G_OPTION_ARG_FILENAME,
        &recorded,  "Do not measure: compare the measurements of this result.json with today's baselines",
        "RESULT"};
    g_autoptr(GError) problem = NULL;
    int status = 0;
    if (command_parse(&command_run, entries, &argc, &argv, &helped, &problem) && !helped)
        status = run(&options, recorded, (const char *const *)argv + 1, &problem);
    /* Whatever failed, an earlier run's verdict is not this one's. The measurements may still be wanted. */
    if (problem != NULL) {
        street_forget_failed(&options, recorded != NULL);
        g_propagate_error(error, g_steal_pointer(&problem));
    }
    return status;
}

const Command command_run = {
    .name = "run",
    .arguments = "[SCENARIO...]",
    .summary = "Measure scenarios, compare them with their baselines, report; exit 1 on a regression.",
    .run = command_run_run,
};
