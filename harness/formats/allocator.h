/* Which frames are the allocator's own: they say how memory was asked for, not who asked. */
#ifndef HEAPGATE_FORMATS_ALLOCATOR_H
#define HEAPGATE_FORMATS_ALLOCATOR_H

#include "measure/call_site.h"

/* TRUE for malloc, calloc, operator new and their like where they lie in Valgrind's replacement: an object
 * "vgpreload_*" or, where debug information is there, the file "vg_replace_malloc.c". A program's own
 * function of such a name is not one. */
gboolean allocator_is_frame(const Frame *frame);

/* How many of the innermost frames are the allocator's own. */
guint allocator_count_frames(const Frame *frames, guint n_frames);

#endif
