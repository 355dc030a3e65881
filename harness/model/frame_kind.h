/* Whose code a frame is of: the program's own, or a library's, the interpreter's, the system's. By where its
 * source lies, for a frame says no more. */
#ifndef HEAPGATE_MODEL_FRAME_KIND_H
#define HEAPGATE_MODEL_FRAME_KIND_H

#include "call_site.h"

/* Valgrind's replacements of malloc, free and their kin: stacks begin with one, and it says nothing. */
gboolean frame_is_allocator(const Frame *frame);
/* A frame of Python, not one of the interpreter that runs it. */
gboolean frame_is_python(const Frame *frame);
/* Python code of the program itself. */
gboolean frame_is_own_python(const Frame *frame);
/* Code of the program itself, in any language. */
gboolean frame_is_own(const Frame *frame);

#endif
