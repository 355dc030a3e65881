/* Reads reports/result.json, which result_json.c writes. The bytes are untrusted. After the first error the
 * walk returns nothing more, and what was made so far is freed. Unknown members are ignored. */
#include <json-glib/json-glib.h>
#include <string.h>

#include "error.h"
#include "json_scan.h"
#include "json_walk.h"
#include "result_json.h"
#include "result_json_format.h"
#include "stack_reader.h"
#include "model/text.h"

static gint64 read_bytes(JsonWalk *walk, JsonObject *object, const char *member)
{
    return json_walk_int(walk, object, member, -RESULT_JSON_LARGEST, RESULT_JSON_LARGEST);
}

static gint64 read_duration(JsonWalk *walk, JsonObject *object)
{
    return json_walk_int(walk, object, "duration_us", 0, RESULT_JSON_LONGEST_US);
}

/* Fails because of an unknown name, which the message quotes. */
static void refuse_name(JsonWalk *walk, const char *member, const char *name, const char *expected)
{
    g_autofree char *clean = text_shorten(name, 40), *found = g_strdup_printf("\"%s\"", clean);
    json_walk_fail(walk, member, expected, found);
}

static Verdict read_verdict(JsonWalk *walk, JsonObject *object)
{
    const char *name = json_walk_string(walk, object, "verdict");
    int verdict = name != NULL ? verdict_find(name) : 0;
    if (verdict >= 0)
        return verdict;
    refuse_name(walk, "verdict", name, "pass, improved, new, incomparable, broken or regressed");
    return VERDICT_BROKEN;
}

typedef struct {
    void (*read)(JsonWalk *walk, JsonObject *object, gpointer target);
    gpointer target;
} ObjectReader;

static void read_object(JsonWalk *walk, JsonNode *node, gpointer target)
{
    const ObjectReader *reader = target;
    JsonObject *object = json_walk_as_object(walk, node);
    if (object != NULL)
        reader->read(walk, object, reader->target);
}

/* Reads an array of objects, element by element. */
static void read_each(JsonWalk *walk, JsonObject *object, const char *member,
                      void (*read)(JsonWalk *walk, JsonObject *object, gpointer target), gpointer target)
{
    ObjectReader reader = {read, target};
    json_walk_each(walk, object, member, read_object, &reader);
}

static void read_call_site(JsonWalk *walk, JsonObject *object, gpointer target)
{
    gint64 bytes = read_bytes(walk, object, "bytes"), blocks = read_bytes(walk, object, "blocks");
    g_autoptr(GArray) frames = stack_reader_take(walk->context, walk, object);
    g_autofree char *key = call_site_key((const Frame *)(gpointer)frames->data, frames->len);
    if (call_sites_find(target, key) != NULL)
        json_walk_fail(walk, NULL, "a new call site", "one that was there before");
    if (!json_walk_failed(walk))
        call_sites_add(target, (const Frame *)(gpointer)frames->data, frames->len, bytes, blocks);
}

static MetricId read_metric_name(JsonWalk *walk, JsonObject *object)
{
    const char *name = json_walk_string(walk, object, "metric");
    int id = name != NULL ? metric_find(name) : 0;
    if (id >= 0)
        return id;
    refuse_name(walk, "metric", name, "a metric's name");
    return 0;
}

/* A table of call sites, (transfer full), or NULL where the member is null. */
static CallSites *read_call_sites(JsonWalk *walk, JsonObject *object, const char *member)
{
    if (json_walk_is_null(walk, object, member))
        return NULL;
    CallSites *sites = call_sites_new();
    read_each(walk, object, member, read_call_site, sites);
    return sites;
}

static void read_figure(JsonWalk *walk, JsonObject *object, gpointer target)
{
    Measurement *measurement = target;
    MetricId id = read_metric_name(walk, object);
    gint64 value = read_bytes(walk, object, "value");
    CallSites *sites = read_call_sites(walk, object, "call_sites");
    if (measurement_find(measurement, id) != NULL)
        json_walk_fail(walk, "metric", "a new metric", "one that was there before");
    Figure *figure = measurement_set(measurement, id, value, sites);
    if (!json_walk_failed(walk) && json_object_has_member(object, "sees"))
        figure->bound = read_bytes(walk, object, "sees");
    if (!json_walk_failed(walk) && json_object_has_member(object, "cutoff") && sites != NULL)
        call_sites_set_cutoff(sites, read_bytes(walk, object, "cutoff"));
    if (!json_walk_failed(walk) && json_object_has_member(object, "doubtful"))
        figure->doubtful = read_call_sites(walk, object, "doubtful");
    if (!json_walk_failed(walk) && json_object_has_member(object, "moved"))
        figure->moved = read_call_sites(walk, object, "moved");
}

