#include "stack_index.h"

#include <string.h>

static void put_at(StackCache *self, uint64_t key, uint32_t found)
{
    uint64_t *bucket = bucket_of(self, key);
    memmove(&bucket[1], &bucket[0], (WAYS - 1) * sizeof bucket[0]);
    bucket[0] = key << 32 | found;
}

/* The first word of an entry that is not what it was; beyond all addresses: it holds. */
static UnwindWord entry_first_changed(const StackCache *self, uint32_t entry)
{
    for (uint32_t next = entry; next != 0; next = self->groups[next].next) {
        const Group *group = &self->groups[next];
        for (unsigned i = 0; i < GROUP_WORDS; i++) {
            uintptr_t address = group->base + group->offsets[i] * sizeof(uintptr_t);
            if (frame_load(address) != group->values[i])
                return (UnwindWord){address, group->values[i]};
        }
    }
    return (UnwindWord){UINTPTR_MAX, 0};
}

/* Puts a fork in an entry's or another fork's place, and that behind it. Returns the fork; 0: it cannot be
 * made. */
static uint32_t fork_make(StackCache *self, uint64_t *place, UnwindWord changed, uint32_t sample,
                          uintptr_t sp)
{
    uintptr_t reach = (changed.address - sp) / sizeof(uintptr_t);
    if (reach >> FORK_REACH_BITS != 0 || self->forks_used >> FORK_BITS != 0)
        return 0;
    uint32_t before = (uint32_t)*place, number = self->forks_used++;
    uint32_t fork = IS_FORK | (uint32_t)reach << FORK_BITS | number;
    self->forks[number] = (Fork){changed.address, sample};
    *place = *place >> 32 << 32 | fork;
    put_at(self, word_hash(fork, changed.value), before);
    return fork;
}

static uint64_t *index_place(StackCache *self, uint64_t key)
{
    uint64_t *bucket = bucket_of(self, key);
    for (unsigned way = 0; way < WAYS; way++)
        if (bucket[way] != 0 && bucket[way] >> 32 == (uint32_t)key)
            return &bucket[way];
    return NULL;
}

/* The fork at this place by which the present stack goes on, made if need be; 0: there is none. A fork lies
 * at the first word in which two stacks differ: further out, the words of one mean nothing to the other. */
static uint32_t fork_for(StackCache *self, uint64_t *place, uintptr_t pc, uintptr_t sp)
{
    uint32_t found = (uint32_t)*place;
    bool is_fork = (found & IS_FORK) != 0;
    const Fork *fork = is_fork ? &self->forks[found & ((1 << FORK_BITS) - 1)] : NULL;
    uint32_t sample = is_fork ? fork->sample : found;
    if (!is_from(&self->groups[sample], pc, sp))
        return 0; /* it only shares the key */
    UnwindWord changed = entry_first_changed(self, sample);
    if (changed.address < (is_fork ? fork->address : UINTPTR_MAX))
        return fork_make(self, place, changed, sample, sp);
    return is_fork ? found : 0;
}

void stack_index_put(StackCache *self, uint32_t entry, uintptr_t pc, uintptr_t sp)
{
    uint64_t key = word_hash(pc, sp), *place;
    for (unsigned level = 0; level < FORKS_DEEP && (place = index_place(self, key)) != NULL; level++) {
        uint32_t fork = fork_for(self, place, pc, sp);
        uint64_t next = fork != 0 ? fork_key(fork, sp) : 0;
        if (next == 0)
            break;
        key = next;
    }
    put_at(self, key, entry);
}
