#include "console.h"

#include "explain.h"
#include "model/units.h"
#include "outcome.h"
#include "report/text/columns.h"
#include "report/text/stack.h"
#include "model/text.h"
#include "report/text/timeline.h"

/* PASSAGES: more of them than this are not read by anyone; the reports hold them all. */
enum { PASSAGES = 12, HEADLINE_COLUMNS = 110, TOP_SITES = 3, NAMES = 8, CHART_ROWS = 5 };

static const char *const colours[VERDICT_COUNT] = {
    [VERDICT_PASS] = "32",         [VERDICT_IMPROVED] = "36", [VERDICT_NEW] = "33",
    [VERDICT_INCOMPARABLE] = "33", [VERDICT_BROKEN] = "1;31", [VERDICT_REGRESSED] = "1;31",
};

static const char *colour_of(ConsoleFlags flags, Verdict verdict)
{
    return flags & CONSOLE_COLOUR ? colours[verdict] : NULL;
}

static void append_coloured(GString *out, const char *text, const char *colour)
{
    if (colour != NULL)
        g_string_append_printf(out, "\033[%sm%s\033[0m", colour, text);
    else
        g_string_append(out, text);
}

static void append_header(GString *out, const Result *result)
{
    g_autofree char *version = text_shorten(result->version, 40),
                    *platform = text_shorten(result->platform, 60);
    guint n = result->scenarios->len;
    g_string_append_printf(out, "heapgate %s   %s   %u scenario%s\n", version, platform, n,
                           n == 1 ? "" : "s");
}

/* "peak 1.92 MiB  +0.0 %" */
static char *describe_metric(const Comparison *comparison)
{
    g_autofree char *value = metric_format(comparison->metric, comparison->now), *change = NULL;
    if (comparison->has_base)
        change = units_format_change(comparison->base, comparison->now);
    else if (comparison->verdict == VERDICT_PASS && comparison->sentence != NULL)
        change = g_strdup("(not in the baseline yet)");
    return g_strdup_printf("%s %s%s%s", metric_get(comparison->metric)->title, value,
                           change != NULL && change[0] != '\0' ? "  " : "", change != NULL ? change : "");
}

static void add_metrics(Columns *table, const InstrumentResult *instrument)
{
    for (guint i = 0; i < instrument->comparisons->len; i++) {
        g_autofree char *cell = describe_metric(g_ptr_array_index(instrument->comparisons, i));
        columns_add(table, cell, NULL);
    }
    g_autofree char *smallest = explain_smallest_leak(instrument);
    g_autofree char *sees = smallest != NULL ? g_strdup_printf("sees leaks from %s", smallest) : g_strdup("");
    columns_add(table, sees, NULL);
}

/* The metric that says most; how many more there are. */
static char *describe_failure(const OutcomeRow *row)
{
    g_autoptr(GPtrArray) chosen =
        row->instrument != NULL ? explain_comparisons(row->instrument) : g_ptr_array_new();
    g_autofree char *text =
        chosen->len > 0 ? explain_comparison(g_ptr_array_index(chosen, 0)) : outcome_headline(row);
    g_autofree char *cut = text_shorten(text, HEADLINE_COLUMNS);
    if (chosen->len < 2)
        return g_steal_pointer(&cut);
    return g_strdup_printf("%s; and %u more metric%s", cut, chosen->len - 1, chosen->len == 2 ? "" : "s");
}

static void add_row(Columns *table, const OutcomeRow *row, gboolean repeated, ConsoleFlags flags)
{
    g_autofree char *scenario = outcome_scenario_name(row), *instrument = outcome_instrument_name(row);
    g_autofree char *loud = g_ascii_strup(verdict_name(row->verdict), -1);
    columns_begin(table);
    columns_add(table, repeated ? "" : scenario, NULL);
    columns_add(table, instrument, NULL);
    columns_add(table, outcome_fails(row->verdict) ? loud : verdict_name(row->verdict),
                colour_of(flags, row->verdict));
    if (!outcome_fails(row->verdict)) {
        add_metrics(table, row->instrument);
        return;
    }
    g_autofree char *failure = describe_failure(row);
    columns_add(table, failure, NULL);
}

static void append_table(GString *out, const GArray *rows, ConsoleFlags flags)
{
    g_autoptr(Columns) table = columns_new("  ", "   ");
    const ScenarioResult *previous = NULL;
    for (guint i = 0; i < rows->len; i++) {
        const OutcomeRow *row = &g_array_index(rows, OutcomeRow, i);
        if ((flags & CONSOLE_QUIET) && row->verdict == VERDICT_PASS)
            continue;
        add_row(table, row, row->scenario != NULL && row->scenario == previous, flags);
        previous = row->scenario;
    }
    if (columns_lines(table) == 0)
        return;
    g_autofree char *text = columns_render(table);
    g_string_append_printf(out, "%s\n", text);
}

static void append_passage(GString *out, const OutcomeRow *row, ConsoleFlags flags)
{
    g_autofree char *passage = outcome_passage(row);
    char *end = strchr(passage, '\n');
    *end = '\0';
    append_coloured(out, passage, flags & CONSOLE_COLOUR ? "1" : NULL);
    g_string_append_printf(out, "\n%s\n", end + 1);
}

