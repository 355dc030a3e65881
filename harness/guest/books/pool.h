/* Pools: allocators of the program's own, that say what they hand out (heapgate.h). A pool's block is a block
 * as malloc's. What a pool cuts its blocks from, a slab, would count a second time: one from malloc is taken
 * out of the heap's books and counts as mapped, as one from mmap does by itself. */
#ifndef HEAPGATE_GUEST_BOOKS_POOL_H
#define HEAPGATE_GUEST_BOOKS_POOL_H

#include "guest.h"

/* Weakly referenced by heapgate.h. */
GUEST_EXPORT void heapgate_tracer_block_taken(const void *block, size_t size);
GUEST_EXPORT void heapgate_tracer_block_given_back(const void *block);
GUEST_EXPORT void heapgate_tracer_block_resized(const void *block, size_t size);
GUEST_EXPORT void heapgate_tracer_slab(const void *slab, size_t size);

/* Slabs of malloc's that are there; a forked child's are its parent's. */
extern GUEST_HIDDEN uint32_t pool_slabs;
GUEST_HIDDEN bool pool_slab_freed_slowly(LedgerHeader *header, const void *block);

/* A block that the books do not know is freed: was it a slab? */
static inline bool pool_slab_freed(LedgerHeader *header, const void *block)
{
    return UNLIKELY(__atomic_load_n(&pool_slabs, __ATOMIC_RELAXED) != 0) &&
           pool_slab_freed_slowly(header, block);
}

#endif
