#include "explain.h"

#include <string.h>

#include "model/units.h"
#include "model/sum.h"
#include "model/text.h"

static int by_rank_of_metric(gconstpointer a, gconstpointer b)
{
    const Comparison *one = *(const Comparison *const *)a, *two = *(const Comparison *const *)b;
    return (int)metric_get(one->metric)->rank - (int)metric_get(two->metric)->rank;
}

GPtrArray *explain_comparisons(const InstrumentResult *instrument)
{
    GPtrArray *chosen = g_ptr_array_new();
    if (instrument->verdict != VERDICT_REGRESSED && instrument->verdict != VERDICT_IMPROVED)
        return chosen;
    for (guint i = 0; i < instrument->comparisons->len; i++) {
        Comparison *comparison = g_ptr_array_index(instrument->comparisons, i);
        if (comparison->verdict == instrument->verdict)
            g_ptr_array_add(chosen, comparison);
    }
    g_ptr_array_sort(chosen, by_rank_of_metric);
    return chosen;
}

/* The comparison that the headline is about, or NULL. */
static const Comparison *leading_comparison(const InstrumentResult *instrument)
{
    g_autoptr(GPtrArray) chosen = explain_comparisons(instrument);
    return chosen->len > 0 ? g_ptr_array_index(chosen, 0) : NULL;
}

const char *explain_whole(const InstrumentResult *instrument)
{
    if (instrument->sentence != NULL)
        return instrument->sentence;
    if (instrument->verdict == VERDICT_BROKEN && instrument->measurement->problem != NULL)
        return instrument->measurement->problem;
    for (guint i = 0; i < instrument->comparisons->len; i++) {
        const Comparison *comparison = g_ptr_array_index(instrument->comparisons, i);
        if (comparison->verdict == instrument->verdict && comparison->sentence != NULL)
            return comparison->sentence;
    }
    return NULL;
}

/* The sentence of a verdict that has none. */
static const char *const unexplained[VERDICT_COUNT] = {
    [VERDICT_PASS] = "pass",
    [VERDICT_IMPROVED] = "below its baseline",
    [VERDICT_NEW] = "there is no baseline to compare with",
    [VERDICT_INCOMPARABLE] = "the baseline is of another environment",
    [VERDICT_BROKEN] = "nothing was measured",
    [VERDICT_REGRESSED] = "above its allowance",
};

char *explain_headline(const InstrumentResult *instrument)
{
    const Comparison *comparison = leading_comparison(instrument);
    if (comparison != NULL && !explain_says_only_numbers(comparison))
        return text_shorten(comparison->sentence, EXPLAIN_COLUMNS);
    if (comparison != NULL)
        return explain_change(comparison);
    const char *sentence = explain_whole(instrument);
    return text_shorten(sentence != NULL ? sentence : unexplained[instrument->verdict], EXPLAIN_COLUMNS);
}

/* The bound in words; (transfer full). A leak in every iteration is reported if it is seen at its call site
 * and exceeds the growth allowance. At a call site that the baseline does not have, a rarer leak is, too. */
static char *describe_bound(const InstrumentResult *instrument, const Figure *measured)
{
    const Comparison *growth = instrument_result_find(instrument, METRIC_GROWTH);
    gint64 bound = measured->bound;
    if (growth != NULL && growth->has_base && growth->limit >= growth->now)
        bound = sum_add(bound, growth->limit - growth->now);
    g_autofree char *bytes = metric_format(METRIC_GROWTH, bound);
    guint every = measured->doubtful != NULL ? growth_rarest(instrument->measurement->iterations) : 0;
    if (every < 2 || growth == NULL || !growth->has_base)
        return g_steal_pointer(&bytes);
    return g_strdup_printf("%s, at new call sites if they come in one of %u", bytes, every);
}

char *explain_smallest_leak(const InstrumentResult *instrument)
{
    static const MetricId totals[] = {METRIC_LOST, METRIC_RETAINED};
    if (instrument->verdict == VERDICT_BROKEN)
        return NULL;
    const Figure *growth = measurement_find(instrument->measurement, METRIC_GROWTH);
    if (growth != NULL && growth->bound > 0)
        return describe_bound(instrument, growth);
    for (gsize i = 0; i < G_N_ELEMENTS(totals); i++) {
        const Comparison *comparison = instrument_result_find(instrument, totals[i]);
        if (comparison == NULL || !comparison->has_base)
            continue;
        g_autofree char *bytes = units_format_bytes(MAX(1, comparison->limit - comparison->now + 1));
        return g_strdup_printf("%s %s", bytes, metric_get(totals[i])->title);
    }
    return NULL;
}

/* Formats for the scenario's name. */
static const char *const advice[VERDICT_COUNT] = {
    [VERDICT_IMPROVED] = "keep it:  heapgate update --ratchet %s",
    [VERDICT_NEW] = "capture a baseline:  heapgate update %s --reason \"first capture\"",
    [VERDICT_INCOMPARABLE] = "run where the baseline was captured, or capture one for this environment:  "
                             "heapgate update %s --reason "
                             "\"...\"",
    [VERDICT_BROKEN] =
        "a run that cannot be measured never passes; its files are in the reports folder:  raw/%s.*",
    [VERDICT_REGRESSED] = "intended?  heapgate update %s --reason \"...\"",
};

/* Memory errors are not offered for capture, since no reason makes them intended; (transfer none), or NULL
 * where there are none. */
static const char *advice_on_errors(const InstrumentResult *instrument, Verdict verdict)
{
    const Comparison *errors = instrument != NULL ? instrument_result_find(instrument, METRIC_ERRORS) : NULL;
    if (errors == NULL || errors->now == 0)
        return NULL;
    if (verdict == VERDICT_REGRESSED && errors->verdict == VERDICT_REGRESSED)
        return "a memory error is never intended: fix it";
    return verdict == VERDICT_NEW ? "fix the memory errors, then capture a baseline" : NULL;
}

char *explain_advice(const ScenarioResult *scenario, const InstrumentResult *instrument, Verdict verdict)
{
    const char *on_errors = advice_on_errors(instrument, verdict);
    if (on_errors != NULL)
        return g_strdup(on_errors);
    if (advice[verdict] == NULL)
        return NULL;
    g_autofree char *name = text_argument(scenario->name), *line = text_line(name);
    return g_strdup_printf(advice[verdict], line);
}
