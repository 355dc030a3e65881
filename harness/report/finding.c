#include "finding.h"

#include "explain.h"
#include "model/text.h"
#include "place.h"
#include "report/text/stack.h"

static void finding_free(gpointer data)
{
    Finding *self = data;
    g_free(self->scenario_name);
    g_free(self->instrument_name);
    g_free(self->title);
    g_free(self->sentence);
    g_free(self->numbers);
    g_free(self->advice);
    g_free(self->sees);
    g_free(self->file);
    g_ptr_array_unref(self->places);
    g_ptr_array_unref(self->evidence);
    g_free(self);
}

static char *scenario_name_of(const ScenarioResult *scenario)
{
    if (scenario == NULL)
        return g_strdup("(no scenario)");
    g_autofree char *name = text_shorten(scenario->name, 100);
    return name[0] != '\0' ? g_steal_pointer(&name) : g_strdup("(unnamed)");
}

static char *sentence_of(const Finding *self)
{
    if (self->instrument != NULL)
        return explain_headline(self->instrument);
    if (self->scenario == NULL)
        return g_strdup("no scenario ran: nothing was measured");
    if (self->scenario->instruments->len == 0)
        return g_strdup("no instrument measured the scenario");
    return g_strdup_printf("the scenario is %s, though none of its instruments is",
                           verdict_name(self->verdict));
}

/* Growth is shown before there is a baseline, too: most teams begin with a leak. */
static void find_evidence(Finding *self)
{
    self->evidence = self->instrument != NULL ? explain_comparisons(self->instrument) : g_ptr_array_new();
    if (self->evidence->len > 0 || self->instrument == NULL)
        return;
    const Comparison *growth = instrument_result_find(self->instrument, METRIC_GROWTH);
    if (growth != NULL && !growth->has_base && growth->now > 0)
        self->growing = growth;
}

static void finding_place_free(gpointer data)
{
    FindingPlace *self = data;
    g_free(self->function);
    g_free(self->file);
    g_free(self);
}

static void add_place(Finding *self, MetricId metric, const SiteDelta *delta, Places *places)
{
    FindingPlace *place = g_new0(FindingPlace, 1);
    guint first = stack_first_useful(delta->frames, delta->n_frames);
    const char *function = delta->n_frames > 0 ? delta->frames[first].function : NULL;
    place->function = text_line(function != NULL ? function : "???");
    place->metric = metric;
    place->delta = delta->delta_bytes;
    place->file = places_find(places, delta->frames, delta->n_frames, &place->line);
    g_ptr_array_add(self->places, place);
}

static void add_places(Finding *self, const Comparison *comparison, Places *places)
{
    for (guint i = 0; i < MIN(comparison->deltas->len, FINDING_PLACES); i++)
        add_place(self, comparison->metric, g_ptr_array_index(comparison->deltas, i), places);
}

/* The comparisons that places are looked for in: the evidence or, without any, what grows. */
static const Comparison *comparison_with_places(const Finding *self, guint i)
{
    if (self->evidence->len > 0)
        return i < self->evidence->len ? g_ptr_array_index(self->evidence, i) : NULL;
    return i == 0 ? self->growing : NULL;
}

static void find_places(Finding *self, Places *places)
{
    const Comparison *comparison;
    for (guint i = 0; self->places->len == 0 && (comparison = comparison_with_places(self, i)) != NULL; i++)
        add_places(self, comparison, places);
}

/* The place: the line in the project of the call site with the largest difference, or the scenario's file. */
static void find_place(Finding *self, Places *places)
{
    const Comparison *comparison;
    for (guint i = 0; self->file == NULL && (comparison = comparison_with_places(self, i)) != NULL; i++)
        for (guint d = 0; d < comparison->deltas->len && self->file == NULL; d++) {
            const SiteDelta *delta = g_ptr_array_index(comparison->deltas, d);
            self->file = places_find(places, delta->frames, delta->n_frames, &self->line);
        }
    if (self->file != NULL || self->scenario == NULL)
        return;
    self->file = g_strdup(self->scenario->file);
    self->line = 0;
}

static void add_finding(Findings *findings, const ScenarioResult *scenario,
                        const InstrumentResult *instrument, Verdict verdict, Places *places)
{
    Finding *self = g_new0(Finding, 1);
    self->scenario = scenario;
    self->instrument = instrument;
    self->verdict = verdict;
    self->fails = verdict_exit_status(verdict) != 0;
    self->scenario_name = scenario_name_of(scenario);
    self->instrument_name = instrument != NULL ? text_shorten(instrument->instrument, 40) : g_strdup("");
    self->title = g_strconcat(self->scenario_name, self->instrument_name[0] != '\0' ? ", " : "",
                              self->instrument_name, NULL);
    self->sentence = sentence_of(self);
    find_evidence(self);
    self->numbers = self->evidence->len > 0 ? explain_comparison(g_ptr_array_index(self->evidence, 0))
                                            : g_strdup(self->sentence);
    self->advice = scenario != NULL ? explain_advice(scenario, instrument, verdict) : NULL;
    self->sees = instrument != NULL ? explain_smallest_leak(instrument) : NULL;
    self->places = g_ptr_array_new_with_free_func(finding_place_free);
    if (verdict != VERDICT_PASS) {
        find_place(self, places);
        find_places(self, places);
    }
    g_ptr_array_add(findings->all, self);
}