static void read_mark(JsonWalk *walk, JsonObject *object, gpointer target)
{
    measurement_add_mark(target, json_walk_string(walk, object, "name"), read_bytes(walk, object, "bytes"));
}

static void read_process(JsonWalk *walk, JsonObject *object, gpointer target)
{
    measurement_add_process(
        target, read_bytes(walk, object, "pid"), json_walk_nullable(walk, object, "command"),
        read_bytes(walk, object, "peak_bytes"), read_bytes(walk, object, "retained_bytes"));
}

static void read_point(JsonWalk *walk, JsonNode *node, gpointer target)
{
    Measurement *measurement = target;
    JsonArray *pair = json_walk_as_array(walk, node);
    if (pair == NULL)
        return;
    guint length = json_array_get_length(pair);
    if (length != 2 && length != 3) {
        json_walk_fail(walk, NULL, "a time and one or two numbers of bytes", "an array of another length");
        return;
    }
    TimelinePoint point = {0};
    gsize at = json_walk_down_index(walk, 0);
    point.time = json_walk_as_number(walk, json_array_get_element(pair, 0));
    json_walk_up(walk, at);
    json_walk_down_index(walk, 1);
    point.bytes =
        json_walk_as_int(walk, json_array_get_element(pair, 1), -RESULT_JSON_LARGEST, RESULT_JSON_LARGEST);
    json_walk_up(walk, at);
    if (length == 3) {
        json_walk_down_index(walk, 2);
        point.rss_bytes = json_walk_as_int(walk, json_array_get_element(pair, 2), 0, RESULT_JSON_LARGEST);
        json_walk_up(walk, at);
    }
    g_array_append_val(measurement->timeline, point);
}

static void read_timeline(JsonWalk *walk, JsonObject *object, Measurement *measurement)
{
    JsonObject *timeline = json_walk_object(walk, object, "timeline");
    gsize at = json_walk_down(walk, "timeline");
    measurement->time_unit = g_strdup(json_walk_nullable(walk, timeline, "unit"));
    json_walk_each(walk, timeline, "points", read_point, measurement);
    json_walk_up(walk, at);
}

/* target: a GPtrArray of char *. */
static void read_text(JsonWalk *walk, JsonNode *node, gpointer target)
{
    const char *text = json_walk_as_string(walk, node);
    if (text != NULL)
        g_ptr_array_add(target, g_strdup(text));
}

static void read_notes(JsonWalk *walk, JsonObject *object, const char *name, GPtrArray *sentences)
{
    if (!json_walk_failed(walk) && json_object_has_member(object, name))
        json_walk_each(walk, object, name, read_text, sentences);
}

static Measurement *read_measurement(JsonWalk *walk, JsonObject *instrument, const char *name)
{
    Measurement *self = measurement_new(name);
    JsonObject *object = json_walk_object(walk, instrument, "measurement");
    gsize at = json_walk_down(walk, "measurement");
    self->tool = g_strdup(json_walk_nullable(walk, object, "tool"));
    self->problem = g_strdup(json_walk_nullable(walk, object, "problem"));
    self->duration_us = read_duration(walk, object);
    self->iterations = (guint)json_walk_int(walk, object, "iterations", 0, G_MAXUINT);
    self->warmup = (guint)json_walk_int(walk, object, "warmup", 0, G_MAXUINT);
    self->reachable_bytes = read_bytes(walk, object, "reachable_bytes");
    if (!json_walk_failed(walk) && json_object_has_member(object, "sample_bytes"))
        self->sample_bytes = read_bytes(walk, object, "sample_bytes");
    read_each(walk, object, "figures", read_figure, self);
    read_each(walk, object, "marks", read_mark, self);
    read_each(walk, object, "processes", read_process, self);
    read_notes(walk, object, "notes", self->notes);
    read_notes(walk, object, "details", self->details);
    read_timeline(walk, object, self);
    json_walk_up(walk, at);
    return self;
}

