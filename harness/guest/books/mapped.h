/* The books of what the program maps itself: by call site, with peak and births as the heap's (books.h), in
 * pages instead of blocks. */
#ifndef HEAPGATE_GUEST_BOOKS_MAPPED_H
#define HEAPGATE_GUEST_BOOKS_MAPPED_H

#include "guest.h"

/* What lay in a range, so that it can be put back; what has more runs than this comes back as its last one.
 */
enum { MAPPED_RUNS = 16 };
typedef struct {
    unsigned count;
    struct {
        uintptr_t start, end;
        LedgerPage page;
    } runs[MAPPED_RUNS];
} MappedTaken;

/* state: LEDGER_PAGE_*. Of HELD ones start is the stack that holds them; what lay there is taken out. */
GUEST_HIDDEN void mapped_enter(LedgerHeader *header, const void *at, size_t size, unsigned state,
                               const UnwindStart *start);
/* Before the kernel gets it back. */
GUEST_HIDDEN void mapped_take(LedgerHeader *header, const void *at, size_t size, MappedTaken *taken);
/* The kernel did not take it. */
GUEST_HIDDEN void mapped_return(LedgerHeader *header, const MappedTaken *taken);
/* Its protection was changed. accessible: it is not PROT_NONE. */
GUEST_HIDDEN void mapped_protect(LedgerHeader *header, const void *at, size_t size, bool accessible,
                                 const UnwindStart *start);
/* The size of the mapping that begins here, as far as it is still there; 0: none does. */
GUEST_HIDDEN size_t mapped_size(LedgerHeader *header, const void *at);
/* A block of the heap that is raw material for a pool counts as mapped, in whole pages. False: it has none.
 */
GUEST_HIDDEN bool mapped_enter_slab(LedgerHeader *header, const void *at, size_t size,
                                    const UnwindStart *start);
/* It is given back. False: none lies there. */
GUEST_HIDDEN bool mapped_take_slab(LedgerHeader *header, const void *at);
/* LEDGER_PAGE_*. */
GUEST_HIDDEN unsigned mapped_state(LedgerHeader *header, const void *at);

/* For the end mark (end_mark.h): counts all pages that are held and older than the mark, and marks them so
 * that nobody counts them again; takes these marks off. */
GUEST_HIDDEN void mapped_count(LedgerHeader *header, uint32_t number);
GUEST_HIDDEN void mapped_uncount(LedgerHeader *header);

#endif
