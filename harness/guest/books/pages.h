/* The table of pages that the program maps itself (ledger.h: LedgerPage): a radix tree in the ledger.
 *
 * A page's word is changed only by whoever owns the page: taken out before the kernel gets it back, put in
 * after the kernel gave it. So there is no lock; what others may do meanwhile (count a page for the end mark,
 * split a word) is settled by compare and swap. */
#ifndef HEAPGATE_GUEST_BOOKS_PAGES_H
#define HEAPGATE_GUEST_BOOKS_PAGES_H

#include "guest.h"

typedef struct PagesWalk PagesWalk;

/* One change of many words. */
struct PagesWalk {
    LedgerHeader *header;
    /* What is to stand in a word's place. Without effects: it may be asked again. */
    LedgerPage (*next)(const PagesWalk *self, LedgerPage now);
    /* It stands there. NULL: nothing to do. */
    void (*done)(PagesWalk *self, LedgerPage before, LedgerPage after, uintptr_t at, uint64_t bytes);
    bool makes; /* next makes something of what is NONE */
};

/* Changes the words from start to end (exclusive; whole pages below 2^LEDGER_ADDRESS_BITS), in order of
 * addresses. */
GUEST_HIDDEN void pages_walk(PagesWalk *walk, uintptr_t start, uintptr_t end);
/* The word of this page. */
GUEST_HIDDEN LedgerPage pages_at(LedgerHeader *header, uintptr_t at);
/* After a fork: nothing is kept for the parent's ledger. */
GUEST_HIDDEN void pages_open(void);

#endif
