/* The audit: what glibc says that it has given out is held against the books. What it gave out and they do
 * not have, somebody took past us. Here both figures are written down; the harness judges
 * (formats/ledger_audit.h).
 *
 * mallinfo2 waits for the locks of all arenas. So it is asked only where nobody who holds one can be waiting
 * for us: not in a signal handler, which may have come in the midst of malloc; at the exit only by the last
 * thread, since others may have been stopped; not at a fork's child's exit, whose locks may be those of
 * threads that it does not have; never in a sandbox. It looks at every free chunk, which takes a while in a
 * large heap. */
#ifndef HEAPGATE_TRACER_AUDIT_H
#define HEAPGATE_TRACER_AUDIT_H

#include "guest.h"

/* A mark was set, and if it is "end", what is there is counted. */
GUEST_HIDDEN void audit_mark(LedgerHeader *header, uint32_t number, bool end);
/* The process ends in good order. */
GUEST_HIDDEN void audit_exit(LedgerHeader *header);

/* Alignments above a page: up to so many bytes may be lost before a block that is mapped. */
extern GUEST_HIDDEN int64_t audit_aligned_bytes;
static inline void audit_aligned(size_t alignment)
{
    if (alignment > 4096)
        atomic_add(&audit_aligned_bytes, (int64_t)alignment, guest_shared());
}

#endif
