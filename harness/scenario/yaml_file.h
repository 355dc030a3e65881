/* Reads YAML into structures by tables of fields. Every error has file, line and column; libyaml's document
 * API keeps the place of each node. */
#ifndef HEAPGATE_SCENARIO_YAML_FILE_H
#define HEAPGATE_SCENARIO_YAML_FILE_H

#include <glib.h>
#include <yaml.h>

typedef struct {
    char *name; /* the file's, for messages */
    yaml_document_t document;
} YamlFile;

/* Parses a file of one document whose root is a mapping. The bytes are untrusted. Returns (transfer full).
 * Errors: HEAPGATE_ERROR_CONFIG, "NAME:LINE:COLUMN: ...". */
YamlFile *yaml_file_load(const char *bytes, gsize length, const char *name, GError **error);
void yaml_file_free(YamlFile *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(YamlFile, yaml_file_free)

/* The root, a mapping; (transfer none). */
yaml_node_t *yaml_file_root(YamlFile *self);

/* Sets an error at the place of a node, HEAPGATE_ERROR_CONFIG, "NAME:LINE:COLUMN: message". Returns FALSE. */
gboolean yaml_file_fail(YamlFile *self, const yaml_node_t *node, GError **error, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

/* Reads one value into a target. FALSE with an error. */
typedef gboolean (*YamlRead)(YamlFile *self, yaml_node_t *node, gpointer target, GError **error);
/* Reads one pair of a mapping; the key is a scalar. FALSE with an error. */
typedef gboolean (*YamlPair)(YamlFile *self, yaml_node_t *key, yaml_node_t *value, gpointer user_data,
                             GError **error);

typedef struct {
    const char *key;
    YamlRead read;
    gsize offset; /* of the target in the structure */
} YamlField;

/* All of the following fail (HEAPGATE_ERROR_CONFIG) where the node is of another kind. */

/* Reads a mapping into a structure. fields: a table that ends with a NULL key. Unknown keys and keys that are
 * given twice are errors. */
gboolean yaml_file_read_mapping(YamlFile *self, yaml_node_t *node, const YamlField *fields,
                                gpointer structure, GError **error);
/* Calls func for each pair of a mapping, in order, until one fails. Keys that are given twice are errors. */
gboolean yaml_file_each_pair(YamlFile *self, yaml_node_t *node, YamlPair func, gpointer user_data,
                             GError **error);
/* Calls read for each item of a list with the same target, in order, until one fails. */
gboolean yaml_file_each_item(YamlFile *self, yaml_node_t *node, YamlRead read, gpointer target,
                             GError **error);

/* The text of a scalar; (transfer none), or NULL with an error. */
const char *yaml_file_text(YamlFile *self, yaml_node_t *node, GError **error);
/* Readers of plain values. What a string or list target held before is freed. Targets in the comments. */
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
