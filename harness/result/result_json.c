/* Writes reports/result.json. result_json_read.c reads it member by member in the same order. */
#include "result_json.h"

#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

#include "json_rows.h"
#include "result_json_format.h"
#include "stack_writer.h"
#include "model/text.h"

static void member(JsonBuilder *out, const char *name)
{
    json_builder_set_member_name(out, name);
}

/* Clamped to what the reader accepts; no real number is beyond that. */
static void add_int_value(JsonBuilder *out, gint64 value)
{
    json_builder_add_int_value(out, CLAMP(value, -RESULT_JSON_LARGEST, RESULT_JSON_LARGEST));
}

static void add_int(JsonBuilder *out, const char *name, gint64 value)
{
    member(out, name);
    add_int_value(out, value);
}

static void add_duration(JsonBuilder *out, gint64 duration_us)
{
    add_int(out, "duration_us", CLAMP(duration_us, 0, RESULT_JSON_LONGEST_US));
}

/* JSON is UTF-8, so invalid bytes become U+FFFD. json-glib escapes control characters. */
static void add_text_value(JsonBuilder *out, const char *text)
{
    g_autofree char *valid = text != NULL ? g_utf8_make_valid(text, -1) : NULL;
    if (valid != NULL)
        json_builder_add_string_value(out, valid);
    else
        json_builder_add_null_value(out);
}

static void add_text(JsonBuilder *out, const char *name, const char *text)
{
    member(out, name);
    add_text_value(out, text);
}

/* A time with at most three decimals, and large ones as whole numbers: json-glib writes the double 1e+17 as
 * "1e+17.0", which is not JSON. */
static void add_time(JsonBuilder *out, double time)
{
    double limit = (double)RESULT_JSON_LARGEST;
    double value = isfinite(time) ? CLAMP(time, -limit, limit) : 0;
    value = fabs(value) < RESULT_JSON_FRACTION_LIMIT ? round(value * 1000) / 1000 : round(value);
    if (value == floor(value))
        json_builder_add_int_value(out, (gint64)value);
    else
        json_builder_add_double_value(out, value);
}

