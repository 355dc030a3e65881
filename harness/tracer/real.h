/* The allocator below the tracer: glibc's, or the one that the program brought with it as a library
 * (jemalloc, ...). */
#ifndef HEAPGATE_TRACER_REAL_H
#define HEAPGATE_TRACER_REAL_H

#include "guest.h"

typedef struct {
    void *(*malloc)(size_t);
    void *(*calloc)(size_t, size_t);
    void *(*realloc)(void *, size_t);
    void (*free)(void *);
    void *(*memalign)(size_t, size_t);
    void *(*aligned_alloc)(size_t, size_t);
    int (*posix_memalign)(void **, size_t, size_t);
    void *(*valloc)(size_t);
    void *(*pvalloc)(size_t);
    size_t least; /* smaller blocks are asked for at this size: others' may share a granule */
} Real;
extern GUEST_HIDDEN Real real;

/* Finds them. Until then real is glibc's. */
GUEST_HIDDEN void real_open(void);

#endif
