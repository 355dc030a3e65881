#include "yaml_json.h"

#include <json-glib/json-glib.h>
#include <string.h>

/* Limits, because an alias may name a value that contains it, or double the number of values. */
enum { DEEPEST = 32, MOST_VALUES = 4096, LONGEST = 64 * 1024 };

typedef struct {
    YamlFile *yaml;
    JsonBuilder *builder;
    guint depth, values;
} JsonWriting;

/* Is the text a number of JSON: no sign but "-", no leading zeros, no other base? *decimal: set to whether it
 * has a fraction or an exponent. */
static gboolean is_number(const char *text, gboolean *decimal)
{
    const char *at = text + (*text == '-');
    gsize digits = strspn(at, "0123456789");
    if (digits == 0 || (digits > 1 && *at == '0'))
        return FALSE;
    at += digits;
    *decimal = *at != '\0';
    if (*at == '.') {
        digits = strspn(at + 1, "0123456789");
        at += 1 + digits;
        if (digits == 0)
            return FALSE;
    }
    if (*at == 'e' || *at == 'E') {
        at += 1 + (at[1] == '-' || at[1] == '+');
        digits = strspn(at, "0123456789");
        at += digits;
        if (digits == 0)
            return FALSE;
    }
    return *at == '\0';
}

static gboolean write_scalar(JsonWriting *self, yaml_node_t *node, GError **error)
{
    const char *text = yaml_file_text(self->yaml, node, error);
    gboolean plain = node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE, decimal = FALSE;
    if (text == NULL)
        return FALSE;
    if (plain && (strcmp(text, "null") == 0 || *text == '\0' || strcmp(text, "~") == 0)) {
        json_builder_add_null_value(self->builder);
    } else if (plain && (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)) {
        json_builder_add_boolean_value(self->builder, *text == 't');
    } else if (plain && is_number(text, &decimal)) {
        gint64 whole = 0;
        if (decimal)
            json_builder_add_double_value(self->builder, g_ascii_strtod(text, NULL));
        else if (g_ascii_string_to_signed(text, 10, G_MININT64, G_MAXINT64, &whole, NULL))
            json_builder_add_int_value(self->builder, whole);
        else
            return yaml_file_fail(self->yaml, node, error, "expected a number below 2^63, found %s", text);
    } else {
        json_builder_add_string_value(self->builder, text);
    }
    return TRUE;
}

static gboolean write_value(YamlFile *yaml, yaml_node_t *node, gpointer target, GError **error);

static gboolean write_pair(YamlFile *yaml, yaml_node_t *key, yaml_node_t *value, gpointer user_data,
                           GError **error)
{
    JsonWriting *self = user_data;
    json_builder_set_member_name(self->builder, (const char *)key->data.scalar.value);
    return write_value(yaml, value, self, error);
}

/* Writes a mapping or a list. */
static gboolean write_inside(JsonWriting *self, yaml_node_t *node, GError **error)
{
    gboolean written;
    if (node->type == YAML_MAPPING_NODE) {
        json_builder_begin_object(self->builder);
        written = yaml_file_each_pair(self->yaml, node, write_pair, self, error);
        json_builder_end_object(self->builder);
    } else {
        json_builder_begin_array(self->builder);
        written = yaml_file_each_item(self->yaml, node, write_value, self, error);
        json_builder_end_array(self->builder);
    }
    return written;
}

static gboolean write_value(YamlFile *yaml, yaml_node_t *node, gpointer target, GError **error)
{
    JsonWriting *self = target;
    if (++self->values > MOST_VALUES || self->depth >= DEEPEST)
        return yaml_file_fail(yaml, node, error, "expected at most %d values, %d deep, found more",
                              MOST_VALUES, DEEPEST);
    if (node->type == YAML_SCALAR_NODE)
        return write_scalar(self, node, error);
    self->depth++;
    gboolean written = write_inside(self, node, error);
    self->depth--;
    return written;
}

char *yaml_json_text(YamlFile *yaml, yaml_node_t *node, GError **error)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    JsonWriting self = {.yaml = yaml, .builder = builder};
    if (!write_value(yaml, node, &self, error))
        return NULL;
    g_autoptr(JsonNode) root = json_builder_get_root(builder);
    g_autofree char *text = json_to_string(root, FALSE);
    if (strlen(text) <= LONGEST)
        return g_steal_pointer(&text);
    yaml_file_fail(yaml, node, error, "expected at most %d bytes of arguments, found %zu", LONGEST,
                   strlen(text));
    return NULL;
}
