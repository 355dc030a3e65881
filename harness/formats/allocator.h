/* Which frames are the allocator's own: they say how memory was asked for, not who asked. */
#ifndef HEAPGATE_FORMATS_ALLOCATOR_H
#define HEAPGATE_FORMATS_ALLOCATOR_H

#include "model/call_site.h"

/* TRUE for malloc, calloc, operator new and their like where they lie in Valgrind's replacement: an object
 * "vgpreload_*" or, where debug information is there, the file "vg_replace_malloc.c". A program's own
 * function of such a name is not one. TRUE for heapgate.h's marks, too. */
gboolean allocator_is_frame(const Frame *frame);

/* TRUE for C++'s operator new, of whichever library. */
gboolean allocator_is_new(const char *function);

/* TRUE for heapgate.h's functions by which a pool says what it hands out: they are in the pool's own
 * function.
 */
gboolean allocator_is_mark(const char *function);

/* How many of the innermost frames are the allocator's own. */
guint allocator_count_frames(const Frame *frames, guint n_frames);

#endif
