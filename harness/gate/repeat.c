#include "repeat.h"

#include <string.h>

/* Was the figure equal in all captured runs? figure: NULL: no run measured it, so it was. */
static gboolean is_steady(const BaselineFigure *figure)
{
    return figure == NULL || (figure->spread == 0 && figure->slack == NULL);
}

/* Was the metric equal in all captured runs, so that any difference is the program's? Growth is only where
 * peak and retained are equal, too. */
static gboolean is_exact(const InstrumentResult *self, const BaselineInstrument *base, MetricId id)
{
    static const MetricId held[] = {METRIC_PEAK, METRIC_RETAINED};
    const BaselineFigure *figure = baseline_instrument_find(base, id);
    gboolean exact =
        base->runs > 1 && base->left_out == 0 && self->measurement->sample_bytes == 0 && is_steady(figure);
    if (!metric_is_rate(id))
        return exact;
    exact = exact && (figure == NULL || figure->doubtful == NULL || site_sizes_count(figure->doubtful) == 0);
    for (guint i = 0; i < G_N_ELEMENTS(held); i++)
        exact = exact && is_steady(baseline_instrument_find(base, held[i]));
    return exact;
}

gboolean repeat_is_wanted(const InstrumentResult *self, const BaselineInstrument *base, gboolean is_quick)
{
    if (self->verdict != VERDICT_REGRESSED || base == NULL)
        return FALSE;
    for (guint i = 0; i < self->comparisons->len; i++) {
        const Comparison *comparison = g_ptr_array_index(self->comparisons, i);
        if (comparison->verdict == VERDICT_REGRESSED &&
            (comparison->is_ceiling || (!is_quick && is_exact(self, base, comparison->metric))))
            return FALSE;
    }
    return TRUE;
}

/* In how many comparisons is this call site beyond its limit? */
static guint count_beyond(const GPtrArray *comparisons, const char *key)
{
    guint beyond = 0;
    for (guint i = 0; i < comparisons->len; i++) {
        const SiteDelta *delta = comparison_find_delta(g_ptr_array_index(comparisons, i), key);
        beyond += delta != NULL && delta->is_beyond;
    }
    return beyond;
}

/* Is one call site beyond its limit in self and in at least `wanted` of the others? */
static gboolean agree_in_a_site(const Comparison *self, const GPtrArray *again, guint wanted)
{
    for (guint i = 0; i < self->deltas->len; i++) {
        const SiteDelta *delta = g_ptr_array_index(self->deltas, i);
        if (delta->is_beyond && count_beyond(again, delta->key) >= wanted)
            return TRUE;
    }
    return FALSE;
}

static guint count_red(const GPtrArray *comparisons)
{
    guint red = 0;
    for (guint i = 0; i < comparisons->len; i++)
        red += ((const Comparison *)g_ptr_array_index(comparisons, i))->verdict == VERDICT_REGRESSED;
    return red;
}

/* Do the further runs agree with the first: is the total above its limit in all, or the same call site beyond
 * its own? Of growth at a call site one further run is enough: noise may hide a leak in the other one, and
 * hardly ever looks like growth at the same site twice. */
static gboolean runs_agree(const Comparison *self, const GPtrArray *again)
{
    gboolean total = self->now > self->limit;
    for (guint i = 0; i < again->len; i++) {
        const Comparison *other = g_ptr_array_index(again, i);
        total = total && other->verdict == VERDICT_REGRESSED && other->now > other->limit;
    }
    gboolean grows = metric_is_rate(self->metric);
    return total || agree_in_a_site(self, again, grows ? 1 : again->len);
}

/* Makes a red comparison pass, with a note. runs: how many further runs there were; again: their comparisons
 * of this metric. */
static void take_back(InstrumentResult *self, Comparison *comparison, guint runs, const GPtrArray *again)
{
    const Metric *metric = metric_get(comparison->metric);
    g_autoptr(GString) values = g_string_new(again->len == 0 ? "none" : NULL);
    for (guint i = 0; i < again->len; i++) {
        const Comparison *other = g_ptr_array_index(again, i);
        g_autofree char *value = metric_format(comparison->metric, other->now);
        g_string_append_printf(values, "%s%s", i > 0 ? " and " : "", value);
    }
    g_autofree char *now = metric_format(comparison->metric, comparison->now);
    measurement_add_note(self->measurement,
                         "%s %s was red in the first of %u runs, but not in all of them: it differs from run "
                         "to run, so it is no "
                         "regression; the others gave %s",
                         metric->title, now, runs + 1, values->str);
    comparison->verdict = VERDICT_PASS;
    g_clear_pointer(&comparison->sentence, g_free);
    g_ptr_array_set_size(comparison->deltas, 0);
    g_ptr_array_set_size(comparison->owners, 0);
}

/* Adds the further runs' comparisons of a metric to `others`. *missing: set where a run has none, which means
 * that it is not red there. FALSE: a run has a problem. */
static gboolean others_of(const GPtrArray *again, MetricId id, GPtrArray *others, gboolean *missing)
{
    for (guint a = 0; a < again->len; a++) {
        const InstrumentResult *one = g_ptr_array_index(again, a);
        Comparison *other = instrument_result_find(one, id);
        if (one->measurement->problem != NULL)
            return FALSE;
        if (other != NULL)
            g_ptr_array_add(others, other);
        *missing = *missing || other == NULL;
    }
    return TRUE;
}

static void take_back_all(InstrumentResult *self, const GPtrArray *again)
{
    for (guint i = 0; i < self->comparisons->len; i++) {
        Comparison *comparison = g_ptr_array_index(self->comparisons, i);
        g_autoptr(GPtrArray) others = g_ptr_array_new();
        gboolean missing = FALSE;
        if (comparison->verdict != VERDICT_REGRESSED ||
            !others_of(again, comparison->metric, others, &missing))
            continue;
        if (missing || !runs_agree(comparison, others)) {
            take_back(self, comparison, again->len, others);
            continue;
        }
        comparison->agreeing = count_red(others) + 1;
        comparison->runs = again->len + 1;
    }
    instrument_result_judge(self);
}

InstrumentResult *repeat_judge(InstrumentResult *self, GPtrArray *again)
{
    guint notes = self->measurement->notes->len;
    take_back_all(self, again);
    for (guint i = 0; self->verdict != VERDICT_REGRESSED && i < again->len; i++) {
        InstrumentResult *other = g_ptr_array_index(again, i);
        if (other->verdict == VERDICT_REGRESSED || other->verdict == VERDICT_BROKEN)
            continue;
        for (guint n = notes; n < self->measurement->notes->len; n++)
            measurement_add_note(other->measurement, "%s",
                                 (const char *)g_ptr_array_index(self->measurement->notes, n));
        instrument_result_free(self);
        return g_ptr_array_steal_index(again, i);
    }
    return self;
}
