/* The loaded objects that occur in stacks: recorded when a frame in them is first seen, so that no dlopen
 * needs to be followed and no loader's lock is taken. */
#ifndef HEAPGATE_GUEST_BOOKS_MODULES_H
#define HEAPGATE_GUEST_BOOKS_MODULES_H

#include "guest.h"

/* Records the object that holds this address, unless it is recorded. */
GUEST_HIDDEN void modules_see(LedgerHeader *header, uint64_t address);
/* An object was closed: those that are gone are marked so, and remembered stacks are forgotten. */
GUEST_HIDDEN void modules_closed(LedgerHeader *header);
/* Were addresses of unloaded objects ever in the ledger? */
extern GUEST_HIDDEN uint32_t modules_gone;
GUEST_HIDDEN bool modules_same_slowly(LedgerHeader *header, uint64_t address, uint32_t node);

/* Is this node's address still of the object it was of? */
static inline bool modules_same(LedgerHeader *header, uint64_t address, uint32_t node)
{
    return LIKELY(__atomic_load_n(&modules_gone, __ATOMIC_RELAXED) == 0) ||
           modules_same_slowly(header, address, node);
}

#endif
