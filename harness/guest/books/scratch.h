/* Memory for a moment, which neither the host's heap nor its stack gives. */
#ifndef HEAPGATE_GUEST_BOOKS_SCRATCH_H
#define HEAPGATE_GUEST_BOOKS_SCRATCH_H

#include "guest.h"

/* NULL: there is none. A vfork's child that becomes another program gives nothing back: its parent's thread
 * takes the same memory again. */
GUEST_HIDDEN void *scratch_take(size_t size);
/* NULL is fine. */
GUEST_HIDDEN void scratch_give(void *memory);

#endif
