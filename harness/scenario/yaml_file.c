#include "yaml_file.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "error.h"
#include "model/units.h"

/* A file that is being parsed, with its bytes, in which find_place counts lines. */
typedef struct {
    yaml_parser_t parser;
    const unsigned char *bytes;
    gsize length;
} Source;

/* The place of the parser's error. Of bytes that are no text the parser knows the offset alone. */
static void find_place(const Source *source, gsize *line, gsize *column)
{
    const yaml_parser_t *parser = &source->parser;
    *line = parser->problem_mark.line + 1;
    *column = parser->problem_mark.column + 1;
    if (parser->error != YAML_READER_ERROR)
        return;
    *line = *column = 1;
    for (gsize i = 0; i < MIN(parser->problem_offset, source->length); i++) {
        gboolean begins_character = (source->bytes[i] & 0xC0) != 0x80;
        *column = source->bytes[i] == '\n' ? 1 : *column + begins_character;
        *line += source->bytes[i] == '\n';
    }
}

static void set_parser_error(const Source *source, const char *name, GError **error)
{
    const yaml_parser_t *parser = &source->parser;
    gsize line = 0, column = 0;
    find_place(source, &line, &column);
    g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_CONFIG, "%s:%zu:%zu: this is not YAML: %s%s%s", name,
                line, column, parser->problem != NULL ? parser->problem : "out of memory",
                parser->context != NULL ? ", " : "", parser->context != NULL ? parser->context : "");
}

static void source_init(Source *self, const char *bytes, gsize length)
{
    if (!yaml_parser_initialize(&self->parser))
        g_error("out of memory");
    self->bytes = (const unsigned char *)bytes;
    self->length = length;
    yaml_parser_set_input_string(&self->parser, self->bytes, length);
}

static int depth_change(yaml_event_type_t type)
{
    return (type == YAML_SEQUENCE_START_EVENT || type == YAML_MAPPING_START_EVENT) -
           (type == YAML_SEQUENCE_END_EVENT || type == YAML_MAPPING_END_EVENT);
}

/* Fails for deep nesting. libyaml takes time in the square of the depth: a megabyte of brackets would take
 * minutes. Other errors are left to the loader. */
static gboolean check_depth(const char *bytes, gsize length, const char *name, GError **error)
{
    enum { DEEPEST = 64 };
    Source source;
    yaml_event_t event;
    int depth = 0;
    source_init(&source, bytes, length);
    for (gboolean more = TRUE; more && depth <= DEEPEST;) {
        if (!yaml_parser_parse(&source.parser, &event))
            break;
        depth += depth_change(event.type);
        more = event.type != YAML_STREAM_END_EVENT;
        if (depth > DEEPEST)
            g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_CONFIG,
                        "%s:%zu:%zu: expected lists and mappings at most %d deep, found more", name,
                        event.start_mark.line + 1, event.start_mark.column + 1, DEEPEST);
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&source.parser);
    return depth <= DEEPEST;
}

static const char *kind_of(const yaml_node_t *node)
{
    return node->type == YAML_SCALAR_NODE    ? "single value"
           : node->type == YAML_MAPPING_NODE ? "mapping"
                                             : "list";
}

/* Loads the document, and fails where there is none or a second one. */
static gboolean load_one(YamlFile *self, Source *source, GError **error)
{
    if (!yaml_parser_load(&source->parser, &self->document)) {
        memset(&self->document, 0, sizeof self->document);
        set_parser_error(source, self->name, error);
        return FALSE;
    }
    yaml_node_t *root = yaml_document_get_root_node(&self->document);
    if (root == NULL) {
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_CONFIG,
                    "%s:1:1: expected keys and values, found nothing", self->name);
        return FALSE;
    }
    if (root->type != YAML_MAPPING_NODE)
        return yaml_file_fail(self, root, error, "expected keys and values, found a %s", kind_of(root));
    yaml_document_t second;
    if (!yaml_parser_load(&source->parser, &second)) {
        set_parser_error(source, self->name, error);
        return FALSE;
    }
    yaml_node_t *more = yaml_document_get_root_node(&second);
    if (more != NULL)
        yaml_file_fail(self, more, error, "expected one document, found a second");
    yaml_document_delete(&second);
    return more == NULL;
}

YamlFile *yaml_file_load(const char *bytes, gsize length, const char *name, GError **error)
{
    if (!check_depth(bytes, length, name, error))
        return NULL;
    g_autoptr(YamlFile) self = g_new0(YamlFile, 1);
    self->name = g_strdup(name);
    Source source;
    source_init(&source, bytes, length);
    gboolean loaded = load_one(self, &source, error);
    yaml_parser_delete(&source.parser);
    return loaded ? g_steal_pointer(&self) : NULL;
}

void yaml_file_free(YamlFile *self)
{
    if (self == NULL)
        return;
    yaml_document_delete(&self->document);
    g_free(self->name);
    g_free(self);
}

yaml_node_t *yaml_file_root(YamlFile *self)
{
    return yaml_document_get_root_node(&self->document);
}

gboolean yaml_file_fail(YamlFile *self, const yaml_node_t *node, GError **error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_CONFIG, "%s:%zu:%zu: %s", self->name,
                node->start_mark.line + 1, node->start_mark.column + 1, message);
    return FALSE;
}

const char *yaml_file_text(YamlFile *self, yaml_node_t *node, GError **error)
{
    if (node->type != YAML_SCALAR_NODE) {
        yaml_file_fail(self, node, error, "expected one value, found a %s", kind_of(node));
        return NULL;
    }
    const char *text = (const char *)node->data.scalar.value;
    if (strlen(text) != node->data.scalar.length) {
        yaml_file_fail(self, node, error, "expected text, found a NUL character in it");
        return NULL;
    }
    return text;
}

