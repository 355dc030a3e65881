/* From (pc, sp) to what the stack cache remembers of it.
 *
 * Many stacks begin alike: an allocation function is called by a wrapper, that by another. Where there are
 * several of one (pc, sp), forks lead to each. A fork names a word further out, and the key of what comes
 * next is that word's present value; so the right one is found among hundreds without comparing the others.
 * Forks are hints: what they lead to is compared word for word. */
#ifndef HEAPGATE_GUEST_UNWIND_STACK_INDEX_H
#define HEAPGATE_GUEST_UNWIND_STACK_INDEX_H

#include "stack_groups.h"

#ifdef __PIC__
#pragma GCC visibility push(hidden)
#endif
/* Puts an entry where it will be found while the present stack, of which it is made, is there. */
void stack_index_put(StackCache *cache, uint32_t entry, uintptr_t pc, uintptr_t sp);
#ifdef __PIC__
#pragma GCC visibility pop
#endif

static inline uint64_t *bucket_of(StackCache *self, uint64_t key)
{
    return self->buckets[key >> (64 - BUCKET_BITS)];
}

/* Where a fork leads in the present stack; 0: it cannot be said, for its word lies beyond the stack, of which
 * nothing says yet that it is the same. */
static inline uint64_t fork_key(uint32_t fork, uintptr_t sp)
{
    uintptr_t address = sp + (fork >> FORK_BITS & ((1 << FORK_REACH_BITS) - 1)) * sizeof(uintptr_t);
    return address < stack_bounds_high(sp) ? word_hash(fork, frame_load(address)) : 0;
}

typedef bool StackIndexAccepts(StackCache *self, uint32_t entry, const Frame *frame, uint32_t room);

/* The entry of this frame that is accepted, or 0. */
static inline __attribute__((always_inline)) uint32_t
stack_index_look(StackCache *self, const Frame *frame, uint32_t room, StackIndexAccepts *accepts)
{
    uint64_t key = word_hash(frame_address(frame), frame->sp);
    for (unsigned level = 0; level < FORKS_DEEP && key != 0; level++) {
        const uint64_t *bucket = bucket_of(self, key);
        uint64_t next = 0;
        for (unsigned way = 0; way < WAYS; way++) {
            if (bucket[way] >> 32 != (uint32_t)key)
                continue;
            uint32_t found = (uint32_t)bucket[way];
            if ((found & IS_FORK) != 0)
                next = fork_key(found, frame->sp);
            else if (accepts(self, found, frame, room))
                return found;
        }
        key = next;
    }
    return 0;
}

#endif
