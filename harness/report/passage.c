#include "passage.h"

#include <string.h>

#include "explain.h"
#include "model/text.h"
#include "model/units.h"
#include "report/text/stack.h"

enum {
    FOOTER = 3, /* lines reserved for what follows the call sites */
    AFTER = 3,  /* lines reserved for each further comparison */
    STACK_LINES = STACK_FRAMES,
    WHOLE_STACKS = 10, /* of a finding, at most */
};

static void add_line(Columns *columns, const char *indent, const char *text)
{
    g_autofree char *line = g_strconcat(indent, text, NULL);
    columns_add_line(columns, line);
}

/* "was 1.00 MiB, +3 blocks"; (transfer full), or NULL where there is nothing to say. */
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

/* The deltas that explain the verdict (losses of an improvement, else gains), largest first; (transfer
 * container). */
static GPtrArray *relevant_deltas(const Comparison *comparison)
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

/* A row for each owner. */
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

/* The call sites of one comparison in at most `room` rows. shown: the keys of stacks that the passage has
 * already; keys are added. */
static void add_deltas(Columns *columns, const Comparison *comparison, GHashTable *shown, guint room)
{
    g_autoptr(GPtrArray) deltas = relevant_deltas(comparison);
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
        g_autofree char *sentence = text_shorten(comparison->sentence, EXPLAIN_COLUMNS);
        add_line(columns, "    ", sentence);
        room--;
    }
    add_deltas(columns, comparison, shown, room);
}

/* One line of the figures that were measured but not compared. */
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
    g_autofree char *line = text_shorten(text->str, EXPLAIN_COLUMNS);
    add_line(columns, "  ", line);
}

/* The lines of a verdict without evidence: broken, new, incomparable. */
static void add_whole(Columns *columns, const Finding *finding)
{
    const InstrumentResult *instrument = finding->instrument;
    const char *problem = instrument->measurement->problem, *said = explain_whole(instrument);
    if (problem != NULL && said != NULL && strstr(said, problem) == NULL) {
        g_autofree char *line = text_shorten(problem, EXPLAIN_COLUMNS);
        add_line(columns, "  ", line);
    }
    if (instrument->verdict == VERDICT_INCOMPARABLE)
        add_environment(columns, finding->scenario->environment, instrument->measurement->tool);
    if (instrument->verdict != VERDICT_BROKEN)
        add_measured(columns, instrument->measurement);
}

static void add_growing(Columns *columns, const Comparison *growth, GHashTable *shown, guint end)
{
    if (growth == NULL || columns_lines(columns) + 2 > end)
        return;
    g_autofree char *rate = metric_format(growth->metric, growth->now);
    g_autofree char *line = g_strdup_printf("the program grows by %s:", rate);
    add_line(columns, "  ", line);
    add_deltas(columns, growth, shown, end - columns_lines(columns));
}

/* The comparisons that fail with another verdict than the instrument's: a metric that was not measured, one
 * without a baseline; (transfer container), of const Comparison. */
static GPtrArray *other_failures(const InstrumentResult *instrument)
{
    GPtrArray *found = g_ptr_array_new();
    for (guint i = 0; i < instrument->comparisons->len; i++) {
        Comparison *comparison = g_ptr_array_index(instrument->comparisons, i);
        if (verdict_exit_status(comparison->verdict) != 0 && comparison->verdict != instrument->verdict)
            g_ptr_array_add(found, comparison);
    }
    return found;
}

static void add_other(Columns *columns, const Comparison *comparison)
{
    g_autofree char *title =
        g_strdup_printf("  %s %s", metric_get(comparison->metric)->title, verdict_name(comparison->verdict));
    g_autofree char *sentence = text_shorten(comparison->sentence, EXPLAIN_COLUMNS);
    g_autofree char *line = g_strconcat(title, sentence[0] != '\0' ? ": " : "", sentence, NULL);
    columns_add_line(columns, line);
}

/* How many notes the passage shows. */
static guint notes_shown(const InstrumentResult *instrument)
{
    enum { NOTES = 3 };
    return MIN(instrument->measurement->notes->len, NOTES);
}

static void add_footer(Columns *columns, const Finding *finding)
{
    for (guint i = 0; i < notes_shown(finding->instrument); i++)
        add_line(columns, "  note: ", g_ptr_array_index(finding->instrument->measurement->notes, i));
    if (finding->sees != NULL && finding->verdict == VERDICT_REGRESSED)
        add_line(columns, "  smallest leak this run could see: ", finding->sees);
    if (finding->advice != NULL)
        add_line(columns, "  ", finding->advice);
}

/* Adds each stack once. shown: the keys of those that were added. Returns whether a passage leaves out frames
 * of one. */
static gboolean add_stacks(Columns *columns, const Comparison *comparison, GHashTable *shown)
{
    g_autoptr(GPtrArray) deltas = relevant_deltas(comparison);
    gboolean cut = FALSE;
    for (guint i = 0; i < deltas->len && g_hash_table_size(shown) < WHOLE_STACKS; i++) {
        const SiteDelta *delta = g_ptr_array_index(deltas, i);
        g_autofree char *amount = metric_format_signed(comparison->metric, delta->delta_bytes);
        if (delta->key != NULL && g_hash_table_add(shown, delta->key))
            cut = stack_add_whole(columns, amount, NULL, delta->key, delta->frames, delta->n_frames) || cut;
    }
    return cut;
}

char *passage_stacks(const Finding *finding)
{
    g_autoptr(Columns) columns = columns_new("    ", "   ");
    g_autoptr(GHashTable) shown = g_hash_table_new(g_str_hash, g_str_equal);
    gboolean cut = FALSE;
    for (guint i = 0; i < finding->evidence->len; i++)
        cut = add_stacks(columns, g_ptr_array_index(finding->evidence, i), shown) || cut;
    if (finding->growing != NULL)
        cut = add_stacks(columns, finding->growing, shown) || cut;
    return cut ? columns_render(columns) : NULL;
}

/* The passage of a finding without an instrument. */
static char *passage_of_whole(const Finding *finding)
{
    return g_strdup_printf(
        "%s: %s\n  a run that measured nothing never passes; to list the scenarios:  heapgate list\n",
        finding->title, finding->sentence);
}

char *passage_of(const Finding *finding)
{
    if (finding->instrument == NULL)
        return passage_of_whole(finding);
    g_autofree char *first = g_strdup_printf("%s: %s", finding->title, finding->sentence);
    g_autoptr(Columns) columns = columns_new("    ", "   ");
    g_autoptr(GHashTable) shown = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GPtrArray) rest = other_failures(finding->instrument);
    const GPtrArray *evidence = finding->evidence;
    guint last = PASSAGE_LINES - FOOTER - rest->len - notes_shown(finding->instrument);
    columns_add_line(columns, first);
    for (guint i = 0; i < evidence->len; i++)
        add_comparison(columns, g_ptr_array_index(evidence, i), i == 0, shown,
                       last - AFTER * (evidence->len - 1 - i));
    if (evidence->len == 0) {
        add_whole(columns, finding);
        add_growing(columns, finding->growing, shown, last);
    }
    for (guint i = 0; i < rest->len; i++)
        add_other(columns, g_ptr_array_index(rest, i));
    add_footer(columns, finding);
    return columns_render(columns);
}
