/* Puts the numbers of a comparison into words. */
#include "explain.h"
#include "model/text.h"

#include <string.h>

#include "model/units.h"

/* A value without "/iteration"; (transfer full). exact: with all its digits. */
static char *format_plain(MetricId metric, gint64 value, gboolean exact)
{
    if (metric_get(metric)->unit == METRIC_UNIT_COUNT)
        return metric_format(metric, value);
    return exact ? g_strdup_printf("%" G_GINT64_FORMAT " B", value) : units_format_bytes(value);
}

static char *format_now(MetricId metric, gint64 value, gboolean exact)
{
    g_autofree char *plain = format_plain(metric, value, exact);
    gboolean rate = metric_is_rate(metric);
    return g_strconcat(plain, rate ? "/iteration" : "", NULL);
}

/* Would rounding make two different numbers look equal? */
static gboolean needs_digits(MetricId metric, gint64 a, gint64 b)
{
    g_autofree char *one = format_plain(metric, a, FALSE), *two = format_plain(metric, b, FALSE);
    return a != b && strcmp(one, two) == 0;
}

/* How many blocks make up the value, where its deltas are all of it; 0 where that is not known. */
static gint64 blocks_of(const Comparison *comparison)
{
    double bytes = 0, blocks = 0;
    if (metric_get(comparison->metric)->unit != METRIC_UNIT_BYTES)
        return 0;
    for (guint i = 0; i < comparison->deltas->len; i++) {
        const SiteDelta *delta = g_ptr_array_index(comparison->deltas, i);
        bytes += (double)delta->delta_bytes;
        blocks += (double)delta->delta_blocks;
    }
    return comparison->base == 0 && bytes == (double)comparison->now && blocks > 0 && blocks < 1e15
               ? (gint64)blocks
               : 0;
}

char *explain_comparison(const Comparison *comparison)
{
    MetricId metric = comparison->metric;
    gboolean over = comparison->now > comparison->limit;
    gboolean exact = needs_digits(metric, comparison->now, comparison->limit) ||
                     (comparison->has_base && needs_digits(metric, comparison->now, comparison->base));
    g_autofree char *now = format_now(metric, comparison->now, exact);
    g_autofree char *base = format_plain(metric, comparison->base, exact);
    g_autofree char *limit = format_plain(metric, comparison->limit, exact);
    g_autofree char *change = units_format_change(comparison->base, comparison->now);
    GString *text = g_string_new(NULL);
    g_string_append_printf(text, "%s %s", metric_get(metric)->title, now);
    gint64 blocks = blocks_of(comparison);
    g_autofree char *count = units_format_count(blocks, FALSE);
    if (blocks > 0)
        g_string_append_printf(text, " in %s block%s", count, blocks == 1 ? "" : "s");
    if (comparison->has_base)
        g_string_append_printf(text, ", was %s%s%s%s", base, change[0] != '\0' ? " (" : "", change,
                               change[0] != '\0' ? ")" : "");
    else if (!metric_get(metric)->passes_through) /* which may have a ceiling and no baseline */
        g_string_append(text, ", no baseline");
    if (comparison->verdict == VERDICT_REGRESSED && !over)
        g_string_append_printf(text, ", within the allowed %s, but call sites in it grew", limit);
    else if (comparison->verdict == VERDICT_REGRESSED || comparison->has_base)
        g_string_append_printf(text, ", allowed %s", limit);
    if (comparison->agreeing > 0)
        g_string_append_printf(text, "; %u of %u runs agree", comparison->agreeing,
                               MAX(comparison->runs, comparison->agreeing));
    return g_string_free(text, FALSE);
}

char *explain_value(MetricId metric, gint64 value)
{
    return format_plain(metric, value, FALSE);
}

/* compare.c's plainest sentence is "METRIC NOW, was BASE, allowed LIMIT". */
gboolean explain_says_only_numbers(const Comparison *comparison)
{
    if (comparison->sentence == NULL)
        return TRUE;
    g_autofree char *now = metric_format(comparison->metric, comparison->now);
    g_autofree char *start = g_strdup_printf("%s %s, was ", metric_get(comparison->metric)->title, now);
    return g_str_has_prefix(comparison->sentence, start);
}

/* The kind of the first new memory error, preferably an invalid access: "invalid read of size 4"; (transfer
 * none), or NULL for other metrics. A memory error's innermost frame has its kind as a function. */
static const char *error_of(const Comparison *comparison)
{
    const char *first = NULL;
    for (guint i = 0; comparison->metric == METRIC_ERRORS && i < comparison->deltas->len; i++) {
        const SiteDelta *delta = g_ptr_array_index(comparison->deltas, i);
        const char *words = delta->n_frames > 0 ? delta->frames[0].function : NULL;
        if (delta->delta_bytes <= 0 || words == NULL)
            continue;
        if (g_str_has_prefix(words, "invalid "))
            return words;
        first = first != NULL ? first : words;
    }
    return first;
}

char *explain_change(const Comparison *comparison)
{
    if (!comparison->has_base || comparison->now == comparison->base)
        return explain_comparison(comparison);
    gint64 difference = comparison->now - comparison->base;
    g_autofree char *amount = explain_value(comparison->metric, ABS(difference));
    g_autofree char *change = units_format_change(comparison->base, comparison->now);
    g_autofree char *text =
        g_strdup_printf(metric_get(comparison->metric)->change, amount, difference > 0 ? "more" : "less");
    const char *error = error_of(comparison);
    if (error != NULL) {
        g_autofree char *line = text_line(error);
        return g_strdup_printf("%s; %s", line, text);
    }
    return g_strdup_printf("%s%s%s%s", text, change[0] != '\0' ? " (" : "", change,
                           change[0] != '\0' ? ")" : "");
}
