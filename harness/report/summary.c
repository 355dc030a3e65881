/* The step summary of a GitHub Actions job, in Markdown. GitHub drops summaries above 1 MiB as a whole; this
 * one leaves out the last passages before that, and says so. */
#include <string.h>

#include "model/units.h"
#include "passage.h"
#include "report.h"
#include "model/text.h"
#include "report/text/timeline.h"

enum {
    LIMIT = 1000 * 1000,     /* of the summary, in bytes */
    TABLE_LIMIT = LIMIT / 2, /* of the table */
    OPEN = 3,                /* passages that are unfolded */
    CELL_COLUMNS = 160,
};

static const char *const icons[VERDICT_COUNT] = {
    [VERDICT_PASS] = "✅",   [VERDICT_IMPROVED] = "📉",  [VERDICT_NEW] = "🆕", [VERDICT_INCOMPARABLE] = "⚠️",
    [VERDICT_BROKEN] = "🚫", [VERDICT_REGRESSED] = "❌",
};

/* Would Markdown take the character for markup? A colon counts in web addresses and emojis (":tada:"). */
static gboolean is_markup(const char *at)
{
    return strchr("\\`*_{}[]<>#!|~&@$", *at) != NULL ||
           (*at == ':' && (at[1] == '/' || g_ascii_isalpha(at[1])));
}

/* Appends text as one line of Markdown, for a paragraph or a table's cell; backslashes escape markup. */
static void append_inline(GString *out, const char *text)
{
    g_autofree char *line = text_line(text);
    for (const char *at = line; *at != '\0'; at++) {
        if (is_markup(at))
            g_string_append_c(out, '\\');
        g_string_append_c(out, *at);
    }
}

/* Appends text as one line of HTML. */
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

/* Appends a block of code. Its fence is longer than any run of backticks in the text, so the text cannot end
 * it. */
static void append_fenced(GString *out, const char *text)
{
    g_autofree char *block = text_block(text);
    g_autofree char *fence = g_strnfill(MAX(3, longest_run(block, '`') + 1), '`');
    g_string_append_printf(out, "%stext\n%s%s%s\n", fence, block, g_str_has_suffix(block, "\n") ? "" : "\n",
                           fence);
}

/* The values of a finding that passed; the numbers of one that did not; (transfer full). */
static char *describe_finding(const Finding *finding)
{
    if (finding->evidence->len > 0 || finding->fails)
        return g_strdup(finding->numbers);
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < finding->instrument->comparisons->len; i++) {
        const Comparison *comparison = g_ptr_array_index(finding->instrument->comparisons, i);
        g_autofree char *value = metric_format(comparison->metric, comparison->now);
        g_string_append_printf(text, "%s%s %s", i > 0 ? ", " : "", metric_get(comparison->metric)->title,
                               value);
    }
    if (finding->sees != NULL)
        g_string_append_printf(text, "%ssees leaks from %s", text->len > 0 ? "; " : "", finding->sees);
    return g_string_free(text, FALSE);
}

static void append_row(GString *out, const Finding *finding)
{
    g_autofree char *what = describe_finding(finding), *cell = text_shorten(what, CELL_COLUMNS);
    g_string_append(out, "| ");
    append_inline(out, finding->scenario_name);
    g_string_append(out, " | ");
    append_inline(out, finding->instrument_name);
    g_string_append_printf(out, " | %s %s | ", icons[finding->verdict], verdict_name(finding->verdict));
    append_inline(out, cell);
    g_string_append(out, " |\n");
}

static void append_table(GString *out, const GPtrArray *findings)
{
    g_string_append(out, "| scenario | instrument | verdict | what |\n|---|---|---|---|\n");
    for (guint i = 0; i < findings->len; i++) {
        if (out->len > TABLE_LIMIT) {
            g_string_append_printf(out,
                                   "\n%u more rows are left out: GitHub shows at most 1 MiB. "
                                   "`result.json` among the reports holds all of them.\n",
                                   findings->len - i);
            return;
        }
        append_row(out, g_ptr_array_index(findings, i));
    }
}

static void append_passage(GString *out, const Finding *finding, gboolean open)
{
    g_autofree char *passage = passage_of(finding);
    g_string_append_printf(out, "\n<details%s><summary>%s ", open ? " open" : "", icons[finding->verdict]);
    append_html(out, finding->title);
    g_string_append_printf(out, ": %s</summary>\n\n", verdict_name(finding->verdict));
    append_fenced(out, passage);
    g_autofree char *stacks = passage_stacks(finding);
    if (stacks != NULL) {
        g_string_append(out, "\n<details><summary>whole stacks</summary>\n\n");
        append_fenced(out, stacks);
        g_string_append(out, "\n</details>\n");
    }
    g_autofree char *course =
        finding->instrument != NULL ? timeline_line(finding->instrument->measurement) : NULL;
    if (course != NULL)
        g_string_append_printf(out, "\n%s\n", course);
    g_string_append(out, "\n</details>\n");
}

static guint count_not_passed(const GPtrArray *findings, guint from)
{
    guint count = 0;
    for (guint i = from; i < findings->len; i++)
        count += ((const Finding *)g_ptr_array_index(findings, i))->verdict != VERDICT_PASS;
    return count;
}

/* Appends as many passages as fit. findings: the worst first. */
static void append_passages(GString *out, const GPtrArray *findings)
{
    enum { NOTE = 256 };
    for (guint i = 0; i < findings->len; i++) {
        const Finding *finding = g_ptr_array_index(findings, i);
        if (finding->verdict == VERDICT_PASS)
            return;
        g_autoptr(GString) passage = g_string_new(NULL);
        append_passage(passage, finding, i < OPEN && finding->fails);
        if (out->len + passage->len + NOTE > LIMIT) {
            g_string_append_printf(out,
                                   "\n%u more findings are left out: GitHub shows at most 1 MiB. "
                                   "`junit.xml` among the reports holds all of them.\n",
                                   count_not_passed(findings, i));
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

static gboolean summary_write(const Findings *findings, const ReportOptions *options, GOutputStream *stream,
                              GError **error)
{
    (void)options;
    g_autoptr(GString) out = g_string_new(NULL);
    g_string_append_printf(out, "## %s heapgate: ", icons[findings->verdict]);
    append_inline(out, findings->sentence);
    g_string_append(out, "\n\n");
    append_table(out, findings->ranked);
    append_passages(out, findings->ranked);
    append_footer(out, findings->result);
    return text_write(out->str, out->len, stream, error);
}

const Report report_summary = {
    "summary",
    "summary.md",
    "Markdown, for the step summary of a GitHub Actions job.",
    summary_write,
};
