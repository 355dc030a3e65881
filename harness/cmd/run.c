/* heapgate run: measure, compare, report. */
#include <errno.h>
#include <string.h>

#include "command.h"
#include "error.h"
#include "gate/compare.h"
#include "gate/repeat.h"
#include "input.h"
#include "report/report.h"
#include "result/result_json.h"
#include "run/host.h"
#include "campaign.h"

/* The baseline a scenario is held against; a baseline that cannot be read is an error of the whole run. */
typedef struct {
    Baseline *baseline;
    char *elsewhere;
    Environment *environment; /* of this scenario's program here */
} Held;

static void held_clear(Held *self)
{
    baseline_free(self->baseline);
    g_free(self->elsewhere);
    environment_free(self->environment);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Held, held_clear)

static ScenarioResult *new_scenario_result(const Scenario *scenario, const Environment *environment)
{
    ScenarioResult *result = scenario_result_new(scenario->name, scenario->about, scenario->file,
                                                 (const char *const *)scenario->tags);
    result->environment = environment_copy(environment);
    return result;
}

/* Adds the verdicts of one scenario. take: gives the next one, (transfer full), or NULL at the end. */
typedef InstrumentResult *(*Take)(gpointer source);

static void add_scenario(const Scenario *scenario, const Environment *environment, Take take, gpointer source,
                         Result *result)
{
    g_autoptr(ScenarioResult) compared = new_scenario_result(scenario, environment);
    for (InstrumentResult *one = take(source); one != NULL; one = take(source))
        scenario_result_add(compared, one);
    /* A scenario none of whose instruments was asked for was not seen: it gets no verdict. */
    if (compared->instruments->len > 0)
        result_add(result, g_steal_pointer(&compared));
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
static GArray *baselines_held(const Campaign *campaign, GError **error)
{
    g_autoptr(GArray) all = g_array_new(FALSE, TRUE, sizeof(Held));
    g_array_set_clear_func(all, (GDestroyNotify)held_clear);
    g_array_set_size(all, campaign->scenarios->len);
    for (guint i = 0; i < campaign->scenarios->len; i++) {
        const Scenario *scenario = g_ptr_array_index(campaign->scenarios, i);
        Held *held = &g_array_index(all, Held, i);
        if (!baseline_load(campaign->project, host_environment()->platform, scenario->name, &held->baseline,
                           &held->elsewhere, error))
            return NULL;
    }
    return g_steal_pointer(&all);
}

/* One run's verdict, and what was measured again for it. */
typedef struct {
    const Held *held;
    Run *run;
    InstrumentResult *result; /* NULL: handed on */
    GPtrArray *again;         /* Run */
} Judged;

static void judged_clear(Judged *self)
{
    if (self->result != NULL)
        instrument_result_free(self->result);
    g_ptr_array_unref(self->again);
}

static InstrumentResult *compare_run(const Held *held, Run *run)
{
    const Reference reference = {held->baseline, held->elsewhere, held->environment, &run->scenario->allow};
    return compare(&reference, g_steal_pointer(&run->measurement));
}

/* The verdicts of all runs, in their order; (transfer full), of Judged. */
static GArray *judge_runs(const Campaign *campaign, const GArray *held)
{
    GArray *all = g_array_new(FALSE, TRUE, sizeof(Judged));
    g_array_set_clear_func(all, (GDestroyNotify)judged_clear);
    guint scenario = 0;
    for (guint i = 0; i < campaign->runs->len; i++) {
        Run *run = g_ptr_array_index(campaign->runs, i);
        while (g_ptr_array_index(campaign->scenarios, scenario) != (gconstpointer)run->scenario)
            scenario++;
        Judged judged = {.held = &g_array_index(held, Held, scenario),
                         .run = run,
                         .again = g_ptr_array_new_with_free_func((GDestroyNotify)run_free)};
        judged.result = compare_run(judged.held, run);
        g_array_append_val(all, judged);
    }
    return all;
}

static gboolean may_be_chance(const Judged *judged)
{
    const Baseline *baseline = judged->held->baseline;
    return baseline != NULL &&
           repeat_is_wanted(judged->result, baseline_find(baseline, judged->result->instrument),
                            !judged->run->instrument->by_valgrind);
}

/* Measures again what is red and may be so by chance, all of it in one session. */
static gboolean measure_again(Campaign *campaign, const CampaignOptions *options, GArray *all, GError **error)
{
    g_autoptr(GPtrArray) runs = g_ptr_array_new();
    for (guint i = 0; i < all->len; i++) {
        Judged *judged = &g_array_index(all, Judged, i);
        for (guint again = 1; again <= REPEAT_TIMES && may_be_chance(judged); again++) {
            Run *run = run_new(campaign->project, judged->run->scenario, judged->run->instrument, again);
            g_ptr_array_add(judged->again, run);
            g_ptr_array_add(runs, run);
        }
    }
    if (runs->len == 0)
        return TRUE;
    if (!options->quiet)
        g_printerr("measuring again what is red: %u run%s\n", runs->len, runs->len == 1 ? "" : "s");
    return campaign_measure_runs(campaign, options, runs, error);
}

static void judge_again(GArray *all)
{
    for (guint i = 0; i < all->len; i++) {
        Judged *judged = &g_array_index(all, Judged, i);
        g_autoptr(GPtrArray) again = g_ptr_array_new_with_free_func((GDestroyNotify)instrument_result_free);
        for (guint a = 0; a < judged->again->len; a++)
            g_ptr_array_add(again, compare_run(judged->held, g_ptr_array_index(judged->again, a)));
        if (again->len > 0)
            judged->result = repeat_judge(judged->result, again);
    }
}

/* Walks the verdicts of one scenario. */
typedef struct {
    GArray *all;
    guint next;
    const Scenario *scenario;
} JudgedSource;

static InstrumentResult *take_judged(gpointer user_data)
{
    JudgedSource *source = user_data;
    if (source->next >= source->all->len)
        return NULL;
    Judged *judged = &g_array_index(source->all, Judged, source->next);
    if (judged->run->scenario != source->scenario)
        return NULL;
    source->next++;
    return g_steal_pointer(&judged->result);
}

static Result *measure_scenarios(Campaign *campaign, const CampaignOptions *options, GError **error)
{
    gint64 started = g_get_monotonic_time();
    campaign_forget_reports(campaign);
    g_autoptr(GArray) held = baselines_held(campaign, error);
    if (held == NULL)
        return NULL;
    g_autoptr(Result) result = new_result(campaign->project);
    if (!campaign_measure(campaign, options, 1, error))
        return NULL;
    for (guint i = 0; i < held->len; i++)
        g_array_index(held, Held, i).environment =
            campaign_environment(campaign, g_ptr_array_index(campaign->scenarios, i));
    g_autoptr(GArray) judged = judge_runs(campaign, held);
    if (!measure_again(campaign, options, judged, error))
        return NULL;
    judge_again(judged);
    JudgedSource source = {.all = judged};
    for (guint i = 0; i < campaign->scenarios->len; i++) {
        source.scenario = g_ptr_array_index(campaign->scenarios, i);
        add_scenario(source.scenario, g_array_index(held, Held, i).environment, take_judged, &source, result);
    }
    result->duration_us = g_get_monotonic_time() - started;
    return g_steal_pointer(&result);
}

/* Walks the instruments of one recorded scenario. */
typedef struct {
    const ScenarioResult *recorded;
    guint next;
    const CampaignOptions *options;
    const Reference *reference;
} RecordedSource;

static InstrumentResult *take_from_recorded(gpointer user_data)
{
    RecordedSource *source = user_data;
    while (source->next < source->recorded->instruments->len) {
        InstrumentResult *instrument = g_ptr_array_index(source->recorded->instruments, source->next++);
        if (campaign_wants(source->options, instrument->instrument))
            return compare(source->reference, g_steal_pointer(&instrument->measurement));
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
                               const CampaignOptions *options, const char *path, GError **error)
{
    if (recorded == NULL || recorded->environment == NULL) {
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_BROKEN,
                    "%s holds no measurement of %s; name the scenarios it holds, or measure again", path,
                    scenario->name);
        return FALSE;
    }
    for (GStrv name = scenario->instruments; *name != NULL; name++)
        if (campaign_wants(options, *name) && !has_instrument(recorded, *name)) {
            g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_BROKEN,
                        "%s holds no measurement of %s by %s; choose with --instrument what it holds, or "
                        "measure again",
                        path, scenario->name, *name);
            return FALSE;
        }
    return TRUE;
}

