/* How the heap instrument watches a scenario: the key `heap`. */
#ifndef HEAPGATE_SCENARIO_HEAP_OPTIONS_H
#define HEAPGATE_SCENARIO_HEAP_OPTIONS_H

#include "yaml_file.h"

enum { HEAP_SMALLEST_SAMPLE = 1024, HEAP_LARGEST_SAMPLE = 1 << 30 };

typedef struct {
    gint64 sample_bytes; /* mean distance of samples; 0: every block is seen */
    GStrv blind;         /* never NULL: patterns of programs that need not be seen */
} HeapOptions;

/* For what owns the options. */
void heap_options_init(HeapOptions *self);
void heap_options_clear(HeapOptions *self);

/* Reads the mapping; target: HeapOptions. A YamlRead. */
gboolean heap_options_read(YamlFile *yaml, yaml_node_t *node, gpointer target, GError **error);

#endif