static void read_delta(JsonWalk *walk, JsonObject *object, gpointer target)
{
    g_autoptr(GArray) stack = stack_reader_take(walk->context, walk, object);
    const Frame *frames = (const Frame *)(gpointer)stack->data;
    g_autofree char *key = json_object_has_member(object, "key")
                               ? g_strdup(json_walk_string(walk, object, "key"))
                               : call_site_key(frames, stack->len);
    SiteDelta *delta =
        site_delta_new(key, frames, stack->len, read_bytes(walk, object, "base_bytes"),
                       read_bytes(walk, object, "now_bytes"), read_bytes(walk, object, "delta_blocks"));
    g_ptr_array_add(target, delta);
}

static void read_comparison(JsonWalk *walk, JsonObject *object, gpointer target)
{
    g_autoptr(Comparison) self = comparison_new(read_metric_name(walk, object));
    self->verdict = read_verdict(walk, object);
    self->has_base = !json_walk_is_null(walk, object, "base");
    self->base = self->has_base ? read_bytes(walk, object, "base") : 0;
    self->now = read_bytes(walk, object, "now");
    self->spread = read_bytes(walk, object, "spread");
    self->limit = read_bytes(walk, object, "limit");
    if (!json_walk_failed(walk) && json_object_has_member(object, "ceiling"))
        self->is_ceiling = json_walk_int(walk, object, "ceiling", 0, 1) != 0;
    if (!json_walk_failed(walk) && json_object_has_member(object, "agreeing"))
        self->agreeing = (guint)json_walk_int(walk, object, "agreeing", 0, G_MAXUINT);
    if (!json_walk_failed(walk) && json_object_has_member(object, "runs"))
        self->runs = (guint)json_walk_int(walk, object, "runs", 0, G_MAXUINT);
    self->sentence = g_strdup(json_walk_nullable(walk, object, "sentence"));
    read_each(walk, object, "deltas", read_delta, self->deltas);
    if (!json_walk_failed(walk) && json_object_has_member(object, "owners"))
        read_each(walk, object, "owners", read_delta, self->owners);
    instrument_result_add(target, g_steal_pointer(&self));
}

/* The worse of two verdicts counts, the one in the file and the one that follows from the parts: so an edited
 * file does not pass. */
static void read_instrument(JsonWalk *walk, JsonObject *object, gpointer target)
{
    const char *name = json_walk_string(walk, object, "instrument");
    g_autoptr(InstrumentResult) self = instrument_result_new(read_measurement(walk, object, name));
    self->verdict = read_verdict(walk, object);
    self->sentence = g_strdup(json_walk_nullable(walk, object, "sentence"));
    read_each(walk, object, "comparisons", read_comparison, self);
    scenario_result_add(target, g_steal_pointer(&self));
}

static Environment *read_environment(JsonWalk *walk, JsonObject *object)
{
    if (json_walk_is_null(walk, object, "environment"))
        return NULL;
    JsonObject *found = json_walk_object(walk, object, "environment");
    gsize at = json_walk_down(walk, "environment");
    Environment *self = g_new0(Environment, 1);
    self->platform = g_strdup(json_walk_nullable(walk, found, "platform"));
    self->architecture = g_strdup(json_walk_nullable(walk, found, "architecture"));
    self->libc = g_strdup(json_walk_nullable(walk, found, "libc"));
    self->python = g_strdup(json_walk_nullable(walk, found, "python"));
    if (!json_walk_failed(walk) && json_object_has_member(found, "processors"))
        self->processors = json_walk_int(walk, found, "processors", 0, G_MAXINT32);
    json_walk_up(walk, at);
    return self;
}

static void read_scenario(JsonWalk *walk, JsonObject *object, gpointer target)
{
    g_autoptr(GPtrArray) tags = g_ptr_array_new_null_terminated(0, g_free, TRUE);
    json_walk_each(walk, object, "tags", read_text, tags);
    g_autoptr(ScenarioResult) self =
        scenario_result_new(json_walk_string(walk, object, "name"), json_walk_nullable(walk, object, "about"),
                            json_walk_nullable(walk, object, "file"), (const char *const *)tags->pdata);
    self->verdict = read_verdict(walk, object);
    self->environment = read_environment(walk, object);
    read_each(walk, object, "instruments", read_instrument, self);
    self->duration_us = read_duration(walk, object);
    result_add(target, g_steal_pointer(&self));
}

