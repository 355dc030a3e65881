#include "compare.h"
#include "owners.h"

#include <string.h>

/* A baseline is data from a pull request: its figures may be larger than any machine's memory. */
static gint64 saturating_sum(gint64 base, gint64 allowed)
{
    return base > G_MAXINT64 - allowed ? G_MAXINT64 : base + allowed;
}

/* What the whole may add. */
static gint64 allowed_of(MetricId id, const BaselineMetric *base, const Allow *allow)
{
    return MAX(allowance_of(&allow->metrics[id], base->value), baseline_slack(base));
}

/* Of growth that was accepted a site may move by so many times the share of the whole. */
enum { GROWTH_SITE = 4 };

/* What one site may add: exact metrics have no slack of their own, the others that of allow.call_site. Of
 * work that passes through, a site may take over as much as may be added in all. */
static Allowance site_allowance(MetricId id, const BaselineMetric *base, const Allow *allow)
{
    if (metric_get(id)->passes_through && base != NULL)
        return (Allowance){.floor = allowed_of(id, base, allow)};
    if (id == METRIC_PEAK || id == METRIC_RETAINED)
        return allow->call_site;
    Allowance allowance = allow->metrics[id];
    /* What one site of accepted growth loses another gains. */
    if (metric_get(id)->unit == METRIC_UNIT_BYTES_PER_ITERATION)
        allowance.percent *= GROWTH_SITE;
    return allowance;
}

/* Where the baseline does not say which call sites there were, none can be told to be new. */
static gboolean knows_sites(const BaselineMetric *base)
{
    return base->sites != NULL || base->value == 0;
}

/* An interpreter keeps the names of all files in the folders it imports from, the environment, and what it
 * compiled where no compiled file was there: what is retained is never the same to the byte in two checkouts,
 * and neither is growth that was accepted. Growth where there was none stays growth. An allowance that is
 * stated counts instead. */
static void allow_interpreter(Allow *allow, const Environment *environment)
{
    enum { FLOOR = 64 * 1024, GROWTH_PERCENT = 25 };
    Allowance *retained = &allow->metrics[METRIC_RETAINED], *growth = &allow->metrics[METRIC_GROWTH];
    if (environment->python != NULL && !allow->is_stated[METRIC_RETAINED])
        retained->floor = MAX(retained->floor, FLOOR);
    if (environment->python != NULL && !allow->is_stated[METRIC_GROWTH])
        growth->percent = MAX(growth->percent, GROWTH_PERCENT);
}

/* Of the sites that are not listed for reading, those that are new or larger. */
static guint count_others(const BaselineMetric *old, const BaselineMetric *fresh, gint64 allowed)
{
    if (old->others == NULL || fresh->others == NULL)
        return 0;
    g_autoptr(SiteSizes) before = site_sizes_new();
    for (guint i = 0; old->sites != NULL && i < call_sites_count(old->sites); i++) {
        const CallSite *site = call_sites_get(old->sites, i);
        gint64 slack = 0;
        site_sizes_find(old->slack, site->key, &slack);
        site_sizes_add(before, site_sizes_hash(site->key), saturating_sum(site->bytes, slack));
    }
    site_sizes_add_all(before, old->others);
    return site_sizes_larger(fresh->others, before, allowed);
}

guint compare_captured_doubtful(const BaselineMetric *old, const BaselineMetric *fresh)
{
    if (old->doubtful == NULL || fresh->doubtful == NULL)
        return 0;
    g_autoptr(SiteSizes) known = site_sizes_new();
    for (guint i = 0; old->sites != NULL && i < call_sites_count(old->sites); i++)
        site_sizes_add(known, site_sizes_hash(call_sites_get(old->sites, i)->key), G_MAXINT64 / 4);
    site_sizes_add_all(known, old->doubtful);
    return site_sizes_missing(fresh->doubtful, known);
}