/* Compares what was measured before with the baselines and allowances of now. */
static Result *replay(const Campaign *campaign, const CampaignOptions *options, const Input *input,
                      GError **error)
{
    g_autoptr(Result) recorded = result_json_read(input->bytes, input->length, input->name, error);
    if (recorded == NULL)
        return NULL;
    g_autoptr(Result) result = result_new(HEAPGATE_VERSION, recorded->platform, recorded->started);
    result->commit = g_strdup(recorded->commit);
    result->root = g_strdup(recorded->root);
    result->duration_us = recorded->duration_us;
    for (guint i = 0; i < campaign->scenarios->len; i++) {
        const Scenario *scenario = g_ptr_array_index(campaign->scenarios, i);
        RecordedSource source = {find_recorded(recorded, scenario->name), 0, options, NULL};
        if (!check_recorded(source.recorded, scenario, options, input->name, error))
            return NULL;
        g_auto(Held) held = {0};
        if (!baseline_load(campaign->project, source.recorded->environment->platform, scenario->name,
                           &held.baseline, &held.elsewhere, error))
            return NULL;
        const Environment *environment = source.recorded->environment;
        const Reference reference = {held.baseline, held.elsewhere, environment, &scenario->allow};
        source.reference = &reference;
        add_scenario(scenario, environment, take_from_recorded, &source, result);
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

static int report(const Campaign *campaign, const CampaignOptions *options, const Result *result,
                  GError **error)
{
    g_autoptr(Findings) findings = findings_new(result);
    if (!check_seen(result, error) ||
        !campaign_write_reports(findings, options, campaign->project->reports, error) ||
        !campaign_print(findings, options, error))
        return 0;
    if (!options->quiet && !options->json) {
        g_autofree char *folder = project_relative(campaign->project, campaign->project->reports);
        g_print("reports: %s/%s  %s/%s\n", folder, report_junit.default_path, folder,
                report_summary.default_path);
    }
    tell_orphans(campaign->project);
    return verdict_exit_status(findings->verdict);
}

/* recorded: --recorded, size: --max-size; NULL: not given. */
static int run_scenarios(const CampaignOptions *options, const char *recorded, const char *size,
                         const char *const *patterns, GError **error)
{
    g_autoptr(Campaign) campaign = campaign_new(options, patterns, error);
    if (campaign == NULL)
        return 0;
    g_auto(Input) input = {0};
    if (recorded != NULL && !input_open(&input, recorded, size, error))
        return 0;
    g_autoptr(Result) result = recorded != NULL ? replay(campaign, options, &input, error)
                                                : measure_scenarios(campaign, options, error);
    return result != NULL ? report(campaign, options, result, error) : 0;
}

static int command_run_run(int argc, char **argv, GError **error)
{
    g_auto(CampaignOptions) options = {0};
    g_autofree char *recorded = NULL, *size = NULL;
    gboolean helped = FALSE;
    GOptionEntry entries[CAMPAIGN_ENTRIES + 5] = {0};
    campaign_entries(&options, entries);
    entries[CAMPAIGN_ENTRIES] = campaign_places_entry(&options);
    entries[CAMPAIGN_ENTRIES + 1] = (GOptionEntry){
        "recorded", 0,
        0,          G_OPTION_ARG_FILENAME,
        &recorded,  "Do not measure: compare the measurements of this result.json with today's baselines",
        "RESULT"};
    entries[CAMPAIGN_ENTRIES + 2] = input_size_entry(&size);
    entries[CAMPAIGN_ENTRIES + 3] = (GOptionEntry){
        "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print one line of JSON, for scripts and agents",
        NULL};
    g_autoptr(GError) problem = NULL;
    int status = 0;
    if (command_parse(&command_run, entries, &argc, &argv, &helped, &problem) && !helped)
        status = run_scenarios(&options, recorded, size, (const char *const *)argv + 1, &problem);
    /* Whatever failed, an earlier run's verdict is not this one's. The measurements may still be wanted. */
    if (problem != NULL) {
        campaign_forget_failed(&options, recorded != NULL);
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