static void add_scenario(Findings *self, const ScenarioResult *scenario, Places *places)
{
    Verdict worst = VERDICT_PASS;
    for (guint i = 0; i < scenario->instruments->len; i++) {
        const InstrumentResult *instrument = g_ptr_array_index(scenario->instruments, i);
        add_finding(self, scenario, instrument, instrument->verdict, places);
        worst = MAX(worst, instrument->verdict);
    }
    if (scenario->instruments->len == 0)
        add_finding(self, scenario, NULL, MAX(scenario->verdict, VERDICT_BROKEN), places);
    else if (scenario->verdict > worst && verdict_exit_status(scenario->verdict) != 0)
        add_finding(self, scenario, NULL, scenario->verdict, places);
}

/* By how much limits are exceeded, summed over all metrics. */
static double excess_of(const Finding *self)
{
    double sum = 0;
    for (guint i = 0; self->instrument != NULL && i < self->instrument->comparisons->len; i++) {
        const Comparison *comparison = g_ptr_array_index(self->instrument->comparisons, i);
        if (comparison->verdict == VERDICT_REGRESSED)
            sum += MAX(0, (double)comparison->now - (double)comparison->limit);
    }
    return sum;
}

/* GLib's sort is stable: equal findings stay in the result's order. */
static int by_severity(gconstpointer a, gconstpointer b)
{
    const Finding *one = *(const Finding *const *)a, *two = *(const Finding *const *)b;
    if (one->verdict != two->verdict)
        return one->verdict > two->verdict ? -1 : 1;
    double excess = excess_of(one), other = excess_of(two);
    return excess > other ? -1 : excess < other;
}

Verdict finding_scenario_verdict(const ScenarioResult *scenario)
{
    Verdict worst =
        scenario->instruments->len > 0 ? scenario->verdict : MAX(scenario->verdict, VERDICT_BROKEN);
    for (guint i = 0; i < scenario->instruments->len; i++)
        worst = MAX(worst, ((const InstrumentResult *)g_ptr_array_index(scenario->instruments, i))->verdict);
    return worst;
}

static void count_scenarios(Findings *self)
{
    const GPtrArray *scenarios = self->result->scenarios;
    self->verdict = scenarios->len > 0 ? self->result->verdict : MAX(self->result->verdict, VERDICT_BROKEN);
    for (guint s = 0; s < scenarios->len; s++) {
        Verdict verdict = finding_scenario_verdict(g_ptr_array_index(scenarios, s));
        self->counts[verdict]++;
        self->verdict = MAX(self->verdict, verdict);
    }
}

/* The sentence of the whole result. */
static char *sentence_of_all(const Findings *self)
{
    guint all = self->result->scenarios->len, failed = 0;
    if (all == 0)
        return g_strdup("no scenario ran: nothing was measured");
    GString *text = g_string_new(NULL);
    for (int verdict = VERDICT_COUNT - 1; verdict >= 0; verdict--) {
        guint count = self->counts[verdict];
        if (verdict_exit_status((Verdict)verdict) == 0 || count == 0)
            continue;
        if (failed == 0)
            g_string_append_printf(text, "%u of %u scenario%s", count, all, all == 1 ? "" : "s");
        else
            g_string_append_printf(text, ", %u", count);
        g_string_append_printf(text, " %s", verdict_name((Verdict)verdict));
        failed += count;
    }
    if (failed == 0) {
        g_string_append_printf(text, all == 1 ? "%u scenario passes" : "%u scenarios pass", all);
        if (self->counts[VERDICT_IMPROVED] > 0)
            g_string_append_printf(text, ", %u improved", self->counts[VERDICT_IMPROVED]);
    }
    return g_string_free(text, FALSE);
}

Findings *findings_new(const Result *result)
{
    Findings *self = g_new0(Findings, 1);
    g_autoptr(Places) places = places_new(result->root);
    self->result = result;
    self->all = g_ptr_array_new_with_free_func(finding_free);
    for (guint s = 0; s < result->scenarios->len; s++)
        add_scenario(self, g_ptr_array_index(result->scenarios, s), places);
    if (self->all->len == 0)
        add_finding(self, NULL, NULL, VERDICT_BROKEN, places);
    self->ranked = g_ptr_array_new();
    g_ptr_array_extend(self->ranked, self->all, NULL, NULL);
    g_ptr_array_sort(self->ranked, by_severity);
    count_scenarios(self);
    self->sentence = sentence_of_all(self);
    return self;
}

void findings_free(Findings *self)
{
    if (self == NULL)
        return;
    g_ptr_array_unref(self->ranked);
    g_ptr_array_unref(self->all);
    g_free(self->sentence);
    g_free(self);
}
