#include "heap_options.h"

void heap_options_init(HeapOptions *self)
{
    *self = (HeapOptions){.blind = g_new0(char *, 1)};
}

void heap_options_clear(HeapOptions *self)
{
    g_clear_pointer(&self->blind, g_strfreev);
}

static gboolean read_sample(YamlFile *yaml, yaml_node_t *node, gpointer target, GError **error)
{
    gint64 *bytes = target;
    if (!yaml_file_read_bytes(yaml, node, bytes, error))
        return FALSE;
    return (*bytes >= HEAP_SMALLEST_SAMPLE && *bytes <= HEAP_LARGEST_SAMPLE) ||
           yaml_file_fail(
               yaml, node, error,
               "expected a mean distance between samples from 1 KiB to 1 GiB, found %" G_GINT64_FORMAT
               " B; leave sample out to see every block",
               *bytes);
}

static const YamlField fields[] = {
    {"sample", read_sample, offsetof(HeapOptions, sample_bytes)},
    {"blind", yaml_file_read_strings, offsetof(HeapOptions, blind)},
    {NULL},
};

gboolean heap_options_read(YamlFile *yaml, yaml_node_t *node, gpointer target, GError **error)
{
    return yaml_file_read_mapping(yaml, node, fields, target, error);
}
