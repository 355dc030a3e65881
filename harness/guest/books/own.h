/* What is the tracer's own making, or the heapgate module's: it is booked to no call site and is in no
 * figure (LEDGER_OWN_SITE).
 *
 * Of a thread: while own_begin is in force, all that it allocates. Of a stack: if the innermost of its frames
 * of Python that lie in the module's folder is none of the functions in which the module runs the program's
 * code. */
#ifndef HEAPGATE_GUEST_BOOKS_OWN_H
#define HEAPGATE_GUEST_BOOKS_OWN_H

#include "guest.h"
#include "process/thread.h"

/* All between is own. May be nested. */
static inline void own_begin(void)
{
    thread_self.own++;
}
static inline void own_end(void)
{
    thread_self.own--;
}

/* Makes what is remembered of nodes empty. Again after a fork. */
GUEST_HIDDEN void own_open(void);
/* A node is made, before anybody can find it. */
GUEST_HIDDEN void own_see(LedgerHeader *header, uint32_t id, const LedgerNode *node);
/* Do the stacks that end in this node allocate for themselves? */
GUEST_HIDDEN bool own_is(uint32_t node);

#endif