static gboolean check_version(JsonWalk *walk, JsonObject *root)
{
    const char *format = json_walk_string(walk, root, "format");
    if (format != NULL && strcmp(format, RESULT_JSON_FORMAT) != 0)
        json_walk_fail(walk, "format", "\"" RESULT_JSON_FORMAT "\"", "something else");
    gint64 version = json_walk_int(walk, root, "version", 0, G_MAXINT);
    if (json_walk_failed(walk) || version == RESULT_JSON_VERSION)
        return !json_walk_failed(walk);
    g_autofree char *found =
        g_strdup_printf("%" G_GINT64_FORMAT ": another heapgate wrote it; run the scenarios again "
                        "with this one, or read it with that one",
                        version);
    json_walk_fail(walk, "version", G_STRINGIFY(RESULT_JSON_VERSION), found);
    return FALSE;
}

static Result *read_result(JsonWalk *walk, JsonNode *node)
{
    JsonObject *root = json_walk_as_object(walk, node);
    if (root == NULL || !check_version(walk, root))
        return NULL;
    g_autoptr(Result) self =
        result_new(json_walk_string(walk, root, "heapgate"), json_walk_string(walk, root, "platform"),
                   json_walk_string(walk, root, "started"));
    self->commit = g_strdup(json_walk_nullable(walk, root, "commit"));
    self->root = g_strdup(json_walk_nullable(walk, root, "root"));
    self->duration_us = read_duration(walk, root);
    self->verdict = read_verdict(walk, root);
    g_autoptr(StackReader) stacks = stack_reader_new(walk, root);
    walk->context = stacks;
    read_each(walk, root, "scenarios", read_scenario, self);
    return json_walk_failed(walk) ? NULL : g_steal_pointer(&self);
}

/* Uses json-glib's message with the file's name instead of "<data>", which it calls bytes in memory. */
static void set_parse_error(const char *name, const char *message, GError **error)
{
    const char *prefix = "<data>:";
    if (g_str_has_prefix(message, prefix))
        message += strlen(prefix);
    g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_FORMAT,
                "%s:%s (expected the JSON of a heapgate result)", name, message);
}

Result *result_json_read(const char *bytes, gsize length, const char *name, GError **error)
{
    if (!json_scan(bytes, length, name, error))
        return NULL;
    g_autoptr(JsonParser) parser = json_parser_new_immutable();
    g_autoptr(GError) wrong = NULL;
    if (!json_parser_load_from_data(parser, bytes, (gssize)length, &wrong)) {
        set_parse_error(name, wrong->message, error);
        return NULL;
    }
    if (json_parser_get_root(parser) == NULL) {
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_FORMAT,
                    "%s: expected a heapgate result, found nothing", name);
        return NULL;
    }
    JsonWalk walk;
    json_walk_init(&walk, name);
    Result *result = read_result(&walk, json_parser_get_root(parser));
    if (walk.error != NULL)
        g_propagate_error(error, g_steal_pointer(&walk.error));
    json_walk_clear(&walk);
    return result;
}

/* Moves behind white space and this token; NULL where another follows. at: NULL: returns NULL. */
static const char *skip_token(const char *at, const char *end, const char *token)
{
    while (at != NULL && at < end && strchr(" \t\r\n", *at) != NULL && *at != '\0')
        at++;
    gsize length = strlen(token);
    if (at == NULL || (gsize)(end - at) < length || memcmp(at, token, length) != 0)
        return NULL;
    return at + length;
}

gboolean result_json_recognise(const char *bytes, gsize length)
{
    const char *const tokens[] = {"{", "\"format\"", ":", "\"" RESULT_JSON_FORMAT "\""};
    const char *at = bytes;
    for (gsize i = 0; i < G_N_ELEMENTS(tokens); i++)
        at = skip_token(at, bytes + length, tokens[i]);
    return at != NULL;
}
