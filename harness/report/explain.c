#include "explain.h"

#include <string.h>

#include "model/units.h"
#include "outcome.h"
#include "report/text/stack.h"
#include "model/text.h"

/* FOOTER: lines kept for what comes after the call sites; AFTER: for each comparison after the present one;
 * STACK_LINES: the most one call site takes. */
enum { FOOTER = 3, AFTER = 3, STACK_LINES = STACK_FRAMES, SENTENCE_COLUMNS = 300 };

static int by_telling(gconstpointer a, gconstpointer b)
{
    const Comparison *one = *(const Comparison *const *)a, *two = *(const Comparison *const *)b;
    return (int)metric_get(one->metric)->telling - (int)metric_get(two->metric)->telling;
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
    g_ptr_array_sort(chosen, by_telling);
    return chosen;
}

/* The comparison the headline is taken from, or NULL. */
static const Comparison *leading(const InstrumentResult *instrument)
{
    g_autoptr(GPtrArray) chosen = explain_comparisons(instrument);
    return chosen->len > 0 ? g_ptr_array_index(chosen, 0) : NULL;
}

static const char *whole_sentence(const InstrumentResult *instrument)
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

/* For a verdict that came without a sentence. */
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
    const Comparison *comparison = leading(instrument);
    if (comparison != NULL && !explain_says_only_numbers(comparison))
        return text_shorten(comparison->sentence, SENTENCE_COLUMNS);
    if (comparison != NULL)
        return explain_change(comparison);
    const char *sentence = whole_sentence(instrument);
    return text_shorten(sentence != NULL ? sentence : unexplained[instrument->verdict], SENTENCE_COLUMNS);
}

/* What a leak in every iteration must have, at whatever call site: to be seen there, and to exceed what
 * growth is allowed. At a call site that is new, a rarer one is seen, too. */
