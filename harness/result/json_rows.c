#include "json_rows.h"

typedef struct {
    GString *text;
    JsonGenerator *generator;
    guint depth;
} Rows;

static void append_node(Rows *self, JsonNode *node);

static void append_line(Rows *self, JsonNode *node)
{
    json_generator_set_root(self->generator, node);
    json_generator_to_gstring(self->generator, self->text);
}

static void append_newline(Rows *self)
{
    g_string_append_c(self->text, '\n');
    for (guint i = 0; i < self->depth; i++)
        g_string_append_c(self->text, ' ');
}

static void begin_bracket(Rows *self, char bracket)
{
    g_string_append_c(self->text, bracket);
    self->depth++;
    append_newline(self);
}

static void end_bracket(Rows *self, char bracket)
{
    self->depth--;
    append_newline(self);
    g_string_append_c(self->text, bracket);
}

/* The comma and newline between two elements. i: which element follows; 0: none comes before it. */
static void append_separator(Rows *self, guint i)
{
    if (i == 0)
        return;
    g_string_append_c(self->text, ',');
    append_newline(self);
}

static void append_array(Rows *self, JsonArray *array)
{
    begin_bracket(self, '[');
    for (guint i = 0; i < json_array_get_length(array); i++) {
        append_separator(self, i);
        append_node(self, json_array_get_element(array, i));
    }
    end_bracket(self, ']');
}

static void append_object(Rows *self, JsonObject *object)
{
    JsonObjectIter iter;
    const char *name = NULL;
    JsonNode *node = NULL;
    begin_bracket(self, '{');
    json_object_iter_init_ordered(&iter, object);
    for (guint i = 0; json_object_iter_next_ordered(&iter, &name, &node); i++) {
        append_separator(self, i);
        g_autoptr(JsonNode) key = json_node_init_string(json_node_alloc(), name);
        append_line(self, key);
        g_string_append_c(self->text, ':');
        append_node(self, node);
    }
    end_bracket(self, '}');
}

static gboolean is_container(JsonNode *node)
{
    return JSON_NODE_HOLDS_OBJECT(node) || JSON_NODE_HOLDS_ARRAY(node);
}

static gboolean array_has_containers(JsonArray *array)
{
    for (guint i = 0; i < json_array_get_length(array); i++)
        if (is_container(json_array_get_element(array, i)))
            return TRUE;
    return FALSE;
}

static gboolean object_has_containers(JsonObject *object)
{
    JsonObjectIter iter;
    JsonNode *node = NULL;
    json_object_iter_init(&iter, object);
    while (json_object_iter_next(&iter, NULL, &node))
        if (is_container(node))
            return TRUE;
    return FALSE;
}

static void append_node(Rows *self, JsonNode *node)
{
    if (JSON_NODE_HOLDS_ARRAY(node) && array_has_containers(json_node_get_array(node)))
        append_array(self, json_node_get_array(node));
    else if (JSON_NODE_HOLDS_OBJECT(node) && object_has_containers(json_node_get_object(node)))
        append_object(self, json_node_get_object(node));
    else
        append_line(self, node);
}

GString *json_rows(JsonNode *root)
{
    g_autoptr(JsonGenerator) generator = json_generator_new();
    Rows rows = {.text = g_string_new(NULL), .generator = generator};
    append_node(&rows, root);
    g_string_append_c(rows.text, '\n');
    return rows.text;
}
