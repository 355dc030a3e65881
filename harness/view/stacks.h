/* Figures' call sites in the formats of other tools. */
#ifndef HEAPGATE_VIEW_STACKS_H
#define HEAPGATE_VIEW_STACKS_H

#include "model/figure.h"

/* Folded stacks, "main;read_file;strdup 4096", outermost first, bytes at the end: what flame graph tools read
 * (flamegraph.pl, speedscope, inferno). figure: its call sites must be known. */
void stacks_fold(const Figure *figure, GString *output);

/* pprof's format (profile.proto, https://github.com/google/pprof/tree/main/proto), not yet compressed: a pair
 * of sample types for each figure, NAME_objects in count and NAME_space in bytes, the first figure's last:
 * that is what readers show unless asked. figures: their call sites must be known. (transfer full). */
GByteArray *stacks_pprof(const GPtrArray *figures);

#endif
