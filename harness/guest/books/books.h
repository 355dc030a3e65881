/* The books: what an allocation and a deallocation change in the ledger.
 *
 * The order within an event (docs/tracer.md): a block is entered after the real allocator gave it, and its
 * record is taken out before the real allocator gets it back, so that a record is only ever written by the
 * block's owner. */
#ifndef HEAPGATE_GUEST_BOOKS_BOOKS_H
#define HEAPGATE_GUEST_BOOKS_BOOKS_H

#include "guest.h"

/* A block that was taken out of the books but still counts. */
typedef struct {
    LedgerRecord *at;    /* NULL: the books did not know it */
    LedgerRecord record; /* what was there, with its flags */
    uint64_t size;       /* that was asked for */
    bool temporary;
} BooksTaken;

/* Mean distance of samples in bytes; 0: no sampling. Fixed when the program begins (sample.h). */
extern GUEST_HIDDEN uint64_t sample_mean;

/* Makes the books' private half, empty; false: no memory. Again after a fork. */
GUEST_HIDDEN bool books_open(void);

/* A new block of this site. Under sampling it counts as what it stands for (ledger_weight). */
GUEST_HIDDEN void books_enter(LedgerHeader *header, const void *block, uint64_t size, uint32_t site);
/* Takes out the record of a block that is about to be given back, and leaves the counts. */
GUEST_HIDDEN BooksTaken books_take(LedgerHeader *header, const void *block);
/* May the books know this block? Touches no page of the ledger that nobody has written to. */
GUEST_HIDDEN bool books_may_know(LedgerHeader *header, const void *block);
/* It was given back: now the counts. */
GUEST_HIDDEN void books_leave(LedgerHeader *header, const BooksTaken *taken);
/* It was not given back after all. */
GUEST_HIDDEN void books_return(const BooksTaken *taken);
/* It became this block. The total goes from one to the other without a moment of neither. */
GUEST_HIDDEN void books_replace(LedgerHeader *header, const BooksTaken *taken, const void *block,
                                uint64_t size, uint32_t site);

/* A block of this site was given back that was born after so many marks. */
static inline void books_age(const LedgerHeader *header, LedgerSite *site, uint32_t birth)
{
    uint32_t age = __atomic_load_n(&header->marks, __ATOMIC_RELAXED) - birth;
    if (LIKELY(age == 0)) /* most are: the field's cache line is then left alone */
        return;
    uint32_t oldest = __atomic_load_n(&site->oldest_freed, __ATOMIC_RELAXED);
    while (age > oldest && !__atomic_compare_exchange_n(&site->oldest_freed, &oldest, age, true,
                                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        continue;
}

/* The parts of the shadow that hold or held records: one byte for each part of each chunk. A part is faulted
 * in as one: that takes a fraction of the time of page by page. */
enum { BOOKS_PART_RECORDS = 8192, BOOKS_CHUNK_PARTS = LEDGER_CHUNK_GRANULES / BOOKS_PART_RECORDS };
GUEST_HIDDEN const uint8_t *books_touched(uint32_t chunk);

#endif
