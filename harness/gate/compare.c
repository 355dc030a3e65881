#include "compare.h"

#include <string.h>

#include "doubtful.h"
#include "limits.h"
#include "model/sum.h"
#include "owners.h"

static char *metric_sentence(MetricId id, const char *format, gint64 now, gint64 other, gint64 limit)
{
    g_autofree char *now_text = metric_format(id, now), *other_text = metric_format(id, other),
                    *limit_text = metric_format(id, limit);
    return g_strdup_printf(format, metric_get(id)->title, now_text, other_text, limit_text);
}

/* Where a figure is above its ceiling and no call site grew, lists the sites that it is made of. */
static void name_what_fills(Comparison *self, const CallSites *sites)
{
    const SiteDelta *first = self->deltas->len > 0 ? g_ptr_array_index(self->deltas, 0) : NULL;
    if (sites == NULL || (first != NULL && first->delta_bytes > 0))
        return;
    guint regressed = 0;
    const Allowance none = {0};
    g_ptr_array_unref(self->deltas);
    self->deltas = compare_call_sites(NULL, sites, &none, NULL, &regressed);
}

/* A ceiling holds whatever the baseline says, and without a baseline. */
static void apply_ceiling(Comparison *self, const CallSites *sites, const Allow *allow)
{
    const MetricAllow *said = allow_find(allow, self->metric);
    if (said == NULL || !said->has_ceiling || self->now <= said->ceiling)
        return;
    self->verdict = VERDICT_REGRESSED;
    self->is_ceiling = TRUE;
    name_what_fills(self, sites);
    self->limit = said->ceiling;
    g_free(self->sentence);
    self->sentence = metric_sentence(self->metric, "%s %s is above the ceiling of %s", self->now, self->limit,
                                     self->limit);
}

/* Judges the total first, and single call sites where the total is within its limit. sites: of the run.
 * flipped: bytes that came from the other metric (flips.h). */
static void judge_figure(Comparison *self, const BaselineFigure *base, const Limits *limits,
                         const CallSites *sites, guint regressed_sites, gint64 flipped)
{
    MetricId id = self->metric;
    gboolean unknown = sites != NULL && !baseline_knows_sites(base);
    gint64 allowed = sum_add(limits_of_whole(id, base, limits), doubtful_known(base, sites));
    self->has_base = TRUE;
    self->base = base->value;
    self->spread = base->spread;
    self->limit = sum_add(base->value, allowed);
    if (self->now - flipped > self->limit) {
        self->verdict = VERDICT_REGRESSED;
        const char *format = unknown ? "%s %s (was %s, allowed %s); the baseline lists no call sites, so "
                                       "which of them grew is not "
                                       "known before the next capture"
                                     : "%s %s, was %s, allowed %s";
        self->sentence = metric_sentence(id, format, self->now, self->base, self->limit);
    } else if (regressed_sites > 0) {
        self->verdict = VERDICT_REGRESSED;
        g_autofree char *total = metric_format(id, self->now);
        self->sentence = g_strdup_printf(
            "%s in all is within its allowance (%s), but %u call site%s new or grown", metric_get(id)->title,
            total, regressed_sites, regressed_sites == 1 ? " is" : "s are");
    } else if (self->now < self->base - allowed) {
        self->verdict = VERDICT_IMPROVED;
        self->sentence = metric_sentence(id, "%s %s, was %s", self->now, self->base, self->limit);
    }
}

static void compare_sites(Comparison *self, const BaselineFigure *base, const CallSites *sites,
                          const Limits *limits, Flips *flips, guint *regressed)
{
    *regressed = 0;
    if (sites == NULL || (base != NULL && !baseline_knows_sites(base)))
        return;
    Allowance allowance = limits_of_site(self->metric, base, limits);
    g_ptr_array_unref(self->deltas);
    self->deltas = compare_call_sites(base, sites, &allowance, flips, regressed);
}

/* The metric was not measured, though the baseline holds it or the scenario has an allowance for it. */
static void call_unmeasured(Comparison *self, const BaselineFigure *base)
{
    self->verdict = VERDICT_BROKEN;
    self->has_base = base != NULL;
    self->base = base != NULL ? base->value : 0;
    self->sentence = g_strdup_printf(
        base != NULL
            ? "the baseline holds %s, but this run did not measure it: does the program still mark "
              "its iterations?"
            : "the scenario's allow names %s, but this run did not measure it: make the program mark "
              "its iterations, or remove the line",
        metric_get(self->metric)->title);
}

