/* heapgate update: measure several times, print what changes, write baselines. */
#include <string.h>

#include "command.h"
#include "error.h"
#include "gate/compare.h"
#include "model/units.h"
#include "model/text.h"
#include "run/host.h"
#include "street.h"

enum { UNSET = G_MININT };

typedef struct {
    StreetOptions street;
    char *reason;
    gboolean ratchet;
    gboolean accept_growth;
    int runs;
} UpdateOptions;

/* What is to become of one scenario's baseline. */
typedef struct {
    const Scenario *scenario;
    Baseline *old;   /* NULL: none for this platform */
    Baseline *fresh; /* to be written */
    gboolean changed;
    gboolean lowered;
    gboolean grows;  /* more than before */
    gboolean raised; /* some value is higher than before, or was not held before */
} Change;

static void change_free(gpointer data)
{
    Change *self = data;
    baseline_free(self->old);
    baseline_free(self->fresh);
    g_free(self);
}

/* The measurements of one scenario under one instrument; FALSE where one of them is broken. */
static gboolean measurements_of(const Street *street, const Scenario *scenario, const char *instrument,
                                GPtrArray *measurements, GError **error)
{
    for (guint i = 0; i < street->runs->len; i++) {
        const Run *run = g_ptr_array_index(street->runs, i);
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

static gboolean capture_instruments(const Street *street, const Scenario *scenario, Baseline *fresh,
                                    GError **error)
{
    for (GStrv name = scenario->instruments; *name != NULL; name++) {
        g_autoptr(GPtrArray) measurements = g_ptr_array_new();
        if (!measurements_of(street, scenario, *name, measurements, error))
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

static Baseline *capture(const Street *street, const Scenario *scenario, const char *reason, GError **error)
{
    g_autoptr(Baseline) fresh = baseline_new(scenario->name);
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    environment_free(fresh->environment);
    fresh->environment = host_environment_for(scenario);
    fresh->captured_at = g_date_time_format_iso8601(now);
    fresh->commit = host_commit(street->project->root);
    fresh->reason = g_strdup(reason);
    if (!capture_instruments(street, scenario, fresh, error))
        return NULL;
    return g_steal_pointer(&fresh);
}

static void print_metric(MetricId id, const BaselineMetric *old, const BaselineMetric *fresh)
{
    if (metric_get(id)->of_mapped && fresh->value == 0 && (old == NULL || old->value == 0))
        return; /* it maps nothing itself, and did not */
    g_autofree char *now = metric_format(id, fresh->value);
    g_autofree char *spread = metric_format(id, fresh->spread);
    g_print("    %-21s ", metric_get(id)->title);
    if (old == NULL) {
        g_print("%s (new)", now);
    } else {
        g_autofree char *before = metric_format(id, old->value);
        g_autofree char *delta = metric_format_signed(id, fresh->value - old->value);
        if (old->value == fresh->value)
            g_print("%s (unchanged)", now);
        else
            g_print("%s -> %s (%s)", before, now, delta);
    }
    g_print("%s%s\n", fresh->spread > 0 ? ", runs differed by " : "", fresh->spread > 0 ? spread : "");
}

/* A leak that is captured is never called again. */
static void weigh_growth(Change *change, MetricId id, gint64 before, const BaselineMetric *fresh)
{
    enum { SHOWN = 10, COLUMNS = 100 };
    if (metric_get(id)->unit != METRIC_UNIT_BYTES_PER_ITERATION || !change->scenario->allow.is_judged[id] ||
        fresh->value <= before)
        return;
    g_autofree char *rate = metric_format(id, fresh->value);
    g_print("    this captures a %s of %s, which is then called no more:\n", metric_get(id)->title, rate);
    for (guint i = 0; fresh->sites != NULL && i < MIN(call_sites_count(fresh->sites), SHOWN); i++) {
        const CallSite *site = call_sites_get(fresh->sites, i);
        g_autofree char *bytes = metric_format(id, site->bytes), *stack = text_shorten(site->key, COLUMNS);
        g_print("      %s  %s\n", bytes, stack);
    }
    change->grows = TRUE;
}

/* The same of what grew in some iterations only, and did not when the old baseline was captured. */
static void weigh_doubtful(Change *change, const BaselineMetric *old, const BaselineMetric *fresh)
{
    guint sites = compare_captured_doubtful(old, fresh);
    if (sites == 0)
        return;
    g_print(
        "    this captures growth in some iterations, at %u call site%s where there was none; a run names "
        "them: heapgate run %s\n",
        sites, sites == 1 ? "" : "s", change->scenario->name);
    change->changed = change->raised = TRUE;
}

/* The call sites that a run would be red for, were the old baseline kept; their number. */
static guint weigh_sites(const Change *change, MetricId id, const BaselineMetric *old,
                         const BaselineMetric *fresh, gboolean print)
{
    enum { SHOWN = 5, COLUMNS = 100 };
    g_autoptr(GPtrArray) deltas = NULL;
    guint regressed =
        compare_captured(id, old, fresh, &change->scenario->allow, change->fresh->environment, &deltas);
    for (guint i = 0; print && regressed > 0 && i < MIN(deltas->len, SHOWN); i++) {
        const SiteDelta *delta = g_ptr_array_index(deltas, i);
        g_autofree char *bytes = metric_format_signed(id, delta->delta_bytes);
        g_autofree char *stack = text_shorten(delta->key, COLUMNS);
        if (delta->delta_bytes > 0)
            g_print("      %s  %s\n", bytes, stack);
    }
    return regressed;
}

static gboolean is_lower(const Change *change, MetricId id, const BaselineMetric *old,
                         const BaselineMetric *fresh)
{
    return fresh->has && fresh->value < old->value && weigh_sites(change, id, old, fresh, FALSE) == 0;
}

/* Puts back what the old baseline holds. */
static void keep_metric(BaselineMetric *fresh, BaselineMetric *old)
{
    baseline_metric_clear(fresh);
    *fresh = *old;
    *old = (BaselineMetric){0};
}

/* One metric that the old baseline holds, too: is it changed, is it raised? To watch it no more loosens as
 * much. */
static void weigh_metric(Change *change, MetricId id, BaselineMetric *fresh, BaselineMetric *old,
                         gboolean ratchet)
{
    BaselineMetric shown = {.value = old->value};
    if (ratchet && !is_lower(change, id, old, fresh)) {
        keep_metric(fresh, old);
        print_metric(id, &shown, fresh);
        return;
    }
    if (!fresh->has) {
        g_print("    %-21s not measured any more\n", metric_get(id)->title);
        change->changed = change->raised = TRUE;
        return;
    }
    print_metric(id, &shown, fresh);
    if (!change->scenario->allow.is_judged[id])
        return;
    weigh_growth(change, id, old->value, fresh);
    weigh_doubtful(change, old, fresh);
    gboolean moved = weigh_sites(change, id, old, fresh, TRUE) > 0;
    /* Judged now, and when it was captured not: its call sites are to be watched, too. */
    gboolean listed = metric_get(id)->passes_through && old->sites == NULL && fresh->sites != NULL;
    change->lowered = change->lowered || fresh->value < old->value;
    moved = moved || listed;
    change->changed = change->changed || moved || !baseline_metric_same(fresh, old);
    change->raised = change->raised || moved || fresh->value > old->value ||
                     fresh->value + baseline_slack(fresh) > old->value + baseline_slack(old);
}

/* Metric by metric: what changes, and is anything raised? */
static void weigh_instrument(Change *change, BaselineInstrument *fresh, BaselineInstrument *old,
                             gboolean ratchet)
{
    g_print("  %s, %" G_GINT64_FORMAT " run%s\n", fresh->instrument, fresh->runs,
            fresh->runs == 1 ? "" : "s");
    if (old != NULL && g_strcmp0(old->tool, fresh->tool) != 0) {
        g_print("    measured by %s, was %s\n", fresh->tool, old->tool != NULL ? old->tool : "unknown");
        change->changed = change->raised = TRUE;
    }
    if (fresh->left_out > 0)
        g_print("    left out: %" G_GINT64_FORMAT
                " run%s before them, which differed from all: caches were written "
                "then\n",
                fresh->left_out, fresh->left_out == 1 ? "" : "s");
    for (int id = 0; id < METRIC_COUNT; id++) {
        if (old != NULL && old->metrics[id].has &&
            (fresh->metrics[id].has || change->scenario->allow.is_judged[id])) {
            weigh_metric(change, id, &fresh->metrics[id], &old->metrics[id], ratchet);
        } else if (fresh->metrics[id].has) {
            print_metric(id, NULL, &fresh->metrics[id]);
            weigh_growth(change, id, 0, &fresh->metrics[id]);
            change->changed = TRUE;
            change->raised = change->raised || (change->scenario->allow.is_judged[id] &&
                                                !(old != NULL && baseline_is_older(old, id)));
        }
    }
}

static void weigh(Change *change, gboolean ratchet)
{
    g_print("%s\n", change->scenario->name);
    if (change->old != NULL && change->old->format != change->fresh->format) {
        g_print("  format: %" G_GINT64_FORMAT " -> %" G_GINT64_FORMAT "\n", change->old->format,
                change->fresh->format);
        change->changed = TRUE;
    }
    if (change->old != NULL) {
        g_autofree char *difference =
            environment_difference(change->old->environment, change->fresh->environment);
        if (difference != NULL) {
            g_print("  environment: %s\n", difference);
            change->changed = change->raised = TRUE;
        }
    }
    for (guint i = 0; i < change->fresh->instruments->len; i++) {
        BaselineInstrument *fresh = g_ptr_array_index(change->fresh->instruments, i);
        weigh_instrument(change, fresh,
                         change->old != NULL ? baseline_find(change->old, fresh->instrument) : NULL, ratchet);
    }
}

/* An instrument that was not measured now (--instrument) keeps what it had, if it is of the same environment.
 */
static void keep_unmeasured(Change *change)
{
    g_autofree char *difference =
        change->old != NULL ? environment_difference(change->old->environment, change->fresh->environment)
                            : NULL;
    for (guint i = 0; change->old != NULL && difference == NULL && i < change->old->instruments->len;) {
        BaselineInstrument *old = g_ptr_array_index(change->old->instruments, i);
        gboolean used = g_strv_contains((const char *const *)change->scenario->instruments, old->instrument);
        if (baseline_find(change->fresh, old->instrument) == NULL && used)
            g_ptr_array_add(change->fresh->instruments, g_ptr_array_steal_index(change->old->instruments, i));
        else
            i++;
    }
}

static Change *change_of(const Street *street, const Scenario *scenario, const UpdateOptions *options,
                         GError **error)
{
    g_autofree char *elsewhere = NULL;
    g_autoptr(GError) unreadable = NULL;
    g_autoptr(Baseline) fresh = capture(street, scenario, options->reason, error);
    if (fresh == NULL)
        return NULL;
    Change *change = g_new0(Change, 1);
    change->scenario = scenario;
    if (!baseline_load(street->project, fresh->environment->platform, scenario->name, &change->old,
                       &elsewhere, &unreadable))
        g_print("%s: the old baseline cannot be used and is replaced: %s\n", scenario->name,
                unreadable->message);
    change->fresh = g_steal_pointer(&fresh);
    weigh(change, options->ratchet);
    keep_unmeasured(change);
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
static gboolean begins(const Street *street, const Scenario *scenario, const UpdateOptions *options)
{
    g_autoptr(Baseline) old = NULL;
    g_autofree char *elsewhere = NULL;
    g_autoptr(GError) unreadable = NULL;
    g_autoptr(Environment) environment = host_environment_for(scenario);
    if (!baseline_load(street->project, environment->platform, scenario->name, &old, &elsewhere, &unreadable))
        g_print("%s: the old baseline cannot be used: %s\n", scenario->name, unreadable->message);
    if (old == NULL)
        return TRUE;
    g_autofree char *difference = environment_difference(old->environment, environment);
    if (difference != NULL)
        g_print("%s\n  environment: %s\n", scenario->name, difference);
    gboolean all = difference == NULL;
    for (GStrv name = scenario->instruments; *name != NULL; name++)
        all = all && (!street_wants(&options->street, *name) || baseline_find(old, *name) != NULL);
    return !all;
}

/* Refuses before the runs what would be refused after them. */
static gboolean check_reasons(const Street *street, const UpdateOptions *options, GError **error)
{
    if (has_reason(options))
        return TRUE;
    for (guint i = 0; i < street->scenarios->len; i++) {
        const Scenario *scenario = g_ptr_array_index(street->scenarios, i);
        if (begins(street, scenario, options)) {
            refuse_raise(scenario, options, error);
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean write_changes(const Street *street, const GPtrArray *changes, const UpdateOptions *options,
                              GError **error)
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
            baseline_path(street->project, change->fresh->environment->platform, change->scenario->name);
        g_autofree char *name = project_relative(street->project, path);
        if (!change->changed) {
            g_print("%s: unchanged\n", name);
            continue;
        }
        if (change->fresh->reason == NULL && change->old != NULL)
            change->fresh->reason = g_strdup(options->ratchet  ? "ratchet"
                                             : change->lowered ? "improved"
                                                               : change->old->reason);
        g_autofree char *inside = project_resolve(street->project, street->project->root, path);
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

/* Do the runs so far differ in anything that is judged? */
static gboolean differ(const GPtrArray *measurements, const Allow *allow)
{
    const Measurement *first = g_ptr_array_index(measurements, 0);
    for (guint i = 1; i < measurements->len; i++) {
        const Measurement *other = g_ptr_array_index(measurements, i);
        for (int id = 0; id < METRIC_COUNT; id++)
            if (allow->is_judged[id] && first->has[id] && other->has[id] &&
                first->values[id] != other->values[id])
                return TRUE;
    }
    return FALSE;
}

/* What differs from run to run takes more of them to know by how much. */
static gboolean measure_more(Street *street, const UpdateOptions *options, GError **error)
{
    enum { NOISY_RUNS = 5 };
    g_autoptr(GPtrArray) more = g_ptr_array_new_with_free_func((GDestroyNotify)run_free);
    for (guint i = 0; i < street->scenarios->len && options->runs == 0; i++) {
        const Scenario *scenario = g_ptr_array_index(street->scenarios, i);
        for (GStrv name = scenario->instruments; *name != NULL; name++) {
            g_autoptr(GPtrArray) measurements = g_ptr_array_new();
            if (!measurements_of(street, scenario, *name, measurements, error))
                return FALSE;
            for (guint n = measurements->len;
                 n > 1 && n < NOISY_RUNS && differ(measurements, &scenario->allow); n++)
                g_ptr_array_add(more, run_new(street->project, scenario, instrument_find(*name), n));
        }
    }
    if (more->len == 0)
        return TRUE;
    if (!options->street.quiet)
        g_printerr("measuring more of what differs from run to run: %u runs\n", more->len);
    gboolean measured = street_measure_runs(street, &options->street, more, error);
    g_ptr_array_extend_and_steal(street->runs, g_steal_pointer(&more));
    return measured;
}

static gboolean update(const UpdateOptions *options, const char *const *patterns, GError **error)
{
    g_autoptr(Street) street = street_new(&options->street, patterns, error);
    if (street == NULL || !check_reasons(street, options, error) ||
        !street_measure(street, &options->street, (guint)options->runs, error) ||
        !measure_more(street, options, error))
        return FALSE;
    g_autoptr(GPtrArray) changes = g_ptr_array_new_with_free_func(change_free);
    for (guint i = 0; i < street->scenarios->len; i++) {
        Change *change = change_of(street, g_ptr_array_index(street->scenarios, i), options, error);
        if (change == NULL)
            return FALSE;
        g_ptr_array_add(changes, change);
    }
    return write_changes(street, changes, options, error);
}

static int command_update_run(int argc, char **argv, GError **error)
{
    UpdateOptions options = {.runs = UNSET};
    gboolean helped = FALSE;
    GOptionEntry entries[STREET_ENTRIES + 5] = {0};
    street_entries(&options.street, entries);
    entries[STREET_ENTRIES] = (GOptionEntry){"reason",
                                             'r',
                                             0,
                                             G_OPTION_ARG_STRING,
                                             &options.reason,
                                             "Why a value may be raised, or is first taken",
                                             "TEXT"};
    entries[STREET_ENTRIES + 1] = (GOptionEntry){
        "ratchet", 0, 0, G_OPTION_ARG_NONE, &options.ratchet, "Only lower values, never raise one", NULL};
    entries[STREET_ENTRIES + 2] = (GOptionEntry){"runs",
                                                 'n',
                                                 0,
                                                 G_OPTION_ARG_INT,
                                                 &options.runs,
                                                 "How many runs must agree (default: the instrument's)",
                                                 "N"};
    entries[STREET_ENTRIES + 3] = (GOptionEntry){"accept-growth",
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
    street_options_clear(&options.street);
    g_free(options.reason);
    return 0;
}

const Command command_update = {
    .name = "update",
    .arguments = "[SCENARIO...]",
    .summary = "Measure several times and write baselines; raising a value needs --reason.",
    .run = command_update_run,
};
