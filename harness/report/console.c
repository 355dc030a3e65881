#include "console.h"

#include "model/units.h"
#include "passage.h"
#include "report/text/columns.h"
#include "report/text/stack.h"
#include "model/text.h"
#include "report/text/timeline.h"

enum {
    PASSAGES = 12, /* at most; the reports have them all */
    HEADLINE_COLUMNS = 110,
    TOP_SITES = 3, /* shown of each figure that passed */
    NAMES = 8,     /* named in one command, at most */
    CHART_ROWS = 5,
};

/* Scenario, instrument, verdict: what begins each row of the table. */
enum { NAMING_CELLS = 3 };

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

/* "peak 1.92 MiB  +0.0 %"; (transfer full). */
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

static void add_metrics(Columns *table, const Finding *finding)
{
    for (guint i = 0; i < finding->instrument->comparisons->len; i++) {
        g_autofree char *cell = describe_metric(g_ptr_array_index(finding->instrument->comparisons, i));
        columns_add(table, cell, NULL);
    }
    g_autofree char *sees =
        finding->sees != NULL ? g_strconcat("sees leaks from ", finding->sees, NULL) : g_strdup("");
    columns_add(table, sees, NULL);
}

/* The numbers of the first metric, and how many more there are; (transfer full). */
static char *describe_failure(const Finding *finding)
{
    g_autofree char *cut = text_shorten(finding->numbers, HEADLINE_COLUMNS);
    guint metrics = finding->evidence->len;
    if (metrics < 2)
        return g_steal_pointer(&cut);
    return g_strdup_printf("%s; and %u more metric%s", cut, metrics - 1, metrics == 2 ? "" : "s");
}

static void add_row(Columns *table, const Finding *finding, gboolean repeated, ConsoleFlags flags)
{
    g_autofree char *loud = g_ascii_strup(verdict_name(finding->verdict), -1);
    columns_begin(table);
    columns_add(table, repeated ? "" : finding->scenario_name, NULL);
    columns_add(table, finding->instrument_name, NULL);
    columns_add(table, finding->fails ? loud : verdict_name(finding->verdict),
                colour_of(flags, finding->verdict));
    if (!finding->fails) {
        add_metrics(table, finding);
        return;
    }
    g_autofree char *failure = describe_failure(finding);
    columns_add(table, failure, NULL);
}

static void append_table(GString *out, const Findings *findings, ConsoleFlags flags, guint width)
{
    g_autoptr(Columns) table = columns_new("  ", "   ");
    if (width > 0)
        columns_wrap(table, NAMING_CELLS, width);
    const ScenarioResult *previous = NULL;
    for (guint i = 0; i < findings->all->len; i++) {
        const Finding *finding = g_ptr_array_index(findings->all, i);
        if ((flags & CONSOLE_QUIET) && finding->verdict == VERDICT_PASS)
            continue;
        add_row(table, finding, finding->scenario != NULL && finding->scenario == previous, flags);
        previous = finding->scenario;
    }
    if (columns_lines(table) == 0)
        return;
    g_autofree char *text = columns_render(table);
    g_string_append_printf(out, "%s\n", text);
}

static void append_passage(GString *out, const Finding *finding, ConsoleFlags flags)
{
    g_autofree char *passage = passage_of(finding);
    char *end = strchr(passage, '\n');
    *end = '\0';
    append_coloured(out, passage, flags & CONSOLE_COLOUR ? "1" : NULL);
    g_string_append_printf(out, "\n%s\n", end + 1);
    g_autofree char *stacks = flags & CONSOLE_VERBOSE ? passage_stacks(finding) : NULL;
    if (stacks != NULL)
        g_string_append_printf(out, "  whole stacks:\n%s\n", stacks);
}

/* The worst findings come first: those beyond the limit matter least. */
static void append_passages(GString *out, const Findings *findings, ConsoleFlags flags)
{
    guint failed = 0;
    for (guint i = 0; i < findings->ranked->len; i++) {
        const Finding *finding = g_ptr_array_index(findings->ranked, i);
        if (!finding->fails)
            break;
        if (failed++ < PASSAGES)
            append_passage(out, finding, flags);
    }
    if (failed > PASSAGES)
        g_string_append_printf(out, "%u more did not pass: the table above and the reports have them\n\n",
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
        stack_add_whole(columns, amount, NULL, site->key, site->frames, site->n_frames);
    }
}

/* The largest call sites of an instrument that passed, and its timeline. */
static void append_call_sites(GString *out, const Finding *finding)
{
    g_autoptr(Columns) columns = columns_new("    ", "   ");
    const Measurement *measurement = finding->instrument->measurement;
    for (guint i = 0; i < measurement->figures->len; i++) {
        const Figure *figure = g_ptr_array_index(measurement->figures, i);
        if (figure->sites != NULL && call_sites_count(figure->sites) > 0)
            add_figure(columns, figure);
    }
    if (columns_lines(columns) == 0)
        return;
    g_autofree char *text = columns_render(columns);
    g_string_append_printf(out, "%s: %s\n%s\n", finding->title, verdict_name(finding->verdict), text);
    gsize before = out->len;
    timeline_draw(measurement->timeline, measurement->time_unit, CHART_ROWS, out);
    if (out->len > before)
        g_string_append_c(out, '\n');
}

static void append_passed(GString *out, const Findings *findings)
{
    for (guint i = 0; i < findings->all->len; i++) {
        const Finding *finding = g_ptr_array_index(findings->all, i);
        if (!finding->fails && finding->instrument != NULL)
            append_call_sites(out, finding);
    }
}

/* Offers to lower the baselines of what improved: a baseline that stays high hides a later leak of that size.
 */
static void append_ratchet_offer(GString *out, const Result *result)
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

static void append_sentences(GString *out, const Finding *finding, const GPtrArray *sentences)
{
    for (guint i = 0; i < sentences->len; i++) {
        g_autofree char *line = text_line(g_ptr_array_index(sentences, i));
        g_string_append_printf(out, "note: %s: %s\n", finding->title, line);
    }
}

/* The notes of runs that have no passage, which would show them; with -v the details of all runs, too. */
static void append_notes(GString *out, const Findings *findings, ConsoleFlags flags)
{
    for (guint i = 0; i < findings->all->len; i++) {
        const Finding *finding = g_ptr_array_index(findings->all, i);
        if (finding->instrument == NULL)
            continue;
        if (!finding->fails && !(flags & CONSOLE_QUIET))
            append_sentences(out, finding, finding->instrument->measurement->notes);
        if (flags & CONSOLE_VERBOSE)
            append_sentences(out, finding, finding->instrument->measurement->details);
    }
}

static char *console_render(const Findings *findings, ConsoleFlags flags, guint width)
{
    GString *out = g_string_new(NULL);
    if (!(flags & CONSOLE_QUIET)) {
        append_header(out, findings->result);
        g_string_append_c(out, '\n');
    }
    append_table(out, findings, flags, width);
    append_passages(out, findings, flags);
    append_notes(out, findings, flags);
    if (flags & CONSOLE_VERBOSE)
        append_passed(out, findings);
    append_ratchet_offer(out, findings->result);
    append_coloured(out, findings->sentence, colour_of(flags, findings->verdict));
    g_string_append_c(out, '\n');
    return g_string_free(out, FALSE);
}

gboolean console_write(const Findings *findings, ConsoleFlags flags, guint width, GOutputStream *stream,
                       GError **error)
{
    g_autofree char *text = console_render(findings, flags, width);
    return text_write(text, strlen(text), stream, error);
}
