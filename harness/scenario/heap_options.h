/* Options of the heap instrument: a scenario's key `heap`. */
#ifndef HEAPGATE_SCENARIO_HEAP_OPTIONS_H
#define HEAPGATE_SCENARIO_HEAP_OPTIONS_H

#include "yaml_file.h"

enum { HEAP_SMALLEST_SAMPLE = 1024, HEAP_LARGEST_SAMPLE = 1 << 30 };

typedef struct {
    gint64 sample_bytes; /* mean distance between samples; 0: every block is recorded */
    GStrv blind;         /* globs of programs that may run without the tracer; never NULL */
} HeapOptions;

void heap_options_init(HeapOptions *self);
void heap_options_clear(HeapOptions *self);

/* Reads the mapping; a YamlRead. target: an initialised HeapOptions. */
gboolean heap_options_read(YamlFile *yaml, yaml_node_t *node, gpointer target, GError **error);

#endif