static char *describe_bound(const InstrumentResult *instrument, const Figure *measured)
{
    const Comparison *growth = instrument_result_find(instrument, METRIC_GROWTH);
    gint64 bound = measured->bound;
    if (growth != NULL && growth->has_base && growth->limit >= growth->now)
        bound = MAX(bound, MIN(growth->limit, G_MAXINT64 - 1) - growth->now + 1);
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

/* Each with the scenario's name for %s. */
static const char *const advice[VERDICT_COUNT] = {
    [VERDICT_IMPROVED] = "keep it:  heapgate update --ratchet %s",
    [VERDICT_NEW] = "capture a baseline:  heapgate update %s --reason \"first capture\"",
    [VERDICT_INCOMPARABLE] = "run it where the baseline was captured, or capture one for this environment:  "
                             "heapgate update %s --reason "
                             "\"...\"",
    [VERDICT_BROKEN] =
        "a run that cannot be measured never passes; what it wrote is kept in the reports folder:  raw/%s.*",
    [VERDICT_REGRESSED] = "intended?  heapgate update %s --reason \"...\"",
};

/* A read after free is not intended, whoever gives a reason for it. */
static const char *advice_on_errors(const InstrumentResult *instrument, Verdict verdict)
{
    const Comparison *errors = instrument != NULL ? instrument_result_find(instrument, METRIC_ERRORS) : NULL;
    if (errors == NULL || errors->now == 0)
        return NULL;
    if (verdict == VERDICT_REGRESSED && errors->verdict == VERDICT_REGRESSED)
        return "a memory error is never intended: mend it";
    return verdict == VERDICT_NEW ? "mend the memory errors, and then capture a baseline" : NULL;
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

static void add_line(Columns *columns, const char *indent, const char *text)
{
    g_autofree char *line = g_strconcat(indent, text, NULL);
    columns_add_line(columns, line);
}

static char *describe_note(const Comparison *comparison, const SiteDelta *delta)
{
    g_autofree char *base = explain_value(comparison->metric, delta->base_bytes);
    GString *note = g_string_new(NULL);
    if (delta->base_bytes > 0)
        g_string_append_printf(note, "was %s", base);
    else if (comparison->has_base && comparison->base > 0 && !comparison->is_ceiling)
        g_string_append(note, "new here");
    g_autofree char *blocks = units_format_count(delta->delta_blocks, TRUE);
    if (delta->delta_blocks != 0 && metric_get(comparison->metric)->unit != METRIC_UNIT_COUNT)
        g_string_append_printf(note, "%s%s block%s", note->len > 0 ? ", " : "", blocks,
                               ABS(delta->delta_blocks) == 1 ? "" : "s");
    return g_string_free(note, note->len == 0);
}

/* The deltas that go the verdict's way, largest first; (transfer container). */
static GPtrArray *relevant(const Comparison *comparison)
{
    GPtrArray *chosen = g_ptr_array_new();
    gboolean shrunk = comparison->verdict == VERDICT_IMPROVED;
    guint n = comparison->deltas->len;
    for (guint i = 0; i < n; i++) {
        SiteDelta *delta = g_ptr_array_index(comparison->deltas, shrunk ? n - 1 - i : i);
        if (shrunk ? delta->delta_bytes < 0 : delta->delta_bytes > 0)
            g_ptr_array_add(chosen, delta);
    }
    return chosen;
}

static void add_rest(Columns *columns, MetricId metric, const GPtrArray *deltas, guint from)
{
    double sum = 0;
    for (guint i = from; i < deltas->len; i++)
        sum += (double)((const SiteDelta *)g_ptr_array_index(deltas, i))->delta_bytes;
    g_autofree char *amount = metric_format_signed(metric, (gint64)CLAMP(sum, -9e18, 9e18));
    guint rest = deltas->len - from;
    g_autofree char *text =
        g_strdup_printf("... %u %scall site%s", rest, from > 0 ? "more " : "", rest == 1 ? "" : "s");
    columns_begin(columns);
    columns_add(columns, amount, NULL);
    columns_add(columns, text, NULL);
}

/* Lines of the program's own that many call sites have in common: their sums, before the call sites. */
static void add_owners(Columns *columns, const Comparison *comparison, guint end)
{
    enum { LEFT = 4 };
    for (guint i = 0; i < comparison->owners->len && columns_lines(columns) + LEFT < end; i++) {
        const SiteDelta *owner = g_ptr_array_index(comparison->owners, i);
        g_autofree char *amount = metric_format_signed(comparison->metric, owner->delta_bytes);
        g_autofree char *count = units_format_count(owner->delta_blocks, FALSE);
        g_autofree char *remark = g_strdup_printf("(sum of %s call sites)", count);
        stack_add_short(columns, amount, remark, owner->key, owner->frames, owner->n_frames);
    }
}

/* The call sites of one comparison, in no more rows than there is room for. shown: the keys whose stacks
 * stand further up already. */
static void add_deltas(Columns *columns, const Comparison *comparison, GHashTable *shown, guint room)
{
    g_autoptr(GPtrArray) deltas = relevant(comparison);
    guint end = columns_lines(columns) + room;
    add_owners(columns, comparison, end);
    for (guint i = 0; i < deltas->len; i++) {
        const SiteDelta *delta = g_ptr_array_index(deltas, i);
        const char *key = delta->key != NULL ? delta->key : "(unknown)";
        gboolean again = g_hash_table_contains(shown, key), last = i + 1 == deltas->len;
        guint needed = (again ? 1 : CLAMP(delta->n_frames, 2, STACK_LINES)) + (last ? 0 : 1);
        if (columns_lines(columns) + needed > end) {
            add_rest(columns, comparison->metric, deltas, i);
            return;
        }
        g_autofree char *amount = metric_format_signed(comparison->metric, delta->delta_bytes);
        g_autofree char *note = describe_note(comparison, delta);
        if (again)
            stack_add_short(columns, amount, "(as above)", key, delta->frames, delta->n_frames);
        else
            stack_add(columns, amount, note, key, delta->frames, delta->n_frames);
        g_hash_table_add(shown, (char *)key);
    }
}

static void add_comparison(Columns *columns, const Comparison *comparison, gboolean first, GHashTable *shown,
                           guint end)
{
    g_autofree char *numbers = explain_comparison(comparison);
    g_autofree char *spread = explain_value(comparison->metric, comparison->spread);
    g_autofree char *line = comparison->spread > 0
                                ? g_strdup_printf("  %s; captured runs differ by %s", numbers, spread)
                                : g_strdup_printf("  %s", numbers);
    columns_add_line(columns, line);
    guint room = end > columns_lines(columns) ? end - columns_lines(columns) : 1;
    if (!first && room > 1 && !explain_says_only_numbers(comparison)) {
        g_autofree char *sentence = text_shorten(comparison->sentence, SENTENCE_COLUMNS);
        add_line(columns, "    ", sentence);
        room--;
    }
    add_deltas(columns, comparison, shown, room);
}

/* What was measured where nothing could be compared. */
static void add_measured(Columns *columns, const Measurement *measurement)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < measurement->figures->len; i++) {
        const Figure *figure = g_ptr_array_index(measurement->figures, i);
        const Metric *metric = metric_get(figure->metric);
        if (metric->passes_through || (metric->of_mapped && figure->value == 0))
            continue;
        g_autofree char *value = metric_format(metric->id, figure->value);
        g_string_append_printf(text, "%s%s %s", text->len > 0 ? ", " : "", metric->title, value);
    }
    if (text->len > 0)
        add_line(columns, "  measured: ", text->str);
}

