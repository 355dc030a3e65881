#include "stack_cache.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "frame_step.h"

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
} __attribute__((aligned(128))) Group;

enum {
    ENTRY_REACH = 128, /* a signal may interrupt a function that keeps a register in the red zone */
    GROUPS = 1 << 15,
    BUCKET_BITS = 12,
    WAYS = 4, /* the same function at the same depth is called from several places */
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
    uint64_t buckets[1 << BUCKET_BITS][WAYS]; /* upper half: part of the hash; lower half: the entry */
    uint32_t used, generation;
    uint32_t walk; /* number of the walk; see Group.broken */
    uint32_t steps, outer;
    bool shareable; /* its outer parts are what other stacks would find */
    bool cut;       /* truncated at the outer end */
    Step step[STACK_CACHE_DEEPEST];
    Group groups[GROUPS];
};

static uint64_t hash_of(uintptr_t pc, uintptr_t sp)
{
    uint64_t h = (pc ^ sp << 13) * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ h >> 29;
}

/* Where segments begin is decided by the stack pointer alone, so that all stacks agree on it. */
static inline bool is_boundary(uintptr_t sp)
{
    return (sp >> 3) * UINT64_C(0x9e3779b97f4a7c15) >> (64 - SEGMENT_BITS) == 0;
}

StackCache *stack_cache_new(void)
{
    /* By system call: mmap itself may be the tracer's. */
    StackCache *self = (StackCache *)syscall(SYS_mmap, NULL, sizeof *self, PROT_READ | PROT_WRITE,
                                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0L);
    if (self == MAP_FAILED)
        return NULL;
    self->used = self->walk = 1;
    self->generation = __atomic_load_n(&unwind_generation, __ATOMIC_RELAXED);
    return self;
}

void stack_cache_free(StackCache *self)
{
    if (self != NULL)
        syscall(SYS_munmap, self, sizeof *self);
}

void stack_cache_clear(StackCache *self)
{
    memset(self->buckets, 0, sizeof self->buckets);
    self->used = 1;
    self->steps = 0;
    self->generation = __atomic_load_n(&unwind_generation, __ATOMIC_RELAXED);
}

/* ---- finding ---- */

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

/* As chain_holds, but goes no further than to what is known to have changed in this walk, and notes what has.
 */
static bool chain_holds_noting(StackCache *self, uint32_t entry)
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

static inline bool entry_is(const Group *entry, uintptr_t pc, uintptr_t sp, uintptr_t fp)
{
    return entry->pc == pc && entry->base == sp - ENTRY_REACH && (entry->fp == fp || !entry->fp_used);
}

static inline void promote(uint64_t *bucket, unsigned way)
{
    if (way > 0) {
        uint64_t entry = bucket[way];
        bucket[way] = bucket[way - 1];
        bucket[way - 1] = entry;
    }
}

uint32_t stack_cache_find(StackCache *self, const UnwindStart *start)
{
    if (__builtin_expect(self->generation != __atomic_load_n(&unwind_generation, __ATOMIC_RELAXED), 0))
        stack_cache_clear(self);
    uint64_t hash = hash_of(start->pc, start->sp);
    uint64_t *bucket = self->buckets[hash >> (64 - BUCKET_BITS)];
    for (unsigned way = 0; way < WAYS; way++) {
        if (bucket[way] >> 32 != (uint32_t)hash)
            continue;
        const Group *entry = &self->groups[(uint32_t)bucket[way]];
        if (entry->id == 0 || !entry_is(entry, start->pc, start->sp, start->fp) || !chain_holds(self, entry))
            continue;
        uint32_t id = entry->id;
        promote(bucket, way);
        return id;
    }
    return 0;
}

/* The entry of a segment that holds from this frame outwards, or 0. */
static uint32_t find_outer(StackCache *self, const Frame *frame, uint32_t room)
{
    uintptr_t pc = frame_address(frame);
    uint64_t hash = hash_of(pc, frame->sp);
    uint64_t *bucket = self->buckets[hash >> (64 - BUCKET_BITS)];
    for (unsigned way = 0; way < WAYS; way++) {
        if (bucket[way] >> 32 != (uint32_t)hash)
            continue;
        const Group *entry = &self->groups[(uint32_t)bucket[way]];
        if (entry->node == 0 || entry->depth > room || !entry_is(entry, pc, frame->sp, frame->fp) ||
            !chain_holds_noting(self, (uint32_t)bucket[way]))
            continue;
        uint32_t found = bucket[way];
        promote(bucket, way);
        return found;
    }
    return 0;
}

UnwindResult stack_cache_walk(StackCache *self, const UnwindStart *start, uintptr_t *addresses, uint32_t room,
                              uint32_t *outer)
{
    Frame frame = frame_begin(start, 0);
    StepResult result = STEP_ON;
    uint32_t count = 0, found = 0;
    bool guessed = false;
    room = room < STACK_CACHE_DEEPEST ? room : STACK_CACHE_DEEPEST;
    while (result == STEP_ON && count < room) {
        if (is_boundary(frame.sp) && count > 0 && (found = find_outer(self, &frame, room - count)) != 0)
            break;
        Step *step = &self->step[count];
        addresses[count] = step->pc = frame_address(&frame);
        step->sp = frame.sp;
        step->fp = frame.fp;
        frame.guessed = false;
        result = frame_step(&frame, &step->words, start);
        step->guessed = frame.guessed;
        guessed |= frame.guessed;
        count++;
    }
    const Group *rest = &self->groups[found];
    self->walk++;
    self->steps = count;
    self->outer = found;
    self->shareable = found != 0 || result != STEP_ON;
    self->cut = found != 0 ? rest->truncated : result != STEP_END;
    *outer = found != 0 ? rest->node : 0;
    return (UnwindResult){.frames = count, .truncated = self->cut || guessed};
}

