/* What maps memory, in the program's place: for those who find the C library's by another way (bind.c). */
#ifndef HEAPGATE_GUEST_MALLOC_MAPPING_H
#define HEAPGATE_GUEST_MALLOC_MAPPING_H

#include "guest.h"

/* Our function of this name, in whose place any C library's may stand; NULL: there is none. */
GUEST_HIDDEN void *mapping_ours(const char *name);

#endif
