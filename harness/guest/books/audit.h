/* The audit: what glibc says that it has given out is held against the books. What it gave out and they do
 * not have, somebody took past us. Here both figures are written down; the harness judges
 * (formats/ledger/ledger_audit.h).
 *
 * mallinfo2 waits for the locks of all arenas. So it is asked only where nobody else can hold one: not while
 * there are other threads, which would keep the host waiting, and might have been stopped; not in a signal
 * handler, which may have come in the midst of malloc; not at the exit of a fork's child, whose locks may be
 * those of threads that it does not have; never in a sandbox. It looks at every free chunk, which takes a
 * while in a large heap. */
#ifndef HEAPGATE_GUEST_BOOKS_AUDIT_H
#define HEAPGATE_GUEST_BOOKS_AUDIT_H

#include "guest.h"

/* A mark was set, and if it is "end", what is there is counted. */
GUEST_HIDDEN void audit_mark(LedgerHeader *header, uint32_t number, bool end);
/* The process ends in good order. */
GUEST_HIDDEN void audit_exit(LedgerHeader *header);

/* What glibc may count in the time to come and the books do not: a block's alignment above a page may be lost
 * where it is mapped, the program's own sbrk is taken for malloc's, a slab is no block any more (pool.h). */
extern GUEST_HIDDEN int64_t audit_besides_bytes;
static inline void audit_besides(size_t bytes)
{
    atomic_add(&audit_besides_bytes, (int64_t)bytes, true);
}
static inline void audit_aligned(size_t alignment)
{
    if (UNLIKELY(alignment > 4096))
        audit_besides(alignment);
}

/* Some blocks in the books are not glibc's: a pool's. */
extern GUEST_HIDDEN bool audit_mixed;

#endif