guint compare_captured(MetricId metric, const BaselineMetric *old, const BaselineMetric *fresh,
                       const Allow *given, const Environment *environment, GPtrArray **deltas)
{
    guint regressed = 0;
    Allow lenient = *given, *allow = &lenient;
    allow_interpreter(allow, environment);
    Allowance allowance = site_allowance(metric, old, allow);
    *deltas = compare_call_sites(old, fresh->sites, &allowance, &regressed);
    if (metric_get(metric)->passes_through && !(allow->is_judged[metric] && knows_sites(old)))
        return 0;
    /* Sites below the new cut-off are not listed, and one of them may be too large for the old one. */
    gint64 allowed = old->cutoff_bytes + allowance_of(&allowance, 0);
    return regressed + count_others(old, fresh, allowed) + (fresh->cutoff_bytes > allowed);
}

static char *describe(MetricId id, const char *format, gint64 now, gint64 other, gint64 limit)
{
    g_autofree char *now_text = metric_format(id, now), *other_text = metric_format(id, other),
                    *limit_text = metric_format(id, limit);
    return g_strdup_printf(format, metric_get(id)->title, now_text, other_text, limit_text);
}

/* What is above a ceiling though nothing was added is named by what it is made of. */
static void name_what_fills(Comparison *self, const CallSites *sites)
{
    const SiteDelta *first = self->deltas->len > 0 ? g_ptr_array_index(self->deltas, 0) : NULL;
    if (sites == NULL || (first != NULL && first->delta_bytes > 0))
        return;
    guint regressed = 0;
    const Allowance none = {0};
    g_ptr_array_unref(self->deltas);
    self->deltas = compare_call_sites(NULL, sites, &none, &regressed);
}

/* A ceiling holds whatever the baseline says, and without one. */
static void apply_ceiling(Comparison *self, const CallSites *sites, const Allow *allow)
{
    MetricId id = self->metric;
    if (!allow->has_ceiling[id] || self->now <= allow->ceiling[id])
        return;
    self->verdict = VERDICT_REGRESSED;
    self->is_ceiling = TRUE;
    name_what_fills(self, sites);
    self->limit = allow->ceiling[id];
    g_free(self->sentence);
    self->sentence = describe(id, "%s %s is above the ceiling of %s", self->now, self->limit, self->limit);
}

/* What grows for certain now, and was doubtful when the baseline was captured, is no news: so much of the
 * total. Half as much again is as doubtful. */
static gint64 known_doubtful(MetricId id, const BaselineMetric *base, const CallSites *sites)
{
    gint64 known = 0, size = 0;
    if (id != METRIC_GROWTH || base == NULL || base->doubtful == NULL || sites == NULL)
        return 0;
    for (guint i = 0; i < call_sites_count(sites); i++) {
        g_auto(CallSite) site = call_sites_copy(sites, i);
        if (site_sizes_find(base->doubtful, site.key, &size))
            known = saturating_sum(known, CLAMP(site.bytes, 0, size + size / 2 + 1));
    }
    return known;
}

/* Totals first; then single sites where the totals are flat. sites: of the run. */
static void judge(Comparison *self, const BaselineMetric *base, const Allow *allow, const CallSites *sites,
                  guint regressed_sites)
{
    MetricId id = self->metric;
    gboolean unknown = sites != NULL && !knows_sites(base);
    gint64 allowed = saturating_sum(allowed_of(id, base, allow), known_doubtful(id, base, sites));
    self->has_base = TRUE;
    self->base = base->value;
    self->spread = base->spread;
    self->limit = saturating_sum(base->value, allowed);
    if (self->now > self->limit) {
        self->verdict = VERDICT_REGRESSED;
        const char *format =
            unknown
                ? "%s %s (was %s, allowed %s); by which call sites is not known before the next capture, for "
                  "the baseline lists none"
                : "%s %s, was %s, allowed %s";
        self->sentence = describe(id, format, self->now, self->base, self->limit);
    } else if (regressed_sites > 0) {
        self->verdict = VERDICT_REGRESSED;
        g_autofree char *total = metric_format(id, self->now);
        self->sentence = g_strdup_printf(
            "%s in all is within its allowance (%s), but %u call site%s new or grown", metric_get(id)->title,
            total, regressed_sites, regressed_sites == 1 ? " is" : "s are");
    } else if (self->now < self->base - allowed) {
        self->verdict = VERDICT_IMPROVED;
        self->sentence = describe(id, "%s %s, was %s", self->now, self->base, self->limit);
    }
}