/* ---- keeping ---- */

/* A chain of groups being filled. */
typedef struct {
    StackCache *cache;
    uint32_t first, last;
    unsigned count; /* words in the last */
} Chain;

static Group *chain_group(Chain *self, uintptr_t base)
{
    uint32_t fresh = self->cache->used++;
    Group *group = &self->cache->groups[fresh];
    memset(group, 0, sizeof *group);
    group->base = base;
    if (self->first == 0)
        self->first = fresh;
    else
        self->cache->groups[self->last].next = fresh;
    self->last = fresh;
    self->count = 0;
    return group;
}

static bool is_in_reach(uintptr_t base, uintptr_t address)
{
    return (address - base) / sizeof(uintptr_t) <= UINT16_MAX;
}

static void chain_word(Chain *self, UnwindWord word)
{
    if (word.address == 0)
        return;
    Group *group = &self->cache->groups[self->last];
    if (self->count == GROUP_WORDS || !is_in_reach(group->base, word.address))
        group = chain_group(self, word.address);
    /* The rest of the group repeats the word: comparing is quicker than counting. */
    for (unsigned i = self->count++; i < GROUP_WORDS; i++) {
        group->offsets[i] = (word.address - group->base) / sizeof(uintptr_t);
        group->values[i] = word.value;
    }
}

static void insert(StackCache *self, uint32_t entry, uintptr_t pc, uintptr_t sp)
{
    uint64_t hash = hash_of(pc, sp);
    uint64_t *bucket = self->buckets[hash >> (64 - BUCKET_BITS)];
    memmove(&bucket[1], &bucket[0], (WAYS - 1) * sizeof bucket[0]);
    bucket[0] = hash << 32 | entry;
}

static UnwindWord first_word(const Step *step)
{
    if (step->words.extra.address != 0)
        return step->words.extra;
    return step->fp_kept ? step->words.fp : step->words.ret;
}

/* An entry's first group must hold a word. */
static bool may_begin(const Step *step)
{
    return is_in_reach(step->sp - ENTRY_REACH, first_word(step).address);
}

/* Which saved frame pointers mattered, and what is truncated: from the outer end inwards. */
static void mark_steps(StackCache *self)
{
    bool truncated = self->cut;
    bool live = self->outer != 0 && self->groups[self->outer].fp_used;
    for (uint32_t i = self->steps; i-- > 0;) {
        Step *step = &self->step[i];
        bool loaded = step->words.fp.address != 0;
        step->fp_kept = live && loaded;
        live = (live && !loaded) || step->words.fp_used;
        step->fp_live = live;
        step->truncated = truncated |= step->guessed;
    }
}

/* The segment of steps begin to end - 1, which goes on at next. Returns its entry. */
static uint32_t keep_segment(StackCache *self, uint32_t begin, uint32_t end, uint32_t next)
{
    const Step *step = &self->step[begin];
    Chain chain = {.cache = self};
    Group *entry = chain_group(&chain, step->sp - ENTRY_REACH);
    for (uint32_t i = begin; i < end; i++) {
        chain_word(&chain, self->step[i].words.extra);
        if (self->step[i].fp_kept)
            chain_word(&chain, self->step[i].words.fp);
        chain_word(&chain, self->step[i].words.ret);
    }
    self->groups[chain.last].next = next;
    entry->pc = step->pc;
    entry->fp = step->fp;
    entry->fp_used = step->fp_live;
    entry->truncated = step->truncated;
    entry->depth = end - begin + (next != 0 ? self->groups[next].depth : 0);
    insert(self, chain.first, step->pc, step->sp);
    return chain.first;
}

/* Room for so many more groups; else all is forgotten, which costs each stack one walk. */
static bool make_room(StackCache *self, uint32_t groups)
{
    if (self->used + groups <= GROUPS)
        return true;
    stack_cache_clear(self);
    return false;
}

void stack_cache_keep(StackCache *self, const uint32_t *nodes, uint32_t id)
{
    if (self->steps == 0 || !make_room(self, 4 * self->steps))
        return;
    mark_steps(self);
    uint32_t next = self->outer, end = self->steps;
    while (end > 0) {
        uint32_t begin = end - 1;
        while (begin > 0 &&
               !(self->shareable && is_boundary(self->step[begin].sp) && may_begin(&self->step[begin])))
            begin--;
        if (!may_begin(&self->step[begin]))
            break;
        next = keep_segment(self, begin, end, next);
        self->groups[next].node = self->shareable ? nodes[begin] : 0;
        self->groups[next].id = begin == 0 ? id : 0;
        end = begin;
    }
    self->steps = 0;
}

void stack_cache_add(StackCache *self, const UnwindStart *start, const UnwindResult *result,
                     const UnwindWord *words, uint32_t id)
{
    uintptr_t base = start->sp - ENTRY_REACH;
    if (result->words == 0 || result->words > GROUPS / 4 || !is_in_reach(base, words[0].address) ||
        !make_room(self, result->words))
        return;
    Chain chain = {.cache = self};
    Group *entry = chain_group(&chain, base);
    for (uint32_t i = 0; i < result->words; i++)
        chain_word(&chain, words[i]);
    entry->pc = start->pc;
    entry->fp = start->fp;
    entry->fp_used = result->fp_used;
    entry->truncated = result->truncated;
    entry->id = id;
    insert(self, chain.first, start->pc, start->sp);
}
