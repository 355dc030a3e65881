#include "update_weigh.h"

#include <string.h>

#include "gate/compare.h"
#include "model/text.h"

void change_free(gpointer data)
{
    Change *self = data;
    baseline_free(self->old);
    baseline_free(self->fresh);
    g_free(self);
}

static void print_figure(const BaselineFigure *old, const BaselineFigure *fresh)
{
    MetricId id = fresh->metric;
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
static void weigh_growth(Change *change, gint64 before, const BaselineFigure *fresh)
{
    enum { SHOWN = 10, COLUMNS = 100 };
    MetricId id = fresh->metric;
    if (!metric_is_rate(id) || !allow_judges(&change->scenario->allow, id) || fresh->value <= before)
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
static void weigh_doubtful(Change *change, const BaselineFigure *old, const BaselineFigure *fresh)
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
static guint weigh_sites(const Change *change, const BaselineFigure *old, const BaselineFigure *fresh,
                         gboolean print)
{
    enum { SHOWN = 5, COLUMNS = 100 };
    MetricId id = fresh->metric;
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

/* fresh: NULL: not measured. */
static gboolean is_lower(const Change *change, const BaselineFigure *old, const BaselineFigure *fresh)
{
    return fresh != NULL && fresh->value < old->value && weigh_sites(change, old, fresh, FALSE) == 0;
}

/* A figure that both baselines hold: is it changed, is it raised? */
static void weigh_figure(Change *change, const BaselineFigure *fresh, const BaselineFigure *old)
{
    MetricId id = fresh->metric;
    print_figure(old, fresh);
    if (!allow_judges(&change->scenario->allow, id))
        return;
    weigh_growth(change, old->value, fresh);
    weigh_doubtful(change, old, fresh);
    gboolean moved = weigh_sites(change, old, fresh, TRUE) > 0;
    /* Judged now, and when it was captured not: its call sites are to be watched, too. */
    gboolean listed = metric_get(id)->passes_through && old->sites == NULL && fresh->sites != NULL;
    change->lowered = change->lowered || fresh->value < old->value;
    moved = moved || listed;
    change->changed = change->changed || moved || !baseline_figure_same(fresh, old);
    change->raised = change->raised || moved || fresh->value > old->value ||
                     fresh->value + baseline_slack(fresh) > old->value + baseline_slack(old);
}

/* What only the new baseline holds. is_older: the old one is older than heapgate's knowledge of it. */
static void weigh_new(Change *change, const BaselineFigure *fresh, gboolean is_older)
{
    print_figure(NULL, fresh);
    weigh_growth(change, 0, fresh);
    change->changed = TRUE;
    change->raised = change->raised || (allow_judges(&change->scenario->allow, fresh->metric) && !is_older);
}

/* The new baseline keeps what the old one holds; (transfer full). */
static void keep_figure(BaselineInstrument *fresh, BaselineFigure *old)
{
    print_figure(old, old);
    baseline_instrument_put(fresh, old);
}

/* To watch a metric no more loosens as much as to raise it. */
static void weigh_metric(Change *change, MetricId id, BaselineInstrument *fresh, BaselineInstrument *old,
                         gboolean ratchet)
{
    const BaselineFigure *now = baseline_instrument_find(fresh, id);
    const BaselineFigure *before = old != NULL ? baseline_instrument_find(old, id) : NULL;
    if (before == NULL || (now == NULL && !allow_judges(&change->scenario->allow, id))) {
        if (now != NULL)
            weigh_new(change, now, old != NULL && baseline_is_older(old, id));
    } else if (ratchet && !is_lower(change, before, now)) {
        keep_figure(fresh, baseline_instrument_steal(old, id));
    } else if (now == NULL) {
        g_print("    %-21s not measured any more\n", metric_get(id)->title);
        change->changed = change->raised = TRUE;
    } else {
        weigh_figure(change, now, before);
    }
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
    for (const Metric *metric = metrics_all(); metric->name != NULL; metric++)
        weigh_metric(change, metric->id, fresh, old, ratchet);
}

static void weigh_all(Change *change, gboolean ratchet)
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

void change_weigh(Change *self, gboolean ratchet)
{
    weigh_all(self, ratchet);
    keep_unmeasured(self);
}
