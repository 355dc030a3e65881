/* Annotations: GitHub workflow commands, one to a line, which GitHub shows beside the code. It keeps ten of a
 * kind for each step and silently drops the rest; so the worst findings come first, and the tenth says how
 * many more there are. Format: docs.github.com, "Workflow commands for GitHub Actions". */
#include <string.h>

#include "explain.h"
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

/* Escapes the characters in `special` as %XX: newlines would end a command; commas and colons a property. */
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

/* The call site with the largest difference; (transfer none), or NULL. */
static const SiteDelta *largest_delta(const Comparison *comparison)
{
    gboolean shrunk = comparison->verdict == VERDICT_IMPROVED;
    const GPtrArray *deltas = comparison->deltas;
    return deltas->len == 0 ? NULL : g_ptr_array_index(deltas, shrunk ? deltas->len - 1 : 0);
}

static void append_place(GString *properties, const Finding *finding)
{
    if (finding->file == NULL)
        return;
    append_property(properties, "file", finding->file);
    if (finding->line > 0) {
        g_autofree char *line = g_strdup_printf("%u", finding->line);
        append_property(properties, "line", line);
    }
}

/* Appends a comparison's numbers, unless they are what was said already, and its largest call site. */
static void append_evidence(GString *text, const Comparison *comparison, const char *said)
{
    g_autofree char *numbers = explain_comparison(comparison);
    if (strcmp(numbers, said) != 0)
        g_string_append_printf(text, "\n%s", numbers);
    const SiteDelta *delta = largest_delta(comparison);
    if (delta == NULL)
        return;
    g_autofree char *amount = metric_format_signed(comparison->metric, delta->delta_bytes);
    g_autofree char *stack = stack_describe(delta->key, delta->frames, delta->n_frames);
    g_string_append_printf(text, "\n  %s in %s", amount, stack);
}

/* The sentence, the evidence, and what to do. (transfer full). */
static char *message_of(const Finding *finding)
{
    GString *text = g_string_new(finding->sentence);
    for (guint i = 0; i < finding->evidence->len; i++)
        append_evidence(text, g_ptr_array_index(finding->evidence, i), finding->sentence);
    if (finding->growing != NULL)
        append_evidence(text, finding->growing, finding->sentence);
    if (finding->advice != NULL)
        g_string_append_printf(text, "\n%s", finding->advice);
    return g_string_free(text, FALSE);
}

/* more: how many findings of this kind are left out. */
static void append_annotation(GString *out, const Finding *finding, guint more)
{
    g_autofree char *message = message_of(finding);
    g_autofree char *full =
        g_strdup_printf("heapgate: %s %s", finding->title, verdict_name(finding->verdict));
    g_autofree char *cut = text_shorten(full, TITLE_COLUMNS);
    const char *command = commands[kinds[finding->verdict]];
    g_autoptr(GString) properties = g_string_new(NULL);
    append_place(properties, finding);
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

static gboolean annotations_write(const Findings *findings, const ReportOptions *options,
                                  GOutputStream *stream, GError **error)
{
    (void)options;
    guint all[KIND_COUNT] = {0}, written[KIND_COUNT] = {0};
    g_autoptr(GString) out = g_string_new(NULL);
    for (guint i = 0; i < findings->ranked->len; i++)
        all[kinds[((const Finding *)g_ptr_array_index(findings->ranked, i))->verdict]]++;
    for (guint i = 0; i < findings->ranked->len; i++) {
        const Finding *finding = g_ptr_array_index(findings->ranked, i);
        Kind kind = kinds[finding->verdict];
        if (kind == KIND_NONE || written[kind] == PER_KIND)
            continue;
        written[kind]++;
        append_annotation(out, finding, written[kind] == PER_KIND ? all[kind] - PER_KIND : 0);
    }
    return text_write(out->str, out->len, stream, error);
}

const Report report_annotations = {
    "annotations",
    "annotations.txt",
    "GitHub workflow commands: an annotation beside the line that grew.",
    annotations_write,
};
