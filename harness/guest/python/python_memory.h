/* Python's small objects: the interpreter's allocators of the domains MEM and OBJ, with the books in front of
 * them. What they take from malloc and mmap in turn is passed through uncounted. RAW is malloc's own. */
#ifndef HEAPGATE_GUEST_PYTHON_PYTHON_MEMORY_H
#define HEAPGATE_GUEST_PYTHON_PYTHON_MEMORY_H

#include "guest.h"

/* Puts the books in front of whatever allocators the interpreter has now. False: they were there. */
GUEST_HIDDEN bool python_memory_open(void);
/* Again when the interpreter is set up, unless it still leads to us. At a point where its memory may be asked
 * for. */
GUEST_HIDDEN void python_memory_settle(void);
/* Somebody maps a region: an arena that is not for us says that the interpreter was given other allocators
 * since (PYTHONMALLOC=debug, -X dev). caller: who called mmap. Was it so? */
GUEST_HIDDEN bool python_memory_mapped(uintptr_t caller);

/* Where on its stack this thread is below Python's allocator; 0: it is not. What is further out than that has
 * left it without return (longjmp). */
extern __thread uintptr_t python_memory_below GUEST_TLS;
GUEST_HIDDEN bool python_memory_is_inside_slowly(uintptr_t sp);

/* Is the function that runs at sp called by Python's allocator, so that its memory is counted already? */
static inline bool python_memory_is_inside(uintptr_t sp)
{
    return UNLIKELY(python_memory_below != 0) && python_memory_is_inside_slowly(sp);
}

#endif