/* The baseline is older than the metric (baseline_is_older): the verdict stays pass. */
static void call_older(Comparison *self)
{
    self->sentence =
        g_strdup_printf("the baseline was captured before heapgate measured %s: it is judged from the next "
                        "capture on",
                        metric_get(self->metric)->title);
}

/* base: NULL: the baseline has no such figure, or the metric has a ceiling only. older: as of
 * baseline_is_older. figure: NULL: it was not measured. flips: NULL: no other metric's blocks can be in it.
 */
static Comparison *compare_figure(MetricId id, const BaselineFigure *base, gboolean older,
                                  const Figure *figure, const Limits *limits, Flips *flips)
{
    Comparison *self = comparison_new(id);
    if (figure == NULL) {
        call_unmeasured(self, base);
        return self;
    }
    guint regressed_sites = 0;
    Allowance site = limits_of_site(id, base, limits);
    self->now = figure->value;
    self->limit = self->now;
    compare_sites(self, base, figure->sites, limits, flips, &regressed_sites);
    if (base != NULL)
        judge_figure(self, base, limits, figure->sites, regressed_sites, flips != NULL ? flips->bytes : 0);
    else if (allow_judges(limits->allow, id) && older)
        call_older(self);
    else if (allow_judges(limits->allow, id))
        self->verdict = VERDICT_NEW;
    else
        self->limit = allow_find(limits->allow, id)->ceiling;
    doubtful_judge(self, base, figure, &site);
    apply_ceiling(self, figure->sites, limits->allow);
    return self;
}

/* Keeps the call sites that explain the verdict: those that shrank of an improvement, those that grew of any
 * other, none of a pass. At most 20, and of those beyond their limit at most 1000: repeats compare these. */
static void trim_deltas(Comparison *self)
{
    enum { MOST = 20, MOST_BEYOND = 1000 };
    if (self->verdict == VERDICT_PASS) {
        g_ptr_array_set_size(self->deltas, 0);
        return;
    }
    gboolean gained = self->verdict != VERDICT_IMPROVED;
    if (gained) {
        g_ptr_array_unref(self->owners);
        self->owners = owners_of(self->deltas);
    }
    for (guint i = 0; i < self->deltas->len;) {
        const SiteDelta *delta = g_ptr_array_index(self->deltas, i);
        if ((delta->delta_bytes > 0) == gained)
            i++;
        else
            g_ptr_array_remove_index(self->deltas, i);
    }
    if (!gained && self->deltas->len > MOST)
        g_ptr_array_remove_range(self->deltas, 0, self->deltas->len - MOST);
    for (guint i = self->deltas->len; i-- > 0 && self->deltas->len > MOST;)
        if (!((const SiteDelta *)g_ptr_array_index(self->deltas, i))->is_beyond)
            g_ptr_array_remove_index(self->deltas, i);
    if (self->deltas->len > MOST_BEYOND)
        g_ptr_array_set_size(self->deltas, MOST_BEYOND);
}

/* Is it 0 of memory that the program maps itself, and was 0? */
static gboolean is_no_news(const Figure *figure, const BaselineFigure *base)
{
    return figure != NULL && metric_get(figure->metric)->of_mapped && figure->value == 0 &&
           (base == NULL || base->value == 0);
}

/* Fills in *flips for a metric that blocks flip to; FALSE where none can. */
static gboolean flips_of(const Metric *metric, const BaselineInstrument *base, const Measurement *measurement,
                         Flips *flips)
{
    int from = metric->flips_with != NULL && base != NULL ? metric_find(metric->flips_with) : -1;
    if (from < 0)
        return FALSE;
    *flips = (Flips){baseline_instrument_find(base, (MetricId)from),
                     measurement_find(measurement, (MetricId)from), metric->gathers, 0};
    return flips->base != NULL && flips->now != NULL;
}

