/* Allocators that parts of a program use beside the one that is below the tracer: the C library's under a
 * plug-in that binds to it past jemalloc, a second C library in a namespace of its own (dlmopen). Their
 * blocks stay theirs; they are in the books like all others. */
#ifndef HEAPGATE_GUEST_MALLOC_FOREIGN_H
#define HEAPGATE_GUEST_MALLOC_FOREIGN_H

#include "real.h"

/* Our function in front of this one, which the object defines under the name of that number (real_names);
 * NULL: it is another, or there is no more room. */
GUEST_HIDDEN void *foreign_front(const Object *object, int name, const void *function);

/* Is there any? */
GUEST_HIDDEN bool foreign_used(void);

#endif