static void add_environment(Columns *columns, const Environment *environment, const char *tool)
{
    if (environment == NULL)
        return;
    const char *parts[] = {environment->platform, environment->libc, environment->python, tool};
    const char *const before[] = {"", ", ", ", ", ", "};
    g_autoptr(GString) text = g_string_new("this environment: ");
    for (gsize i = 0; i < G_N_ELEMENTS(parts); i++)
        if (parts[i] != NULL)
            g_string_append_printf(text, "%s%s", before[i], parts[i]);
    g_autofree char *line = text_shorten(text->str, SENTENCE_COLUMNS);
    add_line(columns, "  ", line);
}

/* A run as a whole: broken, new, incomparable, or a verdict no comparison explains. */
static void add_whole(Columns *columns, const ScenarioResult *scenario, const InstrumentResult *instrument)
{
    const char *problem = instrument->measurement->problem, *said = whole_sentence(instrument);
    if (problem != NULL && said != NULL && strstr(said, problem) == NULL) {
        g_autofree char *line = text_shorten(problem, SENTENCE_COLUMNS);
        add_line(columns, "  ", line);
    }
    if (instrument->verdict == VERDICT_INCOMPARABLE)
        add_environment(columns, scenario->environment, instrument->measurement->tool);
    if (instrument->verdict != VERDICT_BROKEN)
        add_measured(columns, instrument->measurement);
}

/* Most teams begin with a leak: what grows is named before there is a baseline, too. */
static void add_growing(Columns *columns, const InstrumentResult *instrument, GHashTable *shown, guint end)
{
    const Comparison *growth = instrument_result_find(instrument, METRIC_GROWTH);
    if (growth == NULL || growth->has_base || growth->now == 0 || columns_lines(columns) + 2 > end)
        return;
    g_autofree char *rate = metric_format(METRIC_GROWTH, growth->now);
    g_autofree char *line = g_strdup_printf("it grows by %s:", rate);
    add_line(columns, "  ", line);
    add_deltas(columns, growth, shown, end - columns_lines(columns));
}

/* What fails besides, for another reason: a metric that was not measured, one without a baseline. (transfer
 * container), of const Comparison. */
static GPtrArray *others(const InstrumentResult *instrument)
{
    GPtrArray *found = g_ptr_array_new();
    for (guint i = 0; i < instrument->comparisons->len; i++) {
        Comparison *comparison = g_ptr_array_index(instrument->comparisons, i);
        if (outcome_fails(comparison->verdict) && comparison->verdict != instrument->verdict)
            g_ptr_array_add(found, comparison);
    }
    return found;
}

static void add_other(Columns *columns, const Comparison *comparison)
{
    g_autofree char *title =
        g_strdup_printf("  %s %s", metric_get(comparison->metric)->title, verdict_name(comparison->verdict));
    g_autofree char *sentence = text_shorten(comparison->sentence, SENTENCE_COLUMNS);
    g_autofree char *line = g_strconcat(title, sentence[0] != '\0' ? ": " : "", sentence, NULL);
    columns_add_line(columns, line);
}

/* What the instrument could not see; the first few, for the passage has few lines. */
static guint notes_shown(const InstrumentResult *instrument)
{
    enum { NOTES = 3 };
    return MIN(instrument->measurement->notes->len, NOTES);
}

static void add_footer(Columns *columns, const ScenarioResult *scenario, const InstrumentResult *instrument)
{
    for (guint i = 0; i < notes_shown(instrument); i++)
        add_line(columns, "  note: ", g_ptr_array_index(instrument->measurement->notes, i));
    g_autofree char *smallest = explain_smallest_leak(instrument);
    if (smallest != NULL && instrument->verdict == VERDICT_REGRESSED)
        add_line(columns, "  smallest leak this run could see: ", smallest);
    g_autofree char *what = explain_advice(scenario, instrument, instrument->verdict);
    if (what != NULL)
        add_line(columns, "  ", what);
}

char *explain_instrument(const ScenarioResult *scenario, const InstrumentResult *instrument)
{
    OutcomeRow row = {scenario, instrument, instrument->verdict};
    g_autofree char *title = outcome_title(&row), *headline = explain_headline(instrument);
    g_autofree char *first = g_strdup_printf("%s: %s", title, headline);
    g_autoptr(Columns) columns = columns_new("    ", "   ");
    g_autoptr(GHashTable) shown = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GPtrArray) chosen = explain_comparisons(instrument), rest = others(instrument);
    guint last = EXPLAIN_LINES - FOOTER - rest->len - notes_shown(instrument);
    columns_add_line(columns, first);
    for (guint i = 0; i < chosen->len; i++)
        add_comparison(columns, g_ptr_array_index(chosen, i), i == 0, shown,
                       last - AFTER * (chosen->len - 1 - i));
    if (chosen->len == 0) {
        add_whole(columns, scenario, instrument);
        add_growing(columns, instrument, shown, last);
    }
    for (guint i = 0; i < rest->len; i++)
        add_other(columns, g_ptr_array_index(rest, i));
    add_footer(columns, scenario, instrument);
    return columns_render(columns);
}
