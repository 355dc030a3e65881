#include "python_merge.h"

#include <string.h>

#include "frame_step.h"
#include "python.h"
#include "python_check.h"
#include "python_code.h"
#include "python_frames.h"
#include "stack_tree.h"

/* An identity: a node and what was seen on the way from it outwards. */
enum {
    HAS_PYTHON = 1 << 30, /* frames of the interpreter's object */
    UNREADABLE = 1 << 29, /* a signal came in the middle of the interpreter: its frames may be half made */
    NODE = LEDGER_NODES - 1,
};

enum { BUCKETS_SHIFT = 12, WAYS = 4, WORDS = 1 << 20 };

/* A stack that was merged. */
typedef struct {
    uint64_t hash;
    uint32_t native, count;
    uint32_t site, generation;
    PythonFrame frames[];
} Entry;

struct PythonDesk {
    uint32_t buckets[1 << BUCKETS_SHIFT][WAYS]; /* where in words; 0: none */
    uint32_t used;
    PythonChain chain;
    uintptr_t addresses[LEDGER_DEEPEST];
    uint32_t nodes[LEDGER_DEEPEST];
    uint64_t words[WORDS];
};

PythonDesk *python_desk_new(void)
{
    PythonDesk *self = guest_map(sizeof *self);
    if (self != NULL)
        self->used = 1;
    return self;
}

void python_desk_free(PythonDesk *self)
{
    if (self != NULL)
        guest_unmap(self, sizeof *self);
}

void python_desk_clear(PythonDesk *self)
{
    memset(self->buckets, 0, sizeof self->buckets);
    self->used = 1;
}

/* ---- native stacks ---- */

static bool is_of_interpreter(uint64_t address)
{
    return (address & ~FRAME_EXACT) - python.start < python.end - python.start;
}

uint32_t python_stack(LedgerHeader *header, uint32_t node)
{
    uint32_t found = node;
    for (uint32_t i = node; i != 0; i = guest_nodes(header)[i].parent) {
        uint64_t address = guest_nodes(header)[i].address;
        if (!is_of_interpreter(address))
            continue;
        return found | HAS_PYTHON | ((address & FRAME_EXACT) != 0 ? UNREADABLE : 0);
    }
    return found;
}

/* ---- the table ---- */

static uint32_t *bucket_of(PythonDesk *self, uint64_t hash)
{
    return self->buckets[hash >> (64 - BUCKETS_SHIFT)];
}

static Entry *entry_at(PythonDesk *self, uint32_t at)
{
    return (Entry *)(void *)&self->words[at];
}

static inline bool is_same(const PythonFrame *a, const PythonFrame *b, uint32_t count)
{
    uintptr_t differ = 0;
    for (uint32_t i = 0; i < count; i++)
        differ |= (a[i].code ^ b[i].code) | (a[i].at ^ b[i].at);
    return differ == 0;
}

static inline uint64_t hash_of(const PythonChain *chain, uint32_t native)
{
    uint64_t hash = (chain->hash ^ native) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 32;
}

static uint32_t find(PythonDesk *self, uint64_t hash, uint32_t native, uint32_t generation)
{
    uint32_t *bucket = bucket_of(self, hash);
    for (unsigned way = 0; way < WAYS && bucket[way] != 0; way++) {
        const Entry *entry = entry_at(self, bucket[way]);
        if (entry->hash != hash || entry->native != native || entry->count != self->chain.count ||
            entry->generation != generation || !is_same(entry->frames, self->chain.frames, entry->count))
            continue;
        uint32_t site = entry->site, at = bucket[way];
        for (; way > 0; way--)
            bucket[way] = bucket[way - 1];
        bucket[0] = at;
        return site;
    }
    return 0;
}

static void keep(PythonDesk *self, uint64_t hash, uint32_t native, uint32_t generation, uint32_t site)
{
    uint32_t words = (sizeof(Entry) + self->chain.count * sizeof(PythonFrame)) / sizeof(uint64_t);
    if (self->used + words > WORDS)
        python_desk_clear(self);
    Entry *entry = entry_at(self, self->used);
    *entry = (Entry){hash, native, self->chain.count, site, generation};
    memcpy(entry->frames, self->chain.frames, self->chain.count * sizeof(PythonFrame));
    uint32_t *bucket = bucket_of(self, hash);
    memmove(&bucket[1], &bucket[0], (WAYS - 1) * sizeof bucket[0]);
    bucket[0] = self->used;
    self->used += words;
}

/* ---- merging ---- */

/* The stack that is being made of both. */
typedef struct {
    LedgerHeader *header;
    PythonDesk *desk;
    uint32_t next;  /* the next frame of Python */
    uint32_t count; /* frames so far */
    uint32_t loops; /* native frames that gave way */
    bool full, failed;
} Merge;

static void add(Merge *self, uintptr_t address)
{
    if (self->count == LEDGER_DEEPEST)
        self->full = true;
    else
        self->desk->addresses[self->count++] = address;
}

static void add_frame(Merge *self, const PythonFrame *frame)
{
    uint32_t offset;
    if (*(const void *const *)(frame->code + sizeof(void *)) != python.call.code_type) {
        self->failed = true;
        return;
    }
    if (!python_frame_runs(frame, &offset))
        return;
    uint32_t code = python_code_number(self->header, frame->code);
    if (code == 0)
        self->failed = true;
    else
        add(self, LEDGER_PYTHON_FRAME(code, offset));
}

