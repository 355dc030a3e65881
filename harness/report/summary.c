/* The step summary of a GitHub Actions job: Markdown. GitHub drops a summary above 1 MiB whole: this one is
 * cut before that, between two passages, and says so. */
#include <string.h>

#include "explain.h"
#include "model/units.h"
#include "outcome.h"
#include "report.h"
#include "model/text.h"
#include "report/text/timeline.h"

/* LIMIT: of the whole, in bytes, with room for other steps' text; the table takes half of it at most.
 * OPEN: passages that need no click. */
enum { LIMIT = 1000 * 1000, TABLE_LIMIT = LIMIT / 2, OPEN = 3, CELL_COLUMNS = 160 };

static const char *const icons[VERDICT_COUNT] = {
    [VERDICT_PASS] = "✅",   [VERDICT_IMPROVED] = "📉",  [VERDICT_NEW] = "🆕", [VERDICT_INCOMPARABLE] = "⚠️",
    [VERDICT_BROKEN] = "🚫", [VERDICT_REGRESSED] = "❌",
};

/* A colon says something only as part of a web address or an emoji. */
static gboolean is_markup(const char *at)
{
    return strchr("\\`*_{}[]<>#!|~&@$", *at) != NULL ||
           (*at == ':' && (at[1] == '/' || g_ascii_isalpha(at[1])));
}

/* One line within a paragraph or a cell of a table: a backslash takes away what a punctuation mark means. */
static void append_inline(GString *out, const char *text)
{
    g_autofree char *line = text_line(text);
    for (const char *at = line; *at != '\0'; at++) {
        if (is_markup(at))
            g_string_append_c(out, '\\');
        g_string_append_c(out, *at);
    }
}

/* One line within HTML. */
static void append_html(GString *out, const char *text)
{
    g_autofree char *line = text_line(text), *escaped = g_markup_escape_text(line, -1);
    g_string_append(out, escaped);
}

static guint longest_run(const char *text, char of)
{
    guint longest = 0, run = 0;
    for (const char *at = text; *at != '\0'; at++) {
        run = *at == of ? run + 1 : 0;
        longest = MAX(longest, run);
    }
    return longest;
}

/* A fence longer than any run of backticks in it cannot be closed from within. */
static void append_fenced(GString *out, const char *text)
{
    g_autofree char *block = text_block(text);
    g_autofree char *fence = g_strnfill(MAX(3, longest_run(block, '`') + 1), '`');
    g_string_append_printf(out, "%stext\n%s%s%s\n", fence, block, g_str_has_suffix(block, "\n") ? "" : "\n",
                           fence);
}

/* The values of what passed, the most telling numbers of what did not. (transfer full). */
static char *describe(const OutcomeRow *row)
{
    if (row->instrument == NULL)
        return outcome_headline(row);
    g_autoptr(GPtrArray) chosen = explain_comparisons(row->instrument);
    if (chosen->len > 0)
        return explain_comparison(g_ptr_array_index(chosen, 0));
    if (outcome_fails(row->verdict))
        return outcome_headline(row);
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < row->instrument->comparisons->len; i++) {
        const Comparison *comparison = g_ptr_array_index(row->instrument->comparisons, i);
        g_autofree char *value = metric_format(comparison->metric, comparison->now);
        g_string_append_printf(text, "%s%s %s", i > 0 ? ", " : "", metric_get(comparison->metric)->title,
                               value);
    }
    g_autofree char *smallest = explain_smallest_leak(row->instrument);
    if (smallest != NULL)
        g_string_append_printf(text, "%ssees leaks from %s", text->len > 0 ? "; " : "", smallest);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static void append_row(GString *out, const OutcomeRow *row)
{
    g_autofree char *scenario = outcome_scenario_name(row), *instrument = outcome_instrument_name(row);
    g_autofree char *what = describe(row), *cell = text_shorten(what, CELL_COLUMNS);
    g_string_append(out, "| ");
    append_inline(out, scenario);
    g_string_append(out, " | ");
    append_inline(out, instrument);
    g_string_append_printf(out, " | %s %s | ", icons[row->verdict], verdict_name(row->verdict));
    append_inline(out, cell);
    g_string_append(out, " |\n");
}

