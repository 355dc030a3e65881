/* What the stack cache holds, and whether the words of a stack are still what they were. For stack_cache.c
 * and stack_index.c alone. */
#ifndef HEAPGATE_GUEST_UNWIND_STACK_GROUPS_H
#define HEAPGATE_GUEST_UNWIND_STACK_GROUPS_H

#include "frame_step.h"
#include "stack_cache.h"

/* Eight words, 128 bytes. A segment is a chain of groups; the first of them is an entry, found by (pc, sp,
 * and fp if it mattered); the last goes on to the entry of the segment further out. */
enum { GROUP_WORDS = 8 };
typedef struct {
    uintptr_t values[GROUP_WORDS];
    uint16_t offsets[GROUP_WORDS]; /* in words, from base */
    uintptr_t base;                /* of an entry: sp less ENTRY_REACH */
    uintptr_t pc, fp;
    uint32_t next;   /* 0: the outer end */
    uint32_t id;     /* of the stack that starts here; 0: only ever seen from further in */
    uint32_t node;   /* the same, for those further in */
    uint32_t broken; /* the walk during which it was found changed */
    uint16_t depth;  /* frames from here outwards */
    bool fp_used, truncated;
    uint32_t fours : 12, fours_at : 20; /* all words from here outwards, once they were asked for often */
} __attribute__((aligned(128))) Group;
_Static_assert(sizeof(Group) == 128, "two cache lines");

/* Words one after the other, without a segment's gaps and jumps. */
typedef struct {
    uintptr_t values[4];
    uint16_t offsets[4]; /* in words, from the entry's base */
} Four;

/* Entries of one (pc, sp) that differ: the first word of the sample that did not hold for another of them.
 * Its value, as it is now, leads on. */
typedef struct {
    uintptr_t address;
    uint32_t sample;
} Fork;

enum {
    ENTRY_REACH = 128, /* a signal may interrupt a function that keeps a register in the red zone */
    GROUPS = 1 << 15,
    FOURS = 1 << 14,
    FORK_BITS = 14,
    FORK_REACH_BITS = 17, /* words from sp */
    FORKS_DEEP = 32,      /* on the way to one entry */
    BUCKET_BITS = 13,
    RECENT_BITS = 10,
    WAYS = 4,
    SEGMENT_BITS = 4,
};

/* One step of the walk in progress. */
typedef struct {
    uintptr_t pc, sp, fp;
    bool fp_live;   /* fp matters from here outwards */
    bool fp_kept;   /* the word that the step loaded it from matters */
    bool guessed;   /* by this step */
    bool truncated; /* from here outwards */
    StepWords words;
} Step;

struct StackCache {
    /* Upper half: part of the key. Lower half: an entry, or IS_FORK, where its word lies and its number. */
    uint64_t buckets[1 << BUCKET_BITS][WAYS];
    uint32_t recent[1 << RECENT_BITS]; /* the entry found last, by (pc, sp); IS_TRUSTED: twice in a row */
    uint32_t used, forks_used, fours_used, generation;
    uint32_t walk; /* number of the walk; see Group.broken */
    uint32_t steps, outer;
    bool shareable; /* its outer parts are what other stacks would find */
    bool cut;       /* truncated at the outer end */
    Step step[STACK_CACHE_DEEPEST];
    Fork forks[1 << FORK_BITS];
    Group groups[GROUPS];
    Four fours[FOURS];
};
#define IS_FORK    (UINT32_C(1) << 31)
#define IS_TRUSTED (UINT32_C(1) << 31)

static inline uint64_t word_hash(uintptr_t pc, uintptr_t sp)
{
    uint64_t h = (pc ^ sp << 13) * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ h >> 29;
}

/* Whether the words are what they were: innermost first, so that each makes the next one safe to read. */
static inline bool group_holds(const Group *group)
{
#pragma GCC unroll 8
    for (unsigned i = 0; i < GROUP_WORDS; i++)
        if (__builtin_expect(
                frame_load(group->base + group->offsets[i] * sizeof(uintptr_t)) != group->values[i], 0))
            return false;
    return true;
}

static inline bool chain_holds(const StackCache *self, const Group *group)
{
    for (;;) {
        if (!group_holds(group))
            return false;
        if (group->next == 0)
            return true;
        group = &self->groups[group->next];
    }
}

static inline bool fours_hold(const StackCache *self, const Group *entry)
{
    const Four *four = &self->fours[entry->fours_at], *end = four + entry->fours;
    for (; four < end; four++)
#pragma GCC unroll 4
        for (unsigned i = 0; i < 4; i++)
            if (__builtin_expect(
                    frame_load(entry->base + four->offsets[i] * sizeof(uintptr_t)) != four->values[i], 0))
                return false;
    return true;
}

/* As chain_holds, but goes no further than to what is known to have changed in this walk, and notes what has.
 */
static inline bool chain_holds_noting(StackCache *self, uint32_t entry)
{
    uint32_t last = entry;
    while (self->groups[last].broken != self->walk && group_holds(&self->groups[last])) {
        last = self->groups[last].next;
        if (last == 0)
            return true;
    }
    for (uint32_t i = entry; i != last; i = self->groups[i].next)
        self->groups[i].broken = self->walk;
    self->groups[last].broken = self->walk;
    return false;
}

static inline bool is_from(const Group *entry, uintptr_t pc, uintptr_t sp)
{
    return entry->pc == pc && entry->base == sp - ENTRY_REACH;
}

static inline bool entry_is(const Group *entry, uintptr_t pc, uintptr_t sp, uintptr_t fp)
{
    return is_from(entry, pc, sp) && (entry->fp == fp || !entry->fp_used);
}

#endif
