/* The allocation functions in the program's place. Declared here rather than by the C library's headers,
 * whose attributes would let the compiler look through them. */
#ifndef HEAPGATE_GUEST_MALLOC_INTERPOSE_H
#define HEAPGATE_GUEST_MALLOC_INTERPOSE_H

#include "guest.h"

GUEST_EXPORT void *malloc(size_t size);
GUEST_EXPORT void *calloc(size_t count, size_t size);
GUEST_EXPORT void *realloc(void *block, size_t size);
GUEST_EXPORT void *reallocarray(void *block, size_t count, size_t size);
GUEST_EXPORT void free(void *block);
GUEST_EXPORT void free_sized(void *block, size_t size);
GUEST_EXPORT void free_aligned_sized(void *block, size_t alignment, size_t size);
GUEST_EXPORT void *memalign(size_t alignment, size_t size);
GUEST_EXPORT void *aligned_alloc(size_t alignment, size_t size);
GUEST_EXPORT int posix_memalign(void **block, size_t alignment, size_t size);
GUEST_EXPORT void *valloc(size_t size);
GUEST_EXPORT void *pvalloc(size_t size);

#endif