gboolean yaml_file_each_pair(YamlFile *self, yaml_node_t *node, YamlPair func, gpointer user_data,
                             GError **error)
{
    if (node->type != YAML_MAPPING_NODE)
        return yaml_file_fail(self, node, error, "expected keys and values, found a %s", kind_of(node));
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top;
         pair++) {
        yaml_node_t *key = yaml_document_get_node(&self->document, pair->key);
        const char *text = yaml_file_text(self, key, error);
        if (text == NULL)
            return FALSE;
        if (!g_hash_table_add(seen, (char *)text))
            return yaml_file_fail(self, key, error, "\"%s\" is given twice", text);
        if (!func(self, key, yaml_document_get_node(&self->document, pair->value), user_data, error))
            return FALSE;
    }
    return TRUE;
}

typedef struct {
    const YamlField *fields;
    char *structure;
} MappingTarget;

static char *field_names(const YamlField *fields)
{
    GString *names = g_string_new(NULL);
    for (const YamlField *field = fields; field->key != NULL; field++)
        g_string_append_printf(names, "%s%s", names->len > 0 ? ", " : "", field->key);
    return g_string_free(names, FALSE);
}

static gboolean read_field(YamlFile *self, yaml_node_t *key, yaml_node_t *value, gpointer user_data,
                           GError **error)
{
    const MappingTarget *target = user_data;
    const char *text = (const char *)key->data.scalar.value;
    for (const YamlField *field = target->fields; field->key != NULL; field++)
        if (strcmp(field->key, text) == 0)
            return field->read(self, value, target->structure + field->offset, error);
    g_autofree char *names = field_names(target->fields);
    return yaml_file_fail(self, key, error, "unknown key \"%s\"; expected one of %s", text, names);
}

gboolean yaml_file_read_mapping(YamlFile *self, yaml_node_t *node, const YamlField *fields,
                                gpointer structure, GError **error)
{
    MappingTarget target = {fields, structure};
    return yaml_file_each_pair(self, node, read_field, &target, error);
}

gboolean yaml_file_each_item(YamlFile *self, yaml_node_t *node, YamlRead read, gpointer target,
                             GError **error)
{
    if (node->type != YAML_SEQUENCE_NODE)
        return yaml_file_fail(self, node, error, "expected a list, found a %s", kind_of(node));
    for (yaml_node_item_t *item = node->data.sequence.items.start; item < node->data.sequence.items.top;
         item++)
        if (!read(self, yaml_document_get_node(&self->document, *item), target, error))
            return FALSE;
    return TRUE;
}

gboolean yaml_file_read_string(YamlFile *self, yaml_node_t *node, gpointer target, GError **error)
{
    const char *text = yaml_file_text(self, node, error);
    if (text == NULL)
        return FALSE;
    char **string = target;
    g_free(*string);
    *string = g_strdup(text);
    return TRUE;
}

static gboolean append_string(YamlFile *self, yaml_node_t *node, gpointer target, GError **error)
{
    const char *text = yaml_file_text(self, node, error);
    if (text == NULL)
        return FALSE;
    g_strv_builder_add(target, text);
    return TRUE;
}

gboolean yaml_file_read_strings(YamlFile *self, yaml_node_t *node, gpointer target, GError **error)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    if (!yaml_file_each_item(self, node, append_string, builder, error))
        return FALSE;
    GStrv *strings = target;
    g_strfreev(*strings);
    *strings = g_strv_builder_end(builder);
    return TRUE;
}

static gboolean read_unit(YamlFile *self, yaml_node_t *node,
                          gboolean (*parse)(const char *, gint64 *, GError **), gint64 *target,
                          GError **error)
{
    const char *text = yaml_file_text(self, node, error);
    if (text == NULL)
        return FALSE;
    g_autoptr(GError) wrong = NULL;
    if (!parse(text, target, &wrong))
        return yaml_file_fail(self, node, error, "%s", wrong->message);
    return TRUE;
}

gboolean yaml_file_read_bytes(YamlFile *self, yaml_node_t *node, gpointer target, GError **error)
{
    return read_unit(self, node, units_parse_bytes, target, error);
}

gboolean yaml_file_read_duration(YamlFile *self, yaml_node_t *node, gpointer target, GError **error)
{
    return read_unit(self, node, units_parse_duration, target, error);
}

gboolean yaml_file_read_count(YamlFile *self, yaml_node_t *node, gpointer target, GError **error)
{
    const char *text = yaml_file_text(self, node, error);
    guint64 count = 0;
    if (text == NULL)
        return FALSE;
    if (!g_ascii_string_to_unsigned(text, 10, 0, G_MAXINT64, &count, NULL))
        return yaml_file_fail(self, node, error, "expected a whole number, found \"%s\"", text);
    *(gint64 *)target = (gint64)count;
    return TRUE;
}

gboolean yaml_file_read_percent(YamlFile *self, yaml_node_t *node, gpointer target, GError **error)
{
    const char *text = yaml_file_text(self, node, error);
    if (text == NULL)
        return FALSE;
    char *end = NULL;
    gboolean decimal = g_ascii_isdigit(text[0]) && g_ascii_tolower(text[1]) != 'x';
    double number = decimal ? g_ascii_strtod(text, &end) : -1;
    if (end == NULL || *end != '\0' || number < 0 || number > 1e6)
        return yaml_file_fail(self, node, error, "expected a percentage such as 5 or 2.5, found \"%s\"",
                              text);
    *(double *)target = number;
    return TRUE;
}