/* Worst first, so that a limit leaves out what matters least. */
static void append_passages(GString *out, const GArray *rows, ConsoleFlags flags)
{
    g_autoptr(GArray) sorted = g_array_copy((GArray *)rows);
    outcome_sort(sorted);
    guint failed = 0;
    for (guint i = 0; i < sorted->len; i++) {
        const OutcomeRow *row = &g_array_index(sorted, OutcomeRow, i);
        if (!outcome_fails(row->verdict))
            break;
        if (failed++ < PASSAGES)
            append_passage(out, row, flags);
    }
    if (failed > PASSAGES)
        g_string_append_printf(out, "%u more did not pass: see the table above and the reports\n\n",
                               failed - PASSAGES);
}

static void add_figure(Columns *columns, const Figure *figure)
{
    g_autofree char *total = metric_format(figure->metric, figure->value);
    g_autofree char *line = g_strdup_printf("  %s %s", metric_get(figure->metric)->title, total);
    columns_add_line(columns, line);
    for (guint i = 0; i < MIN(call_sites_count(figure->sites), TOP_SITES); i++) {
        const CallSite *site = call_sites_get(figure->sites, i);
        g_autofree char *amount = metric_format(figure->metric, site->bytes);
        stack_add(columns, amount, NULL, site->key, site->frames, site->n_frames);
    }
}

/* What holds the memory of an instrument that passed. */
static void append_call_sites(GString *out, const OutcomeRow *row)
{
    g_autoptr(Columns) columns = columns_new("    ", "   ");
    const Measurement *measurement = row->instrument->measurement;
    for (guint i = 0; i < measurement->figures->len; i++) {
        const Figure *figure = g_ptr_array_index(measurement->figures, i);
        if (figure->sites != NULL && call_sites_count(figure->sites) > 0)
            add_figure(columns, figure);
    }
    if (columns_lines(columns) == 0)
        return;
    g_autofree char *title = outcome_title(row), *text = columns_render(columns);
    g_string_append_printf(out, "%s: %s\n%s\n", title, verdict_name(row->verdict), text);
    gsize before = out->len;
    timeline_draw(measurement->timeline, measurement->time_unit, CHART_ROWS, out);
    if (out->len > before)
        g_string_append_c(out, '\n');
}

static void append_passed(GString *out, const GArray *rows)
{
    for (guint i = 0; i < rows->len; i++) {
        const OutcomeRow *row = &g_array_index(rows, OutcomeRow, i);
        if (!outcome_fails(row->verdict) && row->instrument != NULL)
            append_call_sites(out, row);
    }
}

/* Improvements are offered: a baseline that stays high lets as much leak again unseen. */
static void append_offer(GString *out, const Result *result)
{
    g_autoptr(GString) names = g_string_new(NULL);
    guint improved = 0;
    for (guint i = 0; i < result->scenarios->len; i++) {
        const ScenarioResult *scenario = g_ptr_array_index(result->scenarios, i);
        if (scenario->verdict != VERDICT_IMPROVED || ++improved > NAMES)
            continue;
        g_autofree char *argument = text_argument(scenario->name);
        g_string_append_printf(names, " %s", argument);
    }
    if (improved > 0)
        g_string_append_printf(out, "improved; keep it:  heapgate update --ratchet%s\n\n",
                               improved > NAMES ? "" : names->str);
}

static void append_sentences(GString *out, const OutcomeRow *row, const GPtrArray *sentences)
{
    for (guint i = 0; i < sentences->len; i++) {
        g_autofree char *title = outcome_title(row), *line = text_line(g_ptr_array_index(sentences, i));
        g_string_append_printf(out, "note: %s: %s\n", title, line);
    }
}

/* What could not be seen of a run that gets no passage of its own; details of every one where they are asked
 * for. */
static void append_notes(GString *out, const GArray *rows, ConsoleFlags flags)
{
    for (guint i = 0; i < rows->len; i++) {
        const OutcomeRow *row = &g_array_index(rows, OutcomeRow, i);
        if (row->instrument == NULL)
            continue;
        if (!outcome_fails(row->verdict) && !(flags & CONSOLE_QUIET))
            append_sentences(out, row, row->instrument->measurement->notes);
        if (flags & CONSOLE_VERBOSE)
            append_sentences(out, row, row->instrument->measurement->details);
    }
}

static char *render(const Result *result, ConsoleFlags flags)
{
    g_autoptr(GArray) rows = outcome_rows(result);
    g_autofree char *sentence = outcome_sentence(result);
    GString *out = g_string_new(NULL);
    if (!(flags & CONSOLE_QUIET)) {
        append_header(out, result);
        g_string_append_c(out, '\n');
    }
    append_table(out, rows, flags);
    append_passages(out, rows, flags);
    append_notes(out, rows, flags);
    if (flags & CONSOLE_VERBOSE)
        append_passed(out, rows);
    append_offer(out, result);
    append_coloured(out, sentence, colour_of(flags, outcome_verdict(result)));
    g_string_append_c(out, '\n');
    return g_string_free(out, FALSE);
}

gboolean console_write(const Result *result, ConsoleFlags flags, GOutputStream *stream, GError **error)
{
    g_autofree char *text = render(result, flags);
    return text_write(text, strlen(text), stream, error);
}
