#include "json_walk.h"

#include <math.h>

#include "error.h"

void json_walk_init(JsonWalk *self, const char *name)
{
    *self = (JsonWalk){.name = name, .path = g_string_new(NULL)};
}

void json_walk_clear(JsonWalk *self)
{
    g_string_free(self->path, TRUE);
    g_clear_error(&self->error);
}

gboolean json_walk_failed(const JsonWalk *self)
{
    return self->error != NULL;
}

gsize json_walk_down(JsonWalk *self, const char *member)
{
    gsize at = self->path->len;
    if (at > 0)
        g_string_append_c(self->path, '.');
    g_string_append(self->path, member);
    return at;
}

gsize json_walk_down_index(JsonWalk *self, guint index)
{
    gsize at = self->path->len;
    g_string_append_printf(self->path, "[%u]", index);
    return at;
}

void json_walk_up(JsonWalk *self, gsize at)
{
    g_string_truncate(self->path, at);
}

void json_walk_fail(JsonWalk *self, const char *name, const char *expected, const char *found)
{
    if (self->error != NULL)
        return;
    gsize at = name != NULL ? json_walk_down(self, name) : self->path->len;
    if (self->path->len > 0)
        self->error =
            g_error_new(HEAPGATE_ERROR, HEAPGATE_ERROR_FORMAT, "%s: expected \"%s\" to be %s, found %s",
                        self->name, self->path->str, expected, found);
    else
        self->error = g_error_new(HEAPGATE_ERROR, HEAPGATE_ERROR_FORMAT, "%s: expected %s, found %s",
                                  self->name, expected, found);
    json_walk_up(self, at);
}

static const char *kind_of(JsonNode *node)
{
    switch (json_node_get_node_type(node)) {
    case JSON_NODE_OBJECT:
        return "an object";
    case JSON_NODE_ARRAY:
        return "an array";
    case JSON_NODE_NULL:
        return "null";
    case JSON_NODE_VALUE:
        break;
    }
    GType type = json_node_get_value_type(node);
    return type == G_TYPE_STRING    ? "a string"
           : type == G_TYPE_BOOLEAN ? "a boolean"
           : type == G_TYPE_INT64   ? "a whole number"
                                    : "a fraction";
}

static gboolean is_value(JsonNode *node, GType type)
{
    return JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == type;
}

JsonObject *json_walk_as_object(JsonWalk *self, JsonNode *node)
{
    if (self->error != NULL || node == NULL)
        return NULL;
    if (JSON_NODE_HOLDS_OBJECT(node))
        return json_node_get_object(node);
    json_walk_fail(self, NULL, "an object", kind_of(node));
    return NULL;
}

JsonArray *json_walk_as_array(JsonWalk *self, JsonNode *node)
{
    if (self->error != NULL || node == NULL)
        return NULL;
    if (JSON_NODE_HOLDS_ARRAY(node))
        return json_node_get_array(node);
    json_walk_fail(self, NULL, "an array", kind_of(node));
    return NULL;
}

const char *json_walk_as_string(JsonWalk *self, JsonNode *node)
{
    if (self->error != NULL || node == NULL)
        return NULL;
    if (is_value(node, G_TYPE_STRING))
        return json_node_get_string(node);
    json_walk_fail(self, NULL, "a string", kind_of(node));
    return NULL;
}

gint64 json_walk_as_int(JsonWalk *self, JsonNode *node, gint64 least, gint64 most)
{
    if (self->error != NULL || node == NULL)
        return 0;
    if (!is_value(node, G_TYPE_INT64)) {
        json_walk_fail(self, NULL, "a whole number", kind_of(node));
        return 0;
    }
    gint64 value = json_node_get_int(node);
    if (value >= least && value <= most)
        return value;
    g_autofree char *expected =
        g_strdup_printf("from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT, least, most);
    g_autofree char *found = g_strdup_printf("%" G_GINT64_FORMAT, value);
    json_walk_fail(self, NULL, expected, found);
    return 0;
}

double json_walk_as_number(JsonWalk *self, JsonNode *node)
{
    if (self->error != NULL || node == NULL)
        return 0;
    if (is_value(node, G_TYPE_INT64))
        return (double)json_node_get_int(node);
    double value = is_value(node, G_TYPE_DOUBLE) ? json_node_get_double(node) : NAN;
    if (isfinite(value))
        return value;
    json_walk_fail(self, NULL, "a number", is_value(node, G_TYPE_DOUBLE) ? "one too large" : kind_of(node));
    return 0;
}

JsonNode *json_walk_member(JsonWalk *self, JsonObject *object, const char *member)
{
    if (self->error != NULL || object == NULL)
        return NULL;
    JsonNode *node = json_object_get_member(object, member);
    if (node == NULL)
        json_walk_fail(self, member, "there", "nothing");
    return node;
}

gboolean json_walk_is_null(JsonWalk *self, JsonObject *object, const char *member)
{
    JsonNode *node = json_walk_member(self, object, member);
    return node == NULL || JSON_NODE_HOLDS_NULL(node);
}

JsonObject *json_walk_object(JsonWalk *self, JsonObject *object, const char *member)
{
    JsonNode *node = json_walk_member(self, object, member);
    gsize at = json_walk_down(self, member);
    JsonObject *found = json_walk_as_object(self, node);
    json_walk_up(self, at);
    return found;
}

JsonArray *json_walk_array(JsonWalk *self, JsonObject *object, const char *member)
{
    JsonNode *node = json_walk_member(self, object, member);
    gsize at = json_walk_down(self, member);
    JsonArray *found = json_walk_as_array(self, node);
    json_walk_up(self, at);
    return found;
}

const char *json_walk_string(JsonWalk *self, JsonObject *object, const char *member)
{
    JsonNode *node = json_walk_member(self, object, member);
    gsize at = json_walk_down(self, member);
    const char *found = json_walk_as_string(self, node);
    json_walk_up(self, at);
    return found;
}

const char *json_walk_nullable(JsonWalk *self, JsonObject *object, const char *member)
{
    return json_walk_is_null(self, object, member) ? NULL : json_walk_string(self, object, member);
}

gint64 json_walk_int(JsonWalk *self, JsonObject *object, const char *member, gint64 least, gint64 most)
{
    JsonNode *node = json_walk_member(self, object, member);
    gsize at = json_walk_down(self, member);
    gint64 value = json_walk_as_int(self, node, least, most);
    json_walk_up(self, at);
    return value;
}

void json_walk_each(JsonWalk *self, JsonObject *object, const char *member, JsonWalkElement read,
                    gpointer target)
{
    JsonArray *array = json_walk_array(self, object, member);
    gsize at = json_walk_down(self, member);
    for (guint i = 0; array != NULL && i < json_array_get_length(array) && self->error == NULL; i++) {
        gsize above = json_walk_down_index(self, i);
        read(self, json_array_get_element(array, i), target);
        json_walk_up(self, above);
    }
    json_walk_up(self, at);
}