static void compare_sites(Comparison *self, const BaselineMetric *base, const CallSites *sites,
                          const Allow *allow, guint *regressed)
{
    *regressed = 0;
    if (sites == NULL || (base != NULL && !knows_sites(base)))
        return;
    Allowance allowance = site_allowance(self->metric, base, allow);
    g_ptr_array_unref(self->deltas);
    self->deltas = compare_call_sites(base, sites, &allowance, regressed);
}

/* Growth that the evidence alone does not make certain: at a call site that was not doubtful when the
 * baseline was captured it is. Adds those sites' deltas and returns their number. */
static guint compare_doubtful(Comparison *self, const BaselineMetric *base, const CallSites *doubtful,
                              const Allow *allow)
{
    Allowance allowance = site_allowance(self->metric, base, allow);
    guint called = 0;
    if (self->metric != METRIC_GROWTH || doubtful == NULL || base == NULL || base->doubtful == NULL)
        return 0;
    for (guint i = 0; i < call_sites_count(doubtful); i++) {
        g_auto(CallSite) site = call_sites_copy(doubtful, i);
        gboolean listed = base->sites != NULL && call_sites_find(base->sites, site.key) != NULL;
        if (listed || site.bytes <= allowance_of(&allowance, 0) ||
            site_sizes_find(base->doubtful, site.key, NULL) || site_sizes_find(base->others, site.key, NULL))
            continue;
        SiteDelta *delta = site_delta_new(site.key, site.frames, site.n_frames, 0, site.bytes, 0);
        delta->is_beyond = TRUE;
        g_ptr_array_add(self->deltas, delta);
        called++;
    }
    return called;
}

/* They are told as growth, whatever the rest comes to. */
static void judge_doubtful(Comparison *self, guint called)
{
    if (called == 0 || self->verdict == VERDICT_REGRESSED)
        return;
    self->verdict = VERDICT_REGRESSED;
    g_free(self->sentence);
    self->sentence = g_strdup_printf("growth at %u call site%s that did not grow when the baseline was "
                                     "captured: in some iterations only, but "
                                     "again and again",
                                     called, called == 1 ? "" : "s");
}

/* Not measured, though the baseline holds it or the scenario counts on it. */
static void call_unmeasured(Comparison *self, const BaselineMetric *base)
{
    self->verdict = VERDICT_BROKEN;
    self->has_base = base != NULL;
    self->base = base != NULL ? base->value : 0;
    self->sentence = g_strdup_printf(
        base != NULL
            ? "the baseline holds %s, but this run did not measure it: does the program still mark "
              "its iterations?"
            : "the scenario's allow names %s, but this run did not measure it: the program must mark "
              "its iterations, or the line must go",
        metric_get(self->metric)->title);
}

/* The baseline is older than heapgate's knowledge of the metric: that is no fault of the program. */
static void call_unknown_then(Comparison *self)
{
    self->sentence =
        g_strdup_printf("the baseline was captured before heapgate measured %s: it is judged from the next "
                        "capture on",
                        metric_get(self->metric)->title);
}

/* base: NULL too where the metric is compared for its ceiling alone. older: as baseline_is_older. */
static Comparison *compare_metric(MetricId id, const BaselineMetric *base, gboolean older,
                                  const Measurement *measurement, const Allow *allow)
{
    Comparison *self = comparison_new(id);
    guint regressed_sites = 0, doubtful = 0;
    self->now = measurement->values[id];
    self->limit = self->now;
    compare_sites(self, base, measurement->sites[id], allow, &regressed_sites);
    doubtful = compare_doubtful(self, base, measurement->doubtful, allow);
    if (!measurement->has[id])
        call_unmeasured(self, base);
    else if (base != NULL)
        judge(self, base, allow, measurement->sites[id], regressed_sites);
    else if (allow->is_judged[id] && older)
        call_unknown_then(self);
    else if (allow->is_judged[id])
        self->verdict = VERDICT_NEW;
    else
        self->limit = allow->ceiling[id];
    judge_doubtful(self, doubtful);
    apply_ceiling(self, measurement->sites[id], allow);
    return self;
}

/* Keeps what explains a verdict: growth for a regression, what went away for an improvement, little for the
 * rest. */
