/* Where a stack ends: nothing beyond may be read. */
#ifndef HEAPGATE_GUEST_UNWIND_STACK_BOUNDS_H
#define HEAPGATE_GUEST_UNWIND_STACK_BOUNDS_H

#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    uintptr_t low, high;
} StackBounds;

#ifdef __PIC__
#pragma GCC visibility push(hidden)
#endif
/* The stack that this thread walked last. */
extern __thread StackBounds stack_bounds_last __attribute__((tls_model("initial-exec")));
uintptr_t stack_bounds_find(uintptr_t sp);
/* Copies memory that may not be there. No signal, no lock; false where it is not, or may not be asked about.
 */
bool memory_read(uintptr_t address, void *buffer, size_t size);
#ifdef __PIC__
#pragma GCC visibility pop
#endif

/* The end of the readable memory in which sp lies; sp itself where nothing could be learnt. */
static inline uintptr_t stack_bounds_high(uintptr_t sp)
{
    if (__builtin_expect(sp - stack_bounds_last.low < stack_bounds_last.high - stack_bounds_last.low, 1))
        return stack_bounds_last.high;
    return stack_bounds_find(sp);
}

#endif
