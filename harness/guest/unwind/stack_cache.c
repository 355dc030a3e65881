#include "stack_cache.h"

#include <string.h>

#include "memory.h"
#include "stack_index.h"

/* Where segments begin is decided by the stack pointer alone, so that all stacks agree on it. */
static inline bool is_segment_boundary(uintptr_t sp)
{
    return (sp >> 3) * UINT64_C(0x9e3779b97f4a7c15) >> (64 - SEGMENT_BITS) == 0;
}

StackCache *stack_cache_new(void)
{
    StackCache *self = memory_map(sizeof *self);
    if (self == NULL)
        return NULL;
    self->used = self->walk = 1;
    self->generation = __atomic_load_n(&unwind_generation, __ATOMIC_RELAXED);
    return self;
}

void stack_cache_free(StackCache *self)
{
    if (self != NULL)
        memory_unmap(self, sizeof *self);
}

void stack_cache_clear(StackCache *self)
{
    memset(self->buckets, 0, sizeof self->buckets);
    memset(self->recent, 0, sizeof self->recent);
    self->used = 1;
    self->forks_used = self->fours_used = self->steps = 0;
    self->generation = __atomic_load_n(&unwind_generation, __ATOMIC_RELAXED);
}

/* ---- finding ---- */

/* Copies an entry's words into fours where there is room, the last one repeated up to a whole four. */
static void fours_make(StackCache *self, Group *entry)
{
    uint32_t count = 0;
    Four *fours = &self->fours[self->fours_used];
    const Group *group = entry;
    for (unsigned i = 0; i < GROUP_WORDS || group->next != 0; i++) {
        if (i == GROUP_WORDS) {
            group = &self->groups[group->next];
            i = 0;
        }
        uintptr_t offset = (group->base - entry->base) / sizeof(uintptr_t) + group->offsets[i];
        if (offset > UINT16_MAX)
            return;
        if (self->fours_used + count / 4 >= FOURS - 1) {
            self->fours_used = FOURS; /* what is left is not tried again */
            return;
        }
        if (count > 0 && fours[(count - 1) / 4].offsets[(count - 1) % 4] == offset)
            continue; /* the rest of a group repeats its last word */
        for (unsigned j = count++ % 4; j < 4; j++) {
            fours[(count - 1) / 4].offsets[j] = (uint16_t)offset;
            fours[(count - 1) / 4].values[j] = group->values[i];
        }
    }
    entry->fours_at = self->fours_used;
    entry->fours = (count + 3) / 4;
    self->fours_used += entry->fours;
}

static inline bool accepts_whole(StackCache *self, uint32_t entry, const Frame *frame, uint32_t room)
{
    (void)room;
    const Group *group = &self->groups[entry];
    return group->id != 0 && entry_is(group, frame->pc, frame->sp, frame->fp) &&
           (group->fours != 0 ? fours_hold(self, group) : chain_holds(self, group));
}

/* A segment that goes on from this frame outwards, within the room. */
static inline bool accepts_outer(StackCache *self, uint32_t entry, const Frame *frame, uint32_t room)
{
    const Group *group = &self->groups[entry];
    return group->node != 0 && group->depth <= room &&
           entry_is(group, frame_address(frame), frame->sp, frame->fp) && chain_holds_noting(self, entry);
}

static __attribute__((noinline)) uint32_t find_slowly(StackCache *self, const Frame *frame, uint32_t *recent)
{
    if (__builtin_expect(self->generation != __atomic_load_n(&unwind_generation, __ATOMIC_RELAXED), 0))
        stack_cache_clear(self);
    uint32_t found = stack_index_look(self, frame, 0, accepts_whole);
    bool again = found != 0 && found == (*recent & ~IS_TRUSTED);
    *recent = again ? found | IS_TRUSTED : found;
    if (again && self->groups[found].fours == 0)
        fours_make(self, &self->groups[found]);
    return self->groups[found].id;
}

uint32_t stack_cache_find(StackCache *self, const UnwindStart *start)
{
    Frame frame = {.pc = start->pc, .sp = start->sp, .fp = start->fp};
    uint32_t *recent = &self->recent[word_hash(start->pc, start->sp) >> (64 - RECENT_BITS)];
    uint32_t entry = *recent & ~IS_TRUSTED;
    if (entry != *recent && self->generation == __atomic_load_n(&unwind_generation, __ATOMIC_RELAXED) &&
        accepts_whole(self, entry, &frame, 0))
        return self->groups[entry].id;
    return find_slowly(self, &frame, recent);
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
        if (is_segment_boundary(frame.sp) && count > 0 &&
            (found = stack_index_look(self, &frame, room - count, accepts_outer)) != 0)
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
    stack_index_put(self, chain.first, step->pc, step->sp);
    return chain.first;
}

/* Room for so many more groups; else all is forgotten, which costs each stack one walk. */
static bool cache_make_room(StackCache *self, uint32_t groups)
{
    if (self->used + groups <= GROUPS && self->forks_used >> FORK_BITS == 0)
        return true;
    stack_cache_clear(self);
    return false;
}

void stack_cache_keep(StackCache *self, const uint32_t *nodes, uint32_t id)
{
    if (self->steps == 0 || !cache_make_room(self, 4 * self->steps))
        return;
    mark_steps(self);
    uint32_t next = self->outer, end = self->steps;
    while (end > 0) {
        uint32_t begin = end - 1;
        while (begin > 0 && !(self->shareable && is_segment_boundary(self->step[begin].sp) &&
                              may_begin(&self->step[begin])))
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