static void trim_deltas(Comparison *self)
{
    enum { MOST = 20, MOST_BEYOND = 1000 }; /* those beyond decide when it is measured again */
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

/* What chance adds to sampled figures is no regression. Growth is by iteration, and so is its chance. */
static Allow allow_chance(const Reference *reference, const Measurement *measurement)
{
    Allow allow = *reference->allow;
    allow_interpreter(&allow, reference->environment);
    gint64 sample = measurement->sample_bytes, iterations = MAX((gint64)measurement->iterations, 1);
    for (int id = 0; id < METRIC_COUNT && sample > 0; id++)
        if (!metric_get(id)->of_mapped)
            allow.metrics[id].sample_bytes = id == METRIC_GROWTH ? sample / iterations + 1 : sample;
    allow.call_site.sample_bytes = sample;
    return allow;
}

/* It maps nothing itself, and did not. */
static gboolean is_no_news(MetricId id, const BaselineMetric *base, const Measurement *measurement)
{
    return metric_get(id)->of_mapped && measurement->has[id] && measurement->values[id] == 0 &&
           (base == NULL || base->value == 0);
}

static void compare_all(InstrumentResult *result, const BaselineInstrument *base, const Reference *reference)
{
    const Measurement *measurement = result->measurement;
    const Allow chance = allow_chance(reference, measurement), *allow = &chance;
    for (int id = 0; id < METRIC_COUNT; id++) {
        const BaselineMetric *metric =
            base != NULL && base->metrics[id].has && allow->is_judged[id] ? &base->metrics[id] : NULL;
        gboolean wanted = allow->is_judged[id] || allow->has_ceiling[id];
        /* Every instrument measures growth, but only where a program marks its iterations; whether one of a
         * scenario's instruments measures the others is looked at before anything runs. */
        gboolean missed =
            metric_get(id)->unit == METRIC_UNIT_BYTES_PER_ITERATION && allow->named[id].line > 0;
        if (!wanted || (metric == NULL && !measurement->has[id] && !missed) ||
            is_no_news(id, metric, measurement))
            continue;
        gboolean older = base != NULL && baseline_is_older(base, id);
        Comparison *comparison = compare_metric(id, metric, older, measurement, allow);
        trim_deltas(comparison);
        instrument_result_add(result, comparison);
    }
}

/* Why base and the measurement cannot be compared, or NULL; (transfer full). What one instrument was measured
 * with concerns that one alone. */
static char *difference_from(const BaselineInstrument *base, const Reference *reference,
                             const Measurement *measurement)
{
    char *difference = environment_difference(reference->baseline->environment, reference->environment);
    if (difference == NULL && g_strcmp0(base->tool, measurement->tool) != 0)
        difference = g_strdup_printf("%s there, %s here", base->tool != NULL ? base->tool : "unknown",
                                     measurement->tool != NULL ? measurement->tool : "unknown");
    return difference;
}

/* Pools, arenas and threads are made by the number of processors: what is held where that differs says
 * nothing. Growth does, whatever it is divided by. */
static void excuse_processors(InstrumentResult *result, const Reference *reference)
{
    gint64 there = reference->baseline->environment->processors, here = reference->environment->processors;
    if (result->verdict != VERDICT_REGRESSED || there == 0 || here == 0 || there == here)
        return;
    for (guint i = 0; i < result->comparisons->len; i++) {
        const Comparison *comparison = g_ptr_array_index(result->comparisons, i);
        MetricUnit unit = metric_get(comparison->metric)->unit;
        if (comparison->verdict == VERDICT_REGRESSED &&
            (comparison->is_ceiling || unit == METRIC_UNIT_BYTES_PER_ITERATION ||
             comparison->metric == METRIC_LOST || comparison->metric == METRIC_ERRORS))
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
        "more is held than the baseline has, which was captured with %" G_GINT64_FORMAT
        " processors; here are %" G_GINT64_FORMAT
        ", and pools are made by their number: pin them in the scenario (cpus: %" G_GINT64_FORMAT
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
    /* Of a program that differs from run to run no single run says what can be seen. */
    if (base != NULL && result->measurement->smallest_growth > 0)
        result->measurement->smallest_growth = MAX(result->measurement->smallest_growth, base->bound);
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
