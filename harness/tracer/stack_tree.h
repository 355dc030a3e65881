/* Stacks as a tree of nodes in the ledger, and the call site of each stack. */
#ifndef HEAPGATE_TRACER_STACK_TREE_H
#define HEAPGATE_TRACER_STACK_TREE_H

#include "guest.h"

/* Blocks whose stack is not known. */
#define STACK_TREE_UNKNOWN_SITE 1

/* The last stack of a thread with its nodes, outermost first: two stacks in a row mostly share their outer
 * frames. */
typedef struct {
    uint32_t frames;
    uint32_t generation;
    uint32_t truncated;
    uint64_t addresses[LEDGER_DEEPEST];
    uint32_t nodes[LEDGER_DEEPEST];
} StackTreeLast;

/* Makes the private half of the tree, empty; false: no memory. Again after a fork. */
GUEST_HIDDEN bool stack_tree_open(LedgerHeader *header);

/* The site of a stack, frames innermost first; made when it is new. Never 0: STACK_TREE_UNKNOWN_SITE when
 * tables are full. last: (may be NULL). Safe in signal handlers and any thread; no locks. */
GUEST_HIDDEN uint32_t stack_tree_site(LedgerHeader *header, const uintptr_t *addresses,
                                      const UnwindResult *found, StackTreeLast *last);

#endif
