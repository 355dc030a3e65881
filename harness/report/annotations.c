/* GitHub workflow commands, one per line: what stands beside the line of code that grew. GitHub keeps ten of
 * a kind per step and drops the rest without a word: the worst come first, and the last one says how many
 * more there are. */
#include <string.h>

#include "explain.h"
#include "outcome.h"
#include "place.h"
#include "report.h"
#include "report/text/stack.h"
#include "model/text.h"

enum { PER_KIND = 10, TITLE_COLUMNS = 120 };

typedef enum { KIND_NONE, KIND_ERROR, KIND_WARNING, KIND_NOTICE, KIND_COUNT } Kind;

static const char *const commands[KIND_COUNT] = {NULL, "error", "warning", "notice"};

static const Kind kinds[VERDICT_COUNT] = {
    [VERDICT_PASS] = KIND_NONE,    [VERDICT_IMPROVED] = KIND_NOTICE,
    [VERDICT_NEW] = KIND_WARNING,  [VERDICT_INCOMPARABLE] = KIND_WARNING,
    [VERDICT_BROKEN] = KIND_ERROR, [VERDICT_REGRESSED] = KIND_ERROR,
};

/* The runner ends a command at the line's end, and a property at a comma or a colon. */
static void append_escaped(GString *out, const char *clean, const char *special)
{
    for (const char *at = clean; *at != '\0'; at++) {
        if (strchr(special, *at) != NULL)
            g_string_append_printf(out, "%%%02X", (guint)*at);
        else
            g_string_append_c(out, *at);
    }
}

static void append_message(GString *out, const char *text)
{
    g_autofree char *clean = text_block(text);
    append_escaped(out, clean, "%\r\n");
}

static void append_property(GString *properties, const char *name, const char *text)
{
    g_autofree char *clean = text_line(text);
    g_string_append_printf(properties, "%s%s=", properties->len > 0 ? "," : "", name);
    append_escaped(properties, clean, "%\r\n:,");
}

/* The call site that made most of the difference. (transfer none) or NULL. */
static const SiteDelta *largest(const Comparison *comparison)
{
    gboolean shrunk = comparison->verdict == VERDICT_IMPROVED;
    const GPtrArray *deltas = comparison->deltas;
    return deltas->len == 0 ? NULL : g_ptr_array_index(deltas, shrunk ? deltas->len - 1 : 0);
}

/* A line of the project, of the largest difference that has one; (transfer full) or NULL. */
static char *place_of(const GPtrArray *comparisons, Places *places, guint *line)
{
    for (guint c = 0; c < comparisons->len; c++) {
        const Comparison *comparison = g_ptr_array_index(comparisons, c);
        for (guint i = 0; i < comparison->deltas->len; i++) {
            const SiteDelta *delta = g_ptr_array_index(comparison->deltas, i);
            char *file = places_find(places, delta->frames, delta->n_frames, line);
            if (file != NULL)
                return file;
        }
    }
    return NULL;
}

static void append_place(GString *properties, const OutcomeRow *row, const GPtrArray *comparisons,
                         Places *places)
{
    guint number = 0;
    g_autofree char *file = place_of(comparisons, places, &number);
    if (file != NULL) {
        append_property(properties, "file", file);
        if (number > 0) {
            g_autofree char *line = g_strdup_printf("%u", number);
            append_property(properties, "line", line);
        }
    } else if (row->scenario != NULL && row->scenario->file != NULL) {
        append_property(properties, "file", row->scenario->file);
    }
}

/* The numbers of each metric, each with the call site that made most of it, and what to do. (transfer full).
 */
static char *describe(const OutcomeRow *row, const GPtrArray *comparisons)
{
    g_autofree char *headline = outcome_headline(row);
    GString *text = g_string_new(headline);
    for (guint i = 0; i < comparisons->len; i++) {
        const Comparison *comparison = g_ptr_array_index(comparisons, i);
        g_autofree char *numbers = explain_comparison(comparison);
        if (strcmp(numbers, headline) != 0)
            g_string_append_printf(text, "\n%s", numbers);
        const SiteDelta *delta = largest(comparison);
        if (delta == NULL)
            continue;
        g_autofree char *amount = metric_format_signed(comparison->metric, delta->delta_bytes);
        g_autofree char *stack = stack_describe(delta->key, delta->frames, delta->n_frames);
        g_string_append_printf(text, "\n  %s in %s", amount, stack);
    }
    g_autofree char *advice =
        row->scenario != NULL ? explain_advice(row->scenario, row->instrument, row->verdict) : NULL;
    if (advice != NULL)
        g_string_append_printf(text, "\n%s", advice);
    return g_string_free(text, FALSE);
}

/* more: how many of the kind follow that are not written. */
static void append_annotation(GString *out, const OutcomeRow *row, guint more, Places *places)
{
    g_autoptr(GPtrArray) comparisons =
        row->instrument != NULL ? explain_comparisons(row->instrument) : g_ptr_array_new();
    g_autofree char *title = outcome_title(row), *message = describe(row, comparisons);
    g_autofree char *full = g_strdup_printf("heapgate: %s %s", title, verdict_name(row->verdict));
    g_autofree char *cut = text_shorten(full, TITLE_COLUMNS);
    const char *command = commands[kinds[row->verdict]];
    g_autoptr(GString) properties = g_string_new(NULL);
    append_place(properties, row, comparisons, places);
    append_property(properties, "title", cut);
    g_string_append_printf(out, "::%s %s::", command, properties->str);
    append_message(out, message);
    if (more > 0) {
        g_autofree char *rest = g_strdup_printf("\n%u more %s%s not shown here: see the step summary", more,
                                                command, more == 1 ? " is" : "s are");
        append_message(out, rest);
    }
    g_string_append_c(out, '\n');
}

static gboolean annotations_write(const Result *result, GOutputStream *stream, GError **error)
{
    g_autoptr(GArray) rows = outcome_rows(result);
    outcome_sort(rows);
    guint all[KIND_COUNT] = {0}, written[KIND_COUNT] = {0};
    g_autoptr(GString) out = g_string_new(NULL);
    g_autoptr(Places) places = places_new(result->root);
    for (guint i = 0; i < rows->len; i++)
        all[kinds[g_array_index(rows, OutcomeRow, i).verdict]]++;
    for (guint i = 0; i < rows->len; i++) {
        const OutcomeRow *row = &g_array_index(rows, OutcomeRow, i);
        Kind kind = kinds[row->verdict];
        if (kind == KIND_NONE || written[kind] == PER_KIND)
            continue;
        written[kind]++;
        append_annotation(out, row, written[kind] == PER_KIND ? all[kind] - PER_KIND : 0, places);
    }
    return text_write(out->str, out->len, stream, error);
}

const Report report_annotations = {
    "annotations",
    "annotations.txt",
    "GitHub workflow commands: an annotation beside the line that grew.",
    annotations_write,
};
