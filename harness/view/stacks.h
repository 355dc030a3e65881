/* Writes the call sites of figures in the formats of other tools. */
#ifndef HEAPGATE_VIEW_STACKS_H
#define HEAPGATE_VIEW_STACKS_H

#include "model/figure.h"

/* Appends folded stacks, which flame graph tools read (flamegraph.pl, speedscope, inferno): a line for each
 * call site, outermost frame first, "main;read_file;strdup 4096". The number is the site's amount. figure:
 * must have call sites. */
void stacks_fold(const Figure *figure, GString *output);

/* Writes pprof's format (profile.proto, https://github.com/google/pprof/tree/main/proto), not compressed.
 * Each figure has sample types NAME_objects, in count, and NAME_space, in bytes (Metric.objects and space).
 * The first figure's come last, because readers show the last type by default. figures: of Figure, which must
 * have call sites. Returns (transfer full). */
GByteArray *stacks_pprof(const GPtrArray *figures);

#endif