/* The mark of the loop that runs the next frames; NULL: there is none. */
static const PythonFrame *next_mark(const Merge *self)
{
    const PythonChain *chain = &self->desk->chain;
    for (uint32_t i = self->next; i < chain->count; i++)
        if (chain->frames[i].code == PYTHON_MARK)
            return &chain->frames[i];
    return NULL;
}

/* Does this native frame, from sp to cfa, run the next frames? Where the versions leave marks these say so:
 * they lie in it. */
static bool is_loop(const Merge *self, uintptr_t pc, uintptr_t sp, uintptr_t cfa)
{
    if (python.layout.frames == PYTHON_FRAMES_OBJECTS)
        return pc - 1 - python.loop_start < python.loop_end - python.loop_start;
    const PythonFrame *mark = next_mark(self);
    if (mark != NULL)
        return mark->at >= sp && mark->at < cfa;
    /* Only its newest frames fitted into the chain. */
    return self->desk->chain.cut && pc - 1 - python.loop_start < python.loop_end - python.loop_start;
}

/* The frames of Python that this loop runs. */
static void add_run(Merge *self)
{
    const PythonChain *chain = &self->desk->chain;
    bool single = python.layout.frames == PYTHON_FRAMES_OBJECTS;
    uint32_t first = self->next;
    self->loops++;
    while (self->next < chain->count && chain->frames[self->next].code != PYTHON_MARK &&
           !(single && self->next > first))
        add_frame(self, &chain->frames[self->next++]);
    if (python.layout.frames == PYTHON_FRAMES_CFRAMES && self->next - first != 1)
        self->failed = true; /* a generator that throws is on top without a loop */
    if (self->next == first && single)
        self->failed = true;
    if (self->next == chain->count && chain->cut)
        self->full = true;
    if (!single)
        self->next++;
}

static StepResult walk(Merge *self, const UnwindStart *start)
{
    Frame frame = frame_begin(start, 0);
    StepResult result = STEP_ON;
    while (result == STEP_ON && !self->full && !self->failed) {
        uintptr_t address = frame_address(&frame), pc = frame.pc, sp = frame.sp;
        StepWords words;
        result = frame_step(&frame, &words, start);
        if (is_of_interpreter(pc) && is_loop(self, pc, sp, frame.sp))
            add_run(self);
        else
            add(self, address);
    }
    return result;
}

/* 0: the frames of Python are not those of this stack. */
static uint32_t merge(LedgerHeader *header, const UnwindStart *start, PythonDesk *desk)
{
    Merge self = {.header = header, .desk = desk};
    bool truncated = walk(&self, start) != STEP_END || self.full;
    const PythonChain *chain = &desk->chain;
    bool rest = self.next < chain->count && !truncated;
    if (self.failed || rest || self.loops == 0)
        return 0;
    if (UNLIKELY(self.full))
        atomic_add(&header->truncated_stacks, 1, true);
    if (!stack_tree_nodes(header, desk->addresses, self.count, truncated, 0, desk->nodes))
        return STACK_TREE_UNKNOWN_SITE;
    return stack_tree_site(header, self.count > 0 ? desk->nodes[0] : 0);
}

/* Is there a loop in a native stack? Without one there is nothing to be read: an interpreter that begins or
 * ends. */
static bool has_loop(LedgerHeader *header, uint32_t node)
{
    for (; node != 0; node = guest_nodes(header)[node].parent)
        if ((guest_nodes(header)[node].address & ~FRAME_EXACT) - 1 - python.loop_start <
            python.loop_end - python.loop_start)
            return true;
    return false;
}

static uint32_t merge_or_native(LedgerHeader *header, const UnwindStart *start, uint32_t native,
                                PythonDesk *desk, bool *kept)
{
    *kept = true;
    if (desk->chain.count == 0 && !has_loop(header, native & NODE))
        return stack_tree_site(header, native & NODE);
    uint32_t site = merge(header, start, desk);
    if (site != 0) {
        python_check_request();
        return site;
    }
    *kept = false;
    atomic_add(&header->python_unread, 1, guest_shared());
    return stack_tree_site(header, native & NODE);
}

uint32_t python_site(LedgerHeader *header, const UnwindStart *start, uint32_t native, PythonDesk *desk)
{
    if ((native & HAS_PYTHON) == 0)
        return stack_tree_site(header, native & NODE);
    if (UNLIKELY(desk == NULL) || UNLIKELY((native & UNREADABLE) != 0)) {
        atomic_add(&header->python_unread, 1, guest_shared());
        return stack_tree_site(header, native & NODE);
    }
    uint32_t generation = __atomic_load_n(&python_code_generation, __ATOMIC_ACQUIRE);
    python_frames_read(&desk->chain, (uintptr_t)python.call.thread_state());
    uint64_t hash = hash_of(&desk->chain, native);
    uint32_t site = find(desk, hash, native, generation);
    if (LIKELY(site != 0))
        return site;
    bool kept;
    site = merge_or_native(header, start, native, desk, &kept);
    if (kept)
        keep(desk, hash, native, generation, site);
    return site;
}
