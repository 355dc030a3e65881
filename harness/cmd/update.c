/* heapgate update: measure several times, print what changes, write baselines. */
#include <string.h>

#include "command.h"
#include "error.h"
#include "gate/compare.h"
#include "model/units.h"
#include "model/text.h"
#include "run/host.h"
#include "campaign.h"
#include "update_weigh.h"

enum { UNSET = G_MININT };

typedef struct {
    CampaignOptions campaign;
    char *reason;
    gboolean ratchet;
    gboolean accept_growth;
    int runs;
} UpdateOptions;

/* The measurements of one scenario under one instrument, and which Python they are of; FALSE where one of
 * them is broken. */
static gboolean measurements_of(const Campaign *campaign, const Scenario *scenario, const char *instrument,
                                GPtrArray *measurements, GError **error)
{
    for (guint i = 0; i < campaign->runs->len; i++) {
        const Run *run = g_ptr_array_index(campaign->runs, i);
        if (run->scenario != scenario || strcmp(run->instrument->name, instrument) != 0)
            continue;
        if (run->measurement->problem != NULL) {
            g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_BROKEN, "%s, %s: %s; no baseline was written",
                        scenario->name, instrument, run->measurement->problem);
            return FALSE;
        }
        g_ptr_array_add(measurements, run->measurement);
    }
    return TRUE;
}

static gboolean capture_instruments(const Campaign *campaign, const Scenario *scenario, Baseline *fresh,
                                    GError **error)
{
    for (GStrv name = scenario->instruments; *name != NULL; name++) {
        g_autoptr(GPtrArray) measurements = g_ptr_array_new();
        if (!measurements_of(campaign, scenario, *name, measurements, error))
            return FALSE;
        if (measurements->len == 0)
            continue;
        BaselineInstrument *instrument = baseline_capture(measurements, &scenario->allow, error);
        if (instrument == NULL) {
            g_prefix_error(error, "%s, ", scenario->name);
            return FALSE;
        }
        g_ptr_array_add(fresh->instruments, instrument);
    }
    return TRUE;
}

static Baseline *capture(const Campaign *campaign, const Scenario *scenario, const char *reason,
                         GError **error)
{
    g_autoptr(Baseline) fresh = baseline_new(scenario->name);
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    environment_free(fresh->environment);
    fresh->environment = campaign_environment(campaign, scenario);
    fresh->captured_at = g_date_time_format_iso8601(now);
    fresh->commit = host_commit(campaign->project->root);
    fresh->reason = g_strdup(reason);
    if (!capture_instruments(campaign, scenario, fresh, error))
        return NULL;
    return g_steal_pointer(&fresh);
}

static Change *change_of(const Campaign *campaign, const Scenario *scenario, const UpdateOptions *options,
                         GError **error)
{
    g_autofree char *elsewhere = NULL;
    g_autoptr(GError) unreadable = NULL;
    g_autoptr(Baseline) fresh = capture(campaign, scenario, options->reason, error);
    if (fresh == NULL)
        return NULL;
    Change *change = g_new0(Change, 1);
    change->scenario = scenario;
    if (!baseline_load(campaign->project, fresh->environment->platform, scenario->name, &change->old,
                       &elsewhere, &unreadable))
        g_print("%s: the old baseline cannot be used and is replaced: %s\n", scenario->name,
                unreadable->message);
    change->fresh = g_steal_pointer(&fresh);
    change_weigh(change, options->ratchet);
    return change;
}

static gboolean has_reason(const UpdateOptions *options)
{
    return options->reason != NULL && *options->reason != '\0' && !options->ratchet;
}

static void refuse_raise(const Scenario *scenario, const UpdateOptions *options, GError **error)
{
    g_set_error(
        error, HEAPGATE_ERROR, HEAPGATE_ERROR_USAGE,
        options->ratchet
            ? "%s: --ratchet only ever lowers what a baseline of this environment holds; capture the rest "
              "with heapgate update %s --reason \"...\"; nothing was written"
            : "%s: this raises the baseline or begins it; say why: heapgate update %s --reason \"...\"; "
              "nothing was written",
        scenario->name, scenario->name);
}

