/* verdict.json: one line of JSON for scripts. Its fields are described in docs/ci.md and held to: they are
 * only added to. */
#include <json-glib/json-glib.h>
#include <string.h>

#include "report.h"
#include "model/text.h"

/* Of the format: raised when a field goes or means something else. */
enum { VERSION = 1 };

static void add_counts(JsonBuilder *builder, const guint counts[VERDICT_COUNT])
{
    json_builder_set_member_name(builder, "counts");
    json_builder_begin_object(builder);
    for (int verdict = 0; verdict < VERDICT_COUNT; verdict++) {
        json_builder_set_member_name(builder, verdict_name(verdict));
        json_builder_add_int_value(builder, counts[verdict]);
    }
    json_builder_end_object(builder);
}

static void add_names(JsonBuilder *builder, const Result *result, Verdict verdict)
{
    json_builder_set_member_name(builder, verdict_name(verdict));
    json_builder_begin_array(builder);
    for (guint i = 0; i < result->scenarios->len; i++) {
        const ScenarioResult *scenario = g_ptr_array_index(result->scenarios, i);
        g_autofree char *name = text_line(scenario->name);
        if (finding_scenario_verdict(scenario) == verdict)
            json_builder_add_string_value(builder, name);
    }
    json_builder_end_array(builder);
}

static void add_string(JsonBuilder *builder, const char *name, const char *text)
{
    g_autofree char *line = text_line(text);
    json_builder_set_member_name(builder, name);
    json_builder_add_string_value(builder, line);
}

static void add_int(JsonBuilder *builder, const char *name, gint64 number)
{
    json_builder_set_member_name(builder, name);
    json_builder_add_int_value(builder, number);
}

/* file: NULL, and line: 0, where they are not known. */
static void add_place(JsonBuilder *builder, const char *file, guint line)
{
    if (file != NULL)
        add_string(builder, "file", file);
    if (line > 0)
        add_int(builder, "line", line);
}

/* Where the call sites are that made the verdict, the largest first. */
static void add_places(JsonBuilder *builder, const Finding *finding)
{
    json_builder_set_member_name(builder, "places");
    json_builder_begin_array(builder);
    for (guint i = 0; i < finding->places->len; i++) {
        const FindingPlace *place = g_ptr_array_index(finding->places, i);
        json_builder_begin_object(builder);
        add_string(builder, "function", place->function);
        add_place(builder, place->file, place->line);
        add_string(builder, "metric", metric_get(place->metric)->name);
        add_int(builder, "delta", place->delta);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

static void add_finding(JsonBuilder *builder, const Finding *finding)
{
    json_builder_begin_object(builder);
    add_string(builder, "scenario", finding->scenario_name);
    add_string(builder, "instrument", finding->instrument_name);
    add_string(builder, "verdict", verdict_name(finding->verdict));
    add_place(builder, finding->file, finding->line);
    add_string(builder, "sentence", finding->sentence);
    if (strcmp(finding->numbers, finding->sentence) != 0)
        add_string(builder, "numbers", finding->numbers);
    if (finding->advice != NULL)
        add_string(builder, "advice", finding->advice);
    add_places(builder, finding);
    json_builder_end_object(builder);
}

/* The findings that did not pass. findings: the worst first. */
static void add_findings(JsonBuilder *builder, const GPtrArray *findings)
{
    json_builder_set_member_name(builder, "findings");
    json_builder_begin_array(builder);
    for (guint i = 0; i < findings->len; i++) {
        const Finding *finding = g_ptr_array_index(findings, i);
        if (finding->verdict == VERDICT_PASS)
            break;
        add_finding(builder, finding);
    }
    json_builder_end_array(builder);
}

static JsonNode *verdict_node(const Findings *findings)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_object(builder);
    json_builder_set_member_name(builder, "verdict");
    json_builder_add_string_value(builder, verdict_name(findings->verdict));
    json_builder_set_member_name(builder, "exit_status");
    json_builder_add_int_value(builder, verdict_exit_status(findings->verdict));
    json_builder_set_member_name(builder, "scenarios");
    json_builder_add_int_value(builder, findings->result->scenarios->len);
    add_counts(builder, findings->counts);
    for (int verdict = VERDICT_COUNT - 1; verdict > VERDICT_PASS; verdict--)
        add_names(builder, findings->result, verdict);
    add_findings(builder, findings->ranked);
    add_int(builder, "version", VERSION);
    json_builder_end_object(builder);
    return json_builder_get_root(builder);
}

static gboolean verdict_write(const Findings *findings, const ReportOptions *options, GOutputStream *stream,
                              GError **error)
{
    (void)options;
    JsonNode *root = verdict_node(findings);
    g_autofree char *json = json_to_string(root, FALSE), *line = g_strconcat(json, "\n", NULL);
    json_node_unref(root);
    return text_write(line, strlen(line), stream, error);
}

const Report report_verdict = {
    "verdict",
    "verdict.json",
    "One line of JSON for scripts: verdict, exit status, counts, names, findings with their places.",
    verdict_write,
};
