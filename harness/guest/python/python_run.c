#include "python_run.h"

enum { BUCKETS_SHIFT = 9, WAYS = 4, WORDS = 16, STRIDE = 4, KEPT = 10, SEEN_SHIFT = 12 };
_Static_assert(WORDS % STRIDE == 0, "room for whole strides");

typedef struct {
    uintptr_t pc, sp, fp, mark;
    uint8_t words, frames;
    bool fp_used;
    uint32_t memo[2];
    uintptr_t interface;
    uintptr_t kept[KEPT];
    uint32_t nodes[KEPT];
    int32_t offsets[WORDS]; /* from sp, in bytes */
    uintptr_t values[WORDS];
} Run;

/* A run is kept when it is walked for the second time: most are only ever walked once. tags: parts of hashes,
 * so that a run is looked at only where it may be the one. Runs lie one after the other, whatever their
 * buckets: a thread that has few of them touches few pages. */
struct PythonRuns {
    uint16_t tags[1 << BUCKETS_SHIFT][WAYS];
    uint16_t seen[1 << SEEN_SHIFT];
    uint16_t numbers[1 << BUCKETS_SHIFT][WAYS]; /* of runs; 0: free */
    uint8_t next[1 << BUCKETS_SHIFT];
    uint32_t used;
    Run runs[(WAYS << BUCKETS_SHIFT) + 1];
    NativeTrail *trail;
};

PythonRuns *python_runs_new(void)
{
    PythonRuns *self = guest_map(sizeof *self);
    if (self == NULL || (self->trail = native_trail_new()) != NULL)
        return self;
    guest_unmap(self, sizeof *self);
    return NULL;
}

void python_runs_free(PythonRuns *self)
{
    if (self == NULL)
        return;
    native_trail_free(self->trail);
    guest_unmap(self, sizeof *self);
}

void python_runs_clear(PythonRuns *self)
{
    native_trail_clear(self->trail);
    for (uint32_t number = 1; number <= self->used; number++)
        self->runs[number].pc = 0;
}

static inline uint16_t tag_of(uint64_t hash)
{
    return (uint16_t)hash;
}

static inline bool run_holds(const Run *run, const UnwindStart *start, uintptr_t mark)
{
    if (run->pc != start->pc || run->sp != start->sp || run->mark != mark ||
        (run->fp_used && run->fp != start->fp))
        return false;
    uintptr_t differ = 0;
    for (unsigned i = 0; i < run->words && differ == 0; i += STRIDE)
        for (unsigned j = i; j < i + STRIDE; j++)
            differ |= frame_load(run->sp + (uintptr_t)(intptr_t)run->offsets[j]) ^ run->values[j];
    return differ == 0;
}

/* The outermost word fills the last stride. False: a word is too far away. */
static bool words_keep(Run *run, const NativeWalk *walk)
{
    run->words = (uint8_t)((walk->n_words + STRIDE - 1) / STRIDE * STRIDE);
    for (uint32_t i = 0; i < run->words; i++) {
        uint32_t from_outside = i < walk->n_words ? walk->n_words - 1 - i : 0;
        const UnwindWord *word = &walk->words[from_outside];
        intptr_t offset = (intptr_t)(word->address - run->sp);
        if (offset != (int32_t)offset)
            return false;
        run->offsets[i] = (int32_t)offset;
        run->values[i] = word->value;
    }
    return true;
}

static bool is_seen_again(PythonRuns *self, uint64_t hash)
{
    uint16_t *seen = &self->seen[hash >> (64 - SEEN_SHIFT)];
    bool again = *seen == tag_of(hash);
    *seen = tag_of(hash);
    return again;
}

static void run_remember(PythonRuns *self, uint64_t hash, const UnwindStart *start, uintptr_t mark,
                         const NativeWalk *walk)
{
    if (walk->n_words > WORDS || walk->frames > KEPT || !is_seen_again(self, hash))
        return;
    uint32_t bucket = (uint32_t)(hash >> (64 - BUCKETS_SHIFT)), way = self->next[bucket] % WAYS;
    uint16_t *number = &self->numbers[bucket][way];
    if (*number == 0)
        *number = (uint16_t)++self->used;
    Run *run = &self->runs[*number];
    run->pc = 0;
    run->sp = start->sp;
    run->fp = start->fp;
    run->mark = mark;
    run->frames = (uint8_t)walk->frames;
    run->fp_used = walk->fp_used;
    run->memo[0] = run->memo[1] = 0;
    run->interface = walk->interface;
    if (!words_keep(run, walk))
        return;
    for (unsigned i = 0; i < walk->frames; i++)
        run->kept[i] = walk->kept[i];
    run->pc = start->pc;
    self->tags[bucket][way] = tag_of(hash);
    self->next[bucket]++;
}

bool python_run_find(PythonRuns *self, const UnwindStart *start, uintptr_t mark, PythonRun *found)
{
    uint64_t hash = (start->pc ^ start->sp << 20 ^ mark << 3) * UINT64_C(0x9e3779b97f4a7c15);
    hash ^= hash >> 32;
    uint32_t bucket = (uint32_t)(hash >> (64 - BUCKETS_SHIFT));
    for (unsigned way = 0; way < WAYS; way++) {
        Run *run = &self->runs[self->numbers[bucket][way]];
        if (self->tags[bucket][way] != tag_of(hash) || !run_holds(run, start, mark))
            continue;
        found->walk.kept = run->kept;
        found->walk.frames = run->frames;
        found->walk.interface = run->interface;
        found->walk.nodes = run->nodes;
        found->memo = run->memo;
        return true;
    }
    found->memo = NULL;
    if (!native_trail_walk(self->trail, start, mark, &found->walk))
        return false;
    run_remember(self, hash, start, mark, &found->walk);
    return true;
}

uint32_t python_run_nodes(PythonRuns *self, const PythonRun *run, uint32_t root)
{
    return run->memo == NULL ? native_trail_nodes(self->trail, &run->walk, root) : 0;
}
