#include "pool.h"

#include "audit.h"
#include "mapped.h"
#include "sample.h"

uint32_t pool_slabs;

/* Those of them without a whole page, which are in no book at all. */
static uint32_t small_slabs;

void heapgate_tracer_block_taken(const void *block, size_t size)
{
    UnwindStart start = unwind_start_here();
    LedgerHeader *header = block != NULL ? guest_ledger() : NULL;
    if (header == NULL)
        return;
    audit_mixed = true;
    if (UNLIKELY(books_may_know(header, block)))
        atomic_add(&header->pool_crowded, 1, true);
    else
        sample_enter(header, block, size, &start);
}

void heapgate_tracer_block_given_back(const void *block)
{
    LedgerHeader *header = block != NULL ? guest_ledger() : NULL;
    if (header == NULL)
        return;
    BooksTaken taken = sample_take(header, block);
    books_leave(header, &taken);
}

void heapgate_tracer_block_resized(const void *block, size_t size)
{
    UnwindStart start = unwind_start_here();
    LedgerHeader *header = block != NULL ? guest_ledger() : NULL;
    if (header == NULL)
        return;
    BooksTaken taken = sample_take(header, block);
    sample_replace(header, &taken, block, size, &start);
}

/* One from mmap has no record in the heap's books and its pages in the others. */
void heapgate_tracer_slab(const void *slab, size_t size)
{
    UnwindStart start = unwind_start_here();
    LedgerHeader *header = slab != NULL ? guest_ledger() : NULL;
    if (header == NULL || !books_may_know(header, slab))
        return;
    BooksTaken taken = books_take(header, slab);
    books_leave(header, &taken);
    audit_besides(size);
    if (!mapped_enter_slab(header, slab, size, &start))
        __atomic_fetch_add(&small_slabs, 1, __ATOMIC_ACQ_REL);
    __atomic_fetch_add(&pool_slabs, 1, __ATOMIC_ACQ_REL);
}

/* One less; false: there was none. */
static bool count_down(uint32_t *number)
{
    uint32_t now = __atomic_load_n(number, __ATOMIC_RELAXED);
    while (now != 0 &&
           !__atomic_compare_exchange_n(number, &now, now - 1, true, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
        continue;
    return now != 0;
}

bool pool_slab_freed_slowly(LedgerHeader *header, const void *block)
{
    return (mapped_take_slab(header, block) || count_down(&small_slabs)) && count_down(&pool_slabs);
}