/* Adds a member that is an array with one object for each element, filled by add(out, [stacks, ] element). */
#define ADD_ARRAY(out, name, array, add, ...)                                                                \
    do {                                                                                                     \
        member((out), (name));                                                                               \
        json_builder_begin_array(out);                                                                       \
        for (guint i_ = 0; i_ < (array)->len; i_++) {                                                        \
            json_builder_begin_object(out);                                                                  \
            add((out), ##__VA_ARGS__, g_ptr_array_index((array), i_));                                       \
            json_builder_end_object(out);                                                                    \
        }                                                                                                    \
        json_builder_end_array(out);                                                                         \
    } while (0)

/* A stack as its index in the table of stacks, or null where it has no frames. */
static void add_stack(JsonBuilder *out, StackWriter *stacks, const GPtrArray *frames)
{
    member(out, "stack");
    if (frames->len > 0)
        json_builder_add_int_value(out, stack_writer_add(stacks, frames));
    else
        json_builder_add_null_value(out);
}

static void add_call_sites(JsonBuilder *out, StackWriter *stacks, const char *name, const CallSites *sites)
{
    member(out, name);
    if (sites == NULL) {
        json_builder_add_null_value(out);
        return;
    }
    g_autoptr(GPtrArray) frames = g_ptr_array_new();
    json_builder_begin_array(out);
    for (guint i = 0; i < call_sites_count(sites); i++) {
        call_sites_frames(sites, i, frames);
        json_builder_begin_object(out);
        add_int(out, "bytes", call_sites_bytes(sites, i));
        add_int(out, "blocks", call_sites_blocks(sites, i));
        add_stack(out, stacks, frames);
        json_builder_end_object(out);
    }
    json_builder_end_array(out);
}

static void add_figure(JsonBuilder *out, StackWriter *stacks, const Figure *figure)
{
    add_text(out, "metric", metric_get(figure->metric)->name);
    add_int(out, "value", figure->value);
    if (figure->bound > 0)
        add_int(out, "sees", figure->bound);
    if (figure->sites != NULL && call_sites_cutoff(figure->sites) > 0)
        add_int(out, "cutoff", call_sites_cutoff(figure->sites));
    add_call_sites(out, stacks, "call_sites", figure->sites);
    if (figure->doubtful != NULL)
        add_call_sites(out, stacks, "doubtful", figure->doubtful);
    if (figure->moved != NULL)
        add_call_sites(out, stacks, "moved", figure->moved);
}

static void add_mark(JsonBuilder *out, const Mark *mark)
{
    add_text(out, "name", mark->name);
    add_int(out, "bytes", mark->bytes);
}

static void add_process(JsonBuilder *out, const MeasuredProcess *process)
{
    add_int(out, "pid", process->pid);
    add_text(out, "command", process->command);
    add_int(out, "peak_bytes", process->peak_bytes);
    add_int(out, "retained_bytes", process->retained_bytes);
}

/* Points are [time, bytes] or, where resident memory was measured, [time, bytes, resident bytes]. */
static void add_timeline(JsonBuilder *out, const Measurement *measurement)
{
    member(out, "timeline");
    json_builder_begin_object(out);
    add_text(out, "unit", measurement->time_unit);
    member(out, "points");
    json_builder_begin_array(out);
    for (guint i = 0; i < measurement->timeline->len; i++) {
        const TimelinePoint *point = &g_array_index(measurement->timeline, TimelinePoint, i);
        json_builder_begin_array(out);
        add_time(out, point->time);
        add_int_value(out, point->bytes);
        if (point->rss_bytes > 0)
            add_int_value(out, point->rss_bytes);
        json_builder_end_array(out);
    }
    json_builder_end_array(out);
    json_builder_end_object(out);
}

/* The member is left out where there are none. */
static void add_notes(JsonBuilder *out, const char *name, const GPtrArray *notes)
{
    if (notes->len == 0)
        return;
    member(out, name);
    json_builder_begin_array(out);
    for (guint i = 0; i < notes->len; i++)
        add_text_value(out, g_ptr_array_index(notes, i));
    json_builder_end_array(out);
}

static void add_measurement(JsonBuilder *out, StackWriter *stacks, const Measurement *measurement)
{
    member(out, "measurement");
    json_builder_begin_object(out);
    add_text(out, "tool", measurement->tool);
    add_text(out, "problem", measurement->problem);
    add_duration(out, measurement->duration_us);
    add_int(out, "iterations", measurement->iterations);
    add_int(out, "warmup", measurement->warmup);
    add_int(out, "reachable_bytes", measurement->reachable_bytes);
    if (measurement->sample_bytes > 0)
        add_int(out, "sample_bytes", measurement->sample_bytes);
    ADD_ARRAY(out, "figures", measurement->figures, add_figure, stacks);
    ADD_ARRAY(out, "marks", measurement->marks, add_mark);
    ADD_ARRAY(out, "processes", measurement->processes, add_process);
    add_notes(out, "notes", measurement->notes);
    add_notes(out, "details", measurement->details);
    add_timeline(out, measurement);
    json_builder_end_object(out);
}

/* "key" is written only where it is not the key of the frames: a baseline's call site has a key alone, and
 * its frames were read from that. */
static void add_delta(JsonBuilder *out, StackWriter *stacks, const SiteDelta *delta)
{
    g_autofree char *key = call_site_key(delta->frames, delta->n_frames);
    if (g_strcmp0(key, delta->key) != 0)
        add_text(out, "key", delta->key);
    add_int(out, "base_bytes", delta->base_bytes);
    add_int(out, "now_bytes", delta->now_bytes);
    add_int(out, "delta_blocks", delta->delta_blocks);
    g_autoptr(GPtrArray) frames = g_ptr_array_new();
    for (guint i = 0; i < delta->n_frames; i++)
        g_ptr_array_add(frames, &delta->frames[i]);
    add_stack(out, stacks, frames);
}

static void add_comparison(JsonBuilder *out, StackWriter *stacks, const Comparison *comparison)
{
    add_text(out, "metric", metric_get(comparison->metric)->name);
    add_text(out, "verdict", verdict_name(comparison->verdict));
    member(out, "base");
    if (comparison->has_base)
        add_int_value(out, comparison->base);
    else
        json_builder_add_null_value(out);
    add_int(out, "now", comparison->now);
    add_int(out, "spread", comparison->spread);
    add_int(out, "limit", comparison->limit);
    if (comparison->is_ceiling)
        add_int(out, "ceiling", 1);
    if (comparison->agreeing > 0)
        add_int(out, "agreeing", comparison->agreeing);
    if (comparison->runs > 0)
        add_int(out, "runs", comparison->runs);
    add_text(out, "sentence", comparison->sentence);
    ADD_ARRAY(out, "deltas", comparison->deltas, add_delta, stacks);
    if (comparison->owners->len > 0)
        ADD_ARRAY(out, "owners", comparison->owners, add_delta, stacks);
}

static void add_instrument(JsonBuilder *out, StackWriter *stacks, const InstrumentResult *instrument)
{
    add_text(out, "instrument", instrument->instrument);
    add_text(out, "verdict", verdict_name(instrument->verdict));
    add_text(out, "sentence", instrument->sentence);
    ADD_ARRAY(out, "comparisons", instrument->comparisons, add_comparison, stacks);
    add_measurement(out, stacks, instrument->measurement);
}

static void add_environment(JsonBuilder *out, const Environment *environment)
{
    member(out, "environment");
    if (environment == NULL) {
        json_builder_add_null_value(out);
        return;
    }
    json_builder_begin_object(out);
    add_text(out, "platform", environment->platform);
    add_text(out, "architecture", environment->architecture);
    add_text(out, "libc", environment->libc);
    add_text(out, "python", environment->python);
    if (environment->processors > 0)
        add_int(out, "processors", environment->processors);
    json_builder_end_object(out);
}

static void add_scenario(JsonBuilder *out, StackWriter *stacks, const ScenarioResult *scenario)
{
    add_text(out, "name", scenario->name);
    add_text(out, "about", scenario->about);
    add_text(out, "file", scenario->file);
    member(out, "tags");
    json_builder_begin_array(out);
    for (GStrv tag = scenario->tags; *tag != NULL; tag++)
        add_text_value(out, *tag);
    json_builder_end_array(out);
    add_text(out, "verdict", verdict_name(scenario->verdict));
    add_duration(out, scenario->duration_us);
    add_environment(out, scenario->environment);
    ADD_ARRAY(out, "instruments", scenario->instruments, add_instrument, stacks);
}

/* The tables of frames and stacks come last, below what people look for. */
static void add_result(JsonBuilder *out, const Result *result)
{
    g_autoptr(StackWriter) stacks = stack_writer_new();
    add_text(out, "format", RESULT_JSON_FORMAT);
    add_int(out, "version", RESULT_JSON_VERSION);
    add_text(out, "heapgate", result->version);
    add_text(out, "platform", result->platform);
    add_text(out, "started", result->started);
    add_text(out, "commit", result->commit);
    add_text(out, "root", result->root);
    add_duration(out, result->duration_us);
    add_text(out, "verdict", verdict_name(result->verdict));
    member(out, "counts");
    json_builder_begin_object(out);
    for (int verdict = 0; verdict < VERDICT_COUNT; verdict++)
        add_int(out, verdict_name(verdict), result->counts[verdict]);
    json_builder_end_object(out);
    ADD_ARRAY(out, "scenarios", result->scenarios, add_scenario, stacks);
    stack_writer_write(stacks, out);
}

gboolean result_json_write(const Result *result, GOutputStream *stream, GError **error)
{
    g_autoptr(JsonBuilder) out = json_builder_new();
    json_builder_begin_object(out);
    add_result(out, result);
    json_builder_end_object(out);
    g_autoptr(JsonNode) root = json_builder_get_root(out);
    GString *text = json_rows(root);
    gboolean written = text_write(text->str, text->len, stream, error);
    g_string_free(text, TRUE);
    return written;
}
