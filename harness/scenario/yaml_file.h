/* Typed reading of YAML by tables of fields, with file, line and column in every error; built on libyaml's
 * document API, which keeps the place of every node. */
#ifndef HEAPGATE_SCENARIO_YAML_FILE_H
#define HEAPGATE_SCENARIO_YAML_FILE_H

#include <glib.h>
#include <yaml.h>

typedef struct {
    char *name; /* of the file, for messages */
    yaml_document_t document;
} YamlFile;

/* Parses one document whose root is a mapping. bytes: (transfer none). Returns (transfer full).
 * Errors: HEAPGATE_ERROR_CONFIG "NAME:LINE:COLUMN: ...". */
YamlFile *yaml_file_load(const char *bytes, gsize length, const char *name, GError **error);
void yaml_file_free(YamlFile *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(YamlFile, yaml_file_free)

/* (transfer none). */
yaml_node_t *yaml_file_root(YamlFile *self);

/* Sets an error at the place of node: "NAME:LINE:COLUMN: message". Always FALSE. */
gboolean yaml_file_fail(YamlFile *self, const yaml_node_t *node, GError **error, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

/* Reads one value into target. FALSE with error. */
typedef gboolean (*YamlRead)(YamlFile *self, yaml_node_t *node, gpointer target, GError **error);

typedef struct {
    const char *key;
    YamlRead read;
    gsize offset; /* of the target in the structure */
} YamlField;

/* Reads a mapping by a table that ends with a NULL key. Unknown keys and keys given twice are errors. */
gboolean yaml_file_read_mapping(YamlFile *self, yaml_node_t *node, const YamlField *fields,
                                gpointer structure, GError **error);
/* Calls func for each pair of a mapping with free keys, in file order; keys are strings and unique. */
typedef gboolean (*YamlPair)(YamlFile *self, yaml_node_t *key, yaml_node_t *value, gpointer user_data,
                             GError **error);
gboolean yaml_file_each_pair(YamlFile *self, yaml_node_t *node, YamlPair func, gpointer user_data,
                             GError **error);
/* Calls read for each item of a sequence with the same target. */
gboolean yaml_file_each_item(YamlFile *self, yaml_node_t *node, YamlRead read, gpointer target,
                             GError **error);

/* The text of a scalar, or NULL with error; (transfer none). */
const char *yaml_file_text(YamlFile *self, yaml_node_t *node, GError **error);
/* The readers of plain values; targets in the comments. */
gboolean yaml_file_read_string(YamlFile *self, yaml_node_t *node, gpointer target,
                               GError **error); /* char * */
gboolean yaml_file_read_strings(YamlFile *self, yaml_node_t *node, gpointer target,
                                GError **error); /* GStrv */
gboolean yaml_file_read_bytes(YamlFile *self, yaml_node_t *node, gpointer target,
                              GError **error); /* gint64 */
gboolean yaml_file_read_duration(YamlFile *self, yaml_node_t *node, gpointer target,
                                 GError **error); /* gint64, us */
gboolean yaml_file_read_count(YamlFile *self, yaml_node_t *node, gpointer target,
                              GError **error); /* gint64 >= 0 */
gboolean yaml_file_read_percent(YamlFile *self, yaml_node_t *node, gpointer target,
                                GError **error); /* double >= 0 */

#endif