/* Is it known without measuring that a baseline begins here? */
static gboolean begins(const Campaign *campaign, const Scenario *scenario, const UpdateOptions *options)
{
    g_autoptr(Baseline) old = NULL;
    g_autofree char *elsewhere = NULL;
    g_autoptr(GError) unreadable = NULL;
    g_autoptr(Environment) environment = host_environment_for(scenario);
    if (!baseline_load(campaign->project, environment->platform, scenario->name, &old, &elsewhere,
                       &unreadable))
        g_print("%s: the old baseline cannot be used: %s\n", scenario->name, unreadable->message);
    if (old == NULL)
        return TRUE;
    /* Which Python it is the runs will say. */
    environment_learn_python(environment, old->environment->python);
    g_autofree char *difference = environment_difference(old->environment, environment);
    if (difference != NULL)
        g_print("%s\n  environment: %s\n", scenario->name, difference);
    gboolean all = difference == NULL;
    for (GStrv name = scenario->instruments; *name != NULL; name++)
        all = all && (!campaign_wants(&options->campaign, *name) || baseline_find(old, *name) != NULL);
    return !all;
}

/* Refuses before the runs what would be refused after them. */
static gboolean check_reasons(const Campaign *campaign, const UpdateOptions *options, GError **error)
{
    if (has_reason(options))
        return TRUE;
    for (guint i = 0; i < campaign->scenarios->len; i++) {
        const Scenario *scenario = g_ptr_array_index(campaign->scenarios, i);
        if (begins(campaign, scenario, options)) {
            refuse_raise(scenario, options, error);
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean write_changes(const Campaign *campaign, const GPtrArray *changes,
                              const UpdateOptions *options, GError **error)
{
    for (guint i = 0; i < changes->len; i++) {
        const Change *change = g_ptr_array_index(changes, i);
        if (change->raised && !has_reason(options)) {
            refuse_raise(change->scenario, options, error);
            return FALSE;
        }
        if (change->grows && !options->accept_growth) {
            g_set_error(
                error, HEAPGATE_ERROR, HEAPGATE_ERROR_USAGE,
                "%s: this would accept the growth above for good; mend it, or accept it: heapgate update "
                "%s --accept-growth --reason \"...\"; nothing was written",
                change->scenario->name, change->scenario->name);
            return FALSE;
        }
    }
    for (guint i = 0; i < changes->len; i++) {
        const Change *change = g_ptr_array_index(changes, i);
        g_autofree char *path =
            baseline_path(campaign->project, change->fresh->environment->platform, change->scenario->name);
        g_autofree char *name = project_relative(campaign->project, path);
        if (!change->changed) {
            g_print("%s: unchanged\n", name);
            continue;
        }
        if (change->fresh->reason == NULL && change->old != NULL)
            change->fresh->reason = g_strdup(options->ratchet  ? "ratchet"
                                             : change->lowered ? "improved"
                                                               : change->old->reason);
        g_autofree char *inside = project_resolve(campaign->project, campaign->project->root, path);
        if (inside == NULL) {
            g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_CONFIG,
                        "%s leads out of the project, so it is not written; put a folder in the link's place",
                        name);
            return FALSE;
        }
        if (!baseline_save(change->fresh, inside, error))
            return FALSE;
        g_print("%s: written; commit it\n", name);
    }
    return TRUE;
}

/* What differs from run to run takes more of them to know by how much. */
static gboolean measure_more(Campaign *campaign, const UpdateOptions *options, GError **error)
{
    g_autoptr(GPtrArray) more = g_ptr_array_new_with_free_func((GDestroyNotify)run_free);
    for (guint i = 0; i < campaign->scenarios->len && options->runs == 0; i++) {
        const Scenario *scenario = g_ptr_array_index(campaign->scenarios, i);
        for (GStrv name = scenario->instruments; *name != NULL; name++) {
            g_autoptr(GPtrArray) measurements = g_ptr_array_new();
            if (!measurements_of(campaign, scenario, *name, measurements, error))
                return FALSE;
            guint wanted = baseline_capture_wants(measurements, &scenario->allow);
            for (guint n = 0; n < wanted; n++)
                g_ptr_array_add(more, run_new(campaign->project, scenario, instrument_find(*name),
                                              measurements->len + n));
        }
    }
    if (more->len == 0)
        return TRUE;
    if (!options->campaign.quiet)
        g_printerr("measuring more of what differs from run to run: %u runs\n", more->len);
    gboolean measured = campaign_measure_runs(campaign, &options->campaign, more, error);
    g_ptr_array_extend_and_steal(campaign->runs, g_steal_pointer(&more));
    return measured;
}

static gboolean update(const UpdateOptions *options, const char *const *patterns, GError **error)
{
    g_autoptr(Campaign) campaign = campaign_new(&options->campaign, patterns, error);
    if (campaign == NULL || !check_reasons(campaign, options, error) ||
        !campaign_measure(campaign, &options->campaign, (guint)options->runs, error) ||
        !measure_more(campaign, options, error))
        return FALSE;
    g_autoptr(GPtrArray) changes = g_ptr_array_new_with_free_func(change_free);
    for (guint i = 0; i < campaign->scenarios->len; i++) {
        Change *change = change_of(campaign, g_ptr_array_index(campaign->scenarios, i), options, error);
        if (change == NULL)
            return FALSE;
        g_ptr_array_add(changes, change);
    }
    return write_changes(campaign, changes, options, error);
}

static int command_update_run(int argc, char **argv, GError **error)
{
    UpdateOptions options = {.runs = UNSET};
    gboolean helped = FALSE;
    GOptionEntry entries[CAMPAIGN_ENTRIES + 5] = {0};
    campaign_entries(&options.campaign, entries);
    entries[CAMPAIGN_ENTRIES] = (GOptionEntry){"reason",
                                               'r',
                                               0,
                                               G_OPTION_ARG_STRING,
                                               &options.reason,
                                               "Why a value may be raised, or is first taken",
                                               "TEXT"};
    entries[CAMPAIGN_ENTRIES + 1] = (GOptionEntry){
        "ratchet", 0, 0, G_OPTION_ARG_NONE, &options.ratchet, "Only lower values, never raise one", NULL};
    entries[CAMPAIGN_ENTRIES + 2] = (GOptionEntry){"runs",
                                                   'n',
                                                   0,
                                                   G_OPTION_ARG_INT,
                                                   &options.runs,
                                                   "How many runs must agree (default: the instrument's)",
                                                   "N"};
    entries[CAMPAIGN_ENTRIES + 3] = (GOptionEntry){"accept-growth",
                                                   0,
                                                   0,
                                                   G_OPTION_ARG_NONE,
                                                   &options.accept_growth,
                                                   "Capture also what grows in every iteration",
                                                   NULL};
    if (command_parse(&command_update, entries, &argc, &argv, &helped, error) && !helped) {
        if (options.runs == UNSET)
            options.runs = 0;
        else if (options.runs < 1 || options.runs > 1000)
            g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_USAGE, "--runs: expected 1 to 1000, found %d",
                        options.runs);
        if (*error == NULL)
            update(&options, (const char *const *)argv + 1, error);
    }
    campaign_options_clear(&options.campaign);
    g_free(options.reason);
    return 0;
}

const Command command_update = {
    .name = "update",
    .arguments = "[SCENARIO...]",
    .summary = "Measure several times and write baselines; raising a value needs --reason.",
    .run = command_update_run,
};
