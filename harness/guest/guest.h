/* What the sources of libheapgate.so share: the guest in other people's processes.
 *
 * Nothing here allocates through what it traces, prints, takes a lock or ends the process. Whatever fails
 * inside switches the tracer off and leaves the host as it would be without it. */
#ifndef HEAPGATE_GUEST_GUEST_H
#define HEAPGATE_GUEST_GUEST_H

#include <stddef.h>
#include <sys/single_threaded.h>

#include "atomic.h"
#include "ledger.h"
#include "unwind/unwind.h"

#define GUEST_EXPORT __attribute__((visibility("default")))
#define GUEST_HIDDEN __attribute__((visibility("hidden")))
#define GUEST_TLS    __attribute__((visibility("hidden"), tls_model("initial-exec")))

/* What every event looks at first. It lies in a page that the kernel empties in the child of a fork, however
 * it was forked: so the child finds no ledger before it can touch its parent's, and begins one of its own. A
 * child that shares its parent's memory (vfork, posix_spawn) shares the heap, and so the books. */
typedef struct {
    LedgerHeader *header; /* NULL: not open */
    uint32_t counting;    /* the end mark is being added up: whoever frees must look (end_mark.h) */
    uint32_t end_busy;    /* one thread at a time adds up */
    uint32_t window;      /* the number of the open window (window.h); 0: none */
} GuestDesk;
extern GUEST_HIDDEN GuestDesk *guest_desk;

/* Counts what makes remembered stacks worthless: unloaded objects, a new ledger. */
extern GUEST_HIDDEN uint32_t guest_generation;

/* The ledger, opened if this is the first event of the process or the first after a fork; NULL: off. Changes
 * errno never. For when guest_desk->header is NULL. */
GUEST_HIDDEN LedgerHeader *guest_open(void);
/* The ledger if one is open or can be. */
static inline LedgerHeader *guest_ledger(void)
{
    LedgerHeader *header = guest_desk->header;
    return LIKELY(header != NULL) ? header : guest_open();
}
/* Is this process traced, though it may not have begun its ledger (a forked child that allocated nothing)? */
GUEST_HIDDEN bool guest_watching(void);
/* Does no more from here on; off_reason is LEDGER_OFF_*. */
GUEST_HIDDEN void guest_off(uint32_t off_reason);

/* Memory of the tracer's own, zero and untouched; NULL: there is none. */
GUEST_HIDDEN void *guest_map(size_t size);
GUEST_HIDDEN void guest_unmap(void *memory, size_t size);
/* The whole pages in it are zero and untouched again. */
GUEST_HIDDEN void guest_empty(void *memory, size_t size);
/* Faults these whole pages in at once, where the kernel can. */
GUEST_HIDDEN void guest_populate(void *memory, size_t size);
GUEST_HIDDEN uint64_t guest_now_ns(void);
/* Marks the ledger as ended in good order, or, where an exec failed, takes that back. Not in a vfork's child.
 */
GUEST_HIDDEN void guest_ended(bool ended);

static inline bool guest_shared(void)
{
    return !__libc_single_threaded;
}

static inline void *guest_section(LedgerHeader *header, uint64_t at)
{
    return (char *)header + at;
}
static inline LedgerNode *guest_nodes(LedgerHeader *header)
{
    return guest_section(header, LEDGER_NODES_AT);
}
static inline LedgerSite *guest_sites(LedgerHeader *header)
{
    return guest_section(header, LEDGER_SITES_AT);
}

#endif