static void append_table(GString *out, const GArray *rows)
{
    g_string_append(out, "| scenario | instrument | verdict | what |\n|---|---|---|---|\n");
    for (guint i = 0; i < rows->len; i++) {
        if (out->len > TABLE_LIMIT) {
            g_string_append_printf(out,
                                   "\n%u more rows are left out: GitHub shows at most 1 MiB. "
                                   "`result.json` among the reports holds all of them.\n",
                                   rows->len - i);
            return;
        }
        append_row(out, &g_array_index(rows, OutcomeRow, i));
    }
}

static void append_passage(GString *out, const OutcomeRow *row, gboolean open)
{
    g_autofree char *title = outcome_title(row), *passage = outcome_passage(row);
    g_string_append_printf(out, "\n<details%s><summary>%s ", open ? " open" : "", icons[row->verdict]);
    append_html(out, title);
    g_string_append_printf(out, ": %s</summary>\n\n", verdict_name(row->verdict));
    append_fenced(out, passage);
    g_autofree char *course = row->instrument != NULL ? timeline_line(row->instrument->measurement) : NULL;
    if (course != NULL)
        g_string_append_printf(out, "\n%s\n", course);
    g_string_append(out, "\n</details>\n");
}

/* Whole passages as long as they fit: rows are sorted worst first, so the rest matters less. */
static void append_passages(GString *out, const GArray *rows)
{
    enum { NOTE = 256 };
    for (guint i = 0; i < rows->len; i++) {
        const OutcomeRow *row = &g_array_index(rows, OutcomeRow, i);
        if (row->verdict == VERDICT_PASS)
            return;
        g_autoptr(GString) passage = g_string_new(NULL);
        append_passage(passage, row, i < OPEN && outcome_fails(row->verdict));
        if (out->len + passage->len + NOTE > LIMIT) {
            guint left = 0;
            for (guint j = i; j < rows->len; j++)
                left += g_array_index(rows, OutcomeRow, j).verdict != VERDICT_PASS;
            g_string_append_printf(out,
                                   "\n%u more are left out: GitHub shows at most 1 MiB. "
                                   "`junit.xml` among the reports holds all of them.\n",
                                   left);
            return;
        }
        g_string_append_len(out, passage->str, passage->len);
    }
}

static void append_footer(GString *out, const Result *result)
{
    g_autofree char *version = text_shorten(result->version, 40),
                    *platform = text_shorten(result->platform, 60);
    g_string_append(out, "\nheapgate ");
    append_inline(out, version);
    g_string_append(out, " on ");
    append_inline(out, platform);
    if (result->commit != NULL) {
        g_autofree char *clean = text_line(result->commit),
                        *commit = g_utf8_substring(clean, 0, MIN(12, g_utf8_strlen(clean, -1)));
        g_string_append(out, ", commit ");
        append_inline(out, commit);
    }
    g_string_append_c(out, '\n');
}

static gboolean summary_write(const Result *result, GOutputStream *stream, GError **error)
{
    g_autoptr(GArray) rows = outcome_rows(result);
    outcome_sort(rows);
    g_autofree char *sentence = outcome_sentence(result);
    g_autoptr(GString) out = g_string_new(NULL);
    g_string_append_printf(out, "## %s heapgate: ", icons[outcome_verdict(result)]);
    append_inline(out, sentence);
    g_string_append(out, "\n\n");
    append_table(out, rows);
    append_passages(out, rows);
    append_footer(out, result);
    return text_write(out->str, out->len, stream, error);
}

const Report report_summary = {
    "summary",
    "summary.md",
    "Markdown, for the step summary of a GitHub Actions job.",
    summary_write,
};
