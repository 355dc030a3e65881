/* Stacks as a tree of nodes in the ledger, and the call site of each stack. */
#ifndef HEAPGATE_GUEST_BOOKS_STACK_TREE_H
#define HEAPGATE_GUEST_BOOKS_STACK_TREE_H

#include "guest.h"

/* Blocks whose stack is not known. */
#define STACK_TREE_UNKNOWN_SITE 1

/* Makes the private half of the tree, empty; false: no memory. Again after a fork. */
GUEST_HIDDEN bool stack_tree_open(LedgerHeader *header);

/* The node of a frame that this parent called (0: nobody did), made where it is new. flags: LEDGER_NODE_*.
 * 0: the table is full. Safe in signal handlers and any thread; no locks. */
GUEST_HIDDEN uint32_t stack_tree_child(LedgerHeader *header, uint32_t parent, uint64_t address,
                                       uint32_t flags);
/* The nodes of a stack: nodes[i] for addresses[i], innermost first, made where they are new. outer: the node
 * of the frame that called the outermost of them, 0: none, and then truncated says whether the stack went on.
 * False: the table is full. */
GUEST_HIDDEN bool stack_tree_nodes(LedgerHeader *header, const uintptr_t *addresses, uint32_t frames,
                                   bool truncated, uint32_t outer, uint32_t *nodes);
/* The site of the stack that ends in this node. Never 0: STACK_TREE_UNKNOWN_SITE when tables are full, and
 * for node 0. */
GUEST_HIDDEN uint32_t stack_tree_site(LedgerHeader *header, uint32_t node);

#endif
