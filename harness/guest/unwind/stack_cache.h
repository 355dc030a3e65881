/* The stack cache: the identity of a stack without walking it again.
 *
 * After a walk every stack word consulted is remembered with what it led to, under (pc, sp) of the start. If
 * every remembered word is unchanged, the whole stack is: exact, not a heuristic. A stack is remembered in
 * segments of some sixteen frames; segments further out are shared by all stacks that go through them, and a
 * walk that comes to one which still holds ends there. One cache for each thread, mapped when first needed,
 * never shared; the caller keeps signal handlers out while one of these functions runs.
 *
 *     if ((id = stack_cache_find(cache, &start)) == 0) {
 *         UnwindResult walk = stack_cache_walk(cache, &start, addresses, room, &outer);
 *         for (i = walk.frames, node = outer; i-- > 0;)
 *             nodes[i] = node = child of node for addresses[i];
 *         id = ... from node;
 *         stack_cache_keep(cache, nodes, id);
 *     } */
#ifndef HEAPGATE_GUEST_UNWIND_STACK_CACHE_H
#define HEAPGATE_GUEST_UNWIND_STACK_CACHE_H

#include "unwind.h"

/* The deepest walk that can be remembered; LEDGER_DEEPEST. */
enum { STACK_CACHE_DEEPEST = 512 };

typedef struct StackCache StackCache;

/* A cache of its own mapping, or NULL where there is no memory. */
StackCache *stack_cache_new(void);
void stack_cache_free(StackCache *self);
/* The id remembered for this stack, or 0. Forgets all by itself after unwind_forget. */
uint32_t stack_cache_find(StackCache *self, const UnwindStart *start);
/* As unwind_walk, but ends at the first frame from which outwards the stack is remembered: *outer is its node
 * and addresses hold only the frames inside of it; otherwise *outer is 0. truncated speaks of the whole
 * stack. */
UnwindResult stack_cache_walk(StackCache *self, const UnwindStart *start, uintptr_t *addresses, uint32_t room,
                              uint32_t *outer);
/* Remembers the walk just made: id (not 0) for all of it, nodes[i] (not 0) for the stack from addresses[i]
 * outwards. */
void stack_cache_keep(StackCache *self, const uint32_t *nodes, uint32_t id);
/* Forgets all. */
void stack_cache_clear(StackCache *self);

#endif