static void compare_all(InstrumentResult *result, const BaselineInstrument *base, const Reference *reference)
{
    const Limits limits = limits_new(reference->allow, reference->environment, result->measurement);
    for (const Metric *metric = metrics_all(); metric->name != NULL; metric++) {
        MetricId id = metric->id;
        const MetricAllow *said = allow_find(reference->allow, id);
        const Figure *figure = measurement_find(result->measurement, id);
        gboolean judged = allow_judges(reference->allow, id);
        const BaselineFigure *before = base != NULL && judged ? baseline_instrument_find(base, id) : NULL;
        /* Growth is measured only where the program marks its iterations. That the scenario's instruments
         * measure the other metrics it names was checked before anything ran. */
        gboolean missed = metric_is_rate(id) && said != NULL && said->line > 0;
        if ((!judged && (said == NULL || !said->has_ceiling)) ||
            (before == NULL && figure == NULL && !missed) || is_no_news(figure, before))
            continue;
        gboolean older = base != NULL && baseline_is_older(base, id);
        Flips flips;
        Comparison *comparison =
            compare_figure(id, before, older, figure, &limits,
                           flips_of(metric, base, result->measurement, &flips) ? &flips : NULL);
        trim_deltas(comparison);
        instrument_result_add(result, comparison);
    }
}

/* Why base and measurement cannot be compared, (transfer full), or NULL where they can. */
static char *difference_from(const BaselineInstrument *base, const Reference *reference,
                             const Measurement *measurement)
{
    char *difference = environment_difference(reference->baseline->environment, reference->environment);
    if (difference == NULL && g_strcmp0(base->tool, measurement->tool) != 0)
        difference = g_strdup_printf("%s there, %s here", base->tool != NULL ? base->tool : "unknown",
                                     measurement->tool != NULL ? measurement->tool : "unknown");
    return difference;
}

/* Makes a regression incomparable where the number of processors differs and all that is red depends on it
 * (Metric.by_processors). Growth does not. */
static void excuse_processors(InstrumentResult *result, const Reference *reference)
{
    gint64 there = reference->baseline->environment->processors, here = reference->environment->processors;
    if (result->verdict != VERDICT_REGRESSED || there == 0 || here == 0 || there == here)
        return;
    for (guint i = 0; i < result->comparisons->len; i++) {
        const Comparison *comparison = g_ptr_array_index(result->comparisons, i);
        if (comparison->verdict == VERDICT_REGRESSED &&
            (comparison->is_ceiling || !metric_get(comparison->metric)->by_processors))
            return;
    }
    for (guint i = 0; i < result->comparisons->len; i++) {
        Comparison *comparison = g_ptr_array_index(result->comparisons, i);
        if (comparison->verdict == VERDICT_REGRESSED)
            comparison->verdict = VERDICT_INCOMPARABLE;
    }
    result->verdict = VERDICT_INCOMPARABLE;
    g_free(result->sentence);
    result->sentence = g_strdup_printf(
        "more is held than in the baseline, but that was captured with %" G_GINT64_FORMAT
        " processors, and here are %" G_GINT64_FORMAT
        ": pools and arenas depend on their number. Fix it in the scenario (cpus: %" G_GINT64_FORMAT
        ") and capture again",
        there, here, MIN(there, here));
}

InstrumentResult *compare(const Reference *reference, Measurement *measurement)
{
    InstrumentResult *result = instrument_result_new(measurement);
    if (measurement->problem != NULL) {
        result->verdict = VERDICT_BROKEN;
        result->sentence = g_strdup(measurement->problem);
        return result;
    }
    const BaselineInstrument *base =
        reference->baseline != NULL ? baseline_find(reference->baseline, measurement->instrument) : NULL;
    g_autofree char *difference = base != NULL ? difference_from(base, reference, measurement) : NULL;
    if (difference != NULL) {
        result->verdict = VERDICT_INCOMPARABLE;
        result->sentence = g_strdup_printf("the baseline is of another environment: %s", difference);
        base = NULL;
    } else if (base == NULL && reference->elsewhere != NULL) {
        result->verdict = VERDICT_INCOMPARABLE;
        result->sentence = g_strdup_printf("no baseline for %s (there is one for %s)",
                                           reference->environment->platform, reference->elsewhere);
    } else if (base == NULL) {
        result->sentence = reference->baseline != NULL
                               ? g_strdup_printf("the baseline holds nothing of %s", measurement->instrument)
                               : g_strdup("no baseline");
    }
    /* The bound of a program that differs from run to run is the largest over all captured runs. */
    Figure *growth = measurement_find(measurement, METRIC_GROWTH);
    if (base != NULL && growth != NULL && growth->bound > 0)
        growth->bound = MAX(growth->bound, base->bound);
    compare_all(result, base, reference);
    if (base != NULL)
        excuse_processors(result, reference);
    if (result->comparisons->len == 0) {
        result->verdict = VERDICT_BROKEN;
        g_free(result->sentence);
        result->sentence = g_strdup_printf("%s measured nothing", measurement->instrument);
    }
    return result;
}
