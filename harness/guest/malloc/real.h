/* The allocator below the tracer: glibc's, or the one that the program brought with it as a library
 * (jemalloc, ...). */
#ifndef HEAPGATE_GUEST_MALLOC_REAL_H
#define HEAPGATE_GUEST_MALLOC_REAL_H

#include "objects.h"

typedef struct {
    void *(*malloc)(size_t);
    void *(*calloc)(size_t, size_t);
    void *(*realloc)(void *, size_t);
    void *(*reallocarray)(void *, size_t, size_t);
    void (*free)(void *);
    void *(*memalign)(size_t, size_t);
    void *(*aligned_alloc)(size_t, size_t);
    int (*posix_memalign)(void **, size_t, size_t);
    void *(*valloc)(size_t);
    void *(*pvalloc)(size_t);
    size_t least; /* smaller blocks are asked for at this size: others' may share a granule */
} Real;
extern GUEST_HIDDEN Real real;

/* Where it is; NULL: it was not looked for yet, or the program's own stands before the tracer. */
extern GUEST_HIDDEN const Object *real_object;
/* The program defines malloc or free itself, so its blocks are none of ours: each function is then the one
 * that the program would have reached without the tracer, and nothing is booked. */
extern GUEST_HIDDEN bool real_is_passed;

/* Finds them, if that was not done. The first call of any of them does it, too: the loader's, before any
 * constructor. */
GUEST_HIDDEN void real_open(void);
/* What this object defines of them; the rest is NULL. */
GUEST_HIDDEN void real_of(Real *self, const Object *object);

/* The functions of the family by name: where in Real each lies. */
typedef struct {
    const char *name;
    size_t at;
} RealName;
enum { REAL_NAMES = 10 };
extern GUEST_HIDDEN const RealName real_names[REAL_NAMES];
static inline void **real_place(Real *self, const RealName *name)
{
    return (void **)(void *)((char *)self + name->at);
}

#endif
