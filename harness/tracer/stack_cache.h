/* The stack cache: the identity of a stack without walking it again.
 *
 * After an exact walk every stack word consulted is remembered with the node of the stack tree it led to,
 * under (pc, sp) of the start. If every remembered word is unchanged, the whole stack is: exact, not a
 * heuristic. One cache for each thread, mapped when first needed, never shared. */
#ifndef HEAPGATE_TRACER_STACK_CACHE_H
#define HEAPGATE_TRACER_STACK_CACHE_H

#include "unwind.h"

typedef struct StackCache StackCache;

/* A cache of its own mapping, or NULL where there is no memory. */
StackCache *stack_cache_new(void);
void stack_cache_free(StackCache *self);
/* The id remembered for this stack, or 0. */
uint32_t stack_cache_find(StackCache *self, const UnwindStart *start);
/* Remembers id (not 0) for the stack just walked. */
void stack_cache_add(StackCache *self, const UnwindStart *start, const UnwindResult *result,
                     const UnwindWord *words, uint32_t id);
/* Forgets all (a module was unloaded). */
void stack_cache_clear(StackCache *self);

#endif
