#include "native_trail.h"

#include "python.h"
#include "python_interface.h"
#include "unwind/walk_notes.h"

enum { HINTS_SHIFT = 12, STEP_WORDS = 3 };

/* A frame. Its words and what is kept of it end at these indices; they begin where those of the frame further
 * out end. */
typedef struct {
    uintptr_t pc; /* as frame_address */
    uintptr_t sp, fp, cfa;
    uint32_t words_end;
    uint16_t kept_end;
    uint16_t interface; /* the nearest frame from here outwards that is of the interface; 0: none */
    bool fp_live;       /* the frame pointer matters to the step out of it or to one further out */
    bool loop;          /* nothing is known of what lies further out */
} State;

/* A frame that was just walked through. */
typedef struct {
    uintptr_t pc, sp, fp, cfa;
    StepWords words;
} Fresh;

struct NativeTrail {
    uint32_t count; /* of frames; the outermost is 1; their stack pointers fall */
    uint32_t loop;  /* the frame that holds the mark */
    uintptr_t mark; /* of the last walk */
    uint32_t noded; /* so many kept frames have nodes, those from the loop on at the root */
    uint32_t root;
    uint16_t hints[1 << HINTS_SHIFT]; /* by stack pointer: its frame, perhaps */
    State states[NATIVE_TRAIL_DEEPEST + 1];
    uintptr_t kept[NATIVE_TRAIL_DEEPEST + 1];
    uint32_t nodes[NATIVE_TRAIL_DEEPEST + 1];
    UnwindWord words[STEP_WORDS * (NATIVE_TRAIL_DEEPEST + 1)];
    Fresh fresh[NATIVE_TRAIL_DEEPEST];
};

NativeTrail *native_trail_new(void)
{
    return guest_map(sizeof(NativeTrail));
}

void native_trail_free(NativeTrail *self)
{
    if (self != NULL)
        guest_unmap(self, sizeof *self);
}

void native_trail_clear(NativeTrail *self)
{
    self->count = self->loop = self->noded = 0;
}

/* Frames that lie together have hints that lie together; where a function was called, the stack pointer is a
 * multiple of 16. */
static inline uint16_t *native_hint(NativeTrail *self, uintptr_t sp)
{
    return &self->hints[sp >> 4 & ((1 << HINTS_SHIFT) - 1)];
}

/* The number of this frame in the trail; 0: it is not there. */
static inline uint32_t native_number(NativeTrail *self, const Frame *frame)
{
    uint32_t i = *native_hint(self, frame->sp);
    const State *state = &self->states[i];
    bool same = i <= self->count && i > 0 && state->sp == frame->sp && state->pc == frame_address(frame) &&
                (state->fp == frame->fp || !state->fp_live);
    return same ? i : 0;
}

static inline bool is_loop(uintptr_t pc, uintptr_t sp, uintptr_t cfa, uintptr_t mark)
{
    return mark != 0 ? mark - sp < cfa - sp : python_is_loop(pc - 1);
}

/* From a frame outwards the loop; 0: it is not known. */
static uint32_t find_loop(const NativeTrail *self, uint32_t from, uintptr_t mark)
{
    if (LIKELY(mark == self->mark) && mark != 0 && from >= self->loop)
        return self->loop;
    for (uint32_t i = from; i > 0; i--)
        if (is_loop(self->states[i].pc, self->states[i].sp, self->states[i].cfa, mark))
            return i;
        else if (self->states[i].loop)
            return 0;
    return 0;
}

/* The frame with the innermost word that has changed between two frames; 0: none has. */
static inline uint32_t native_first_changed(const NativeTrail *self, uint32_t from, uint32_t loop)
{
    uint32_t first = self->states[loop].words_end, i = self->states[from].words_end;
    if (LIKELY(walk_words_hold(&self->words[first], i - first)))
        return 0;
    while (frame_load(self->words[i - 1].address) == self->words[i - 1].value)
        i--;
    while (self->states[from - 1].words_end >= i)
        from--;
    return from;
}

/* ---- walking ---- */

typedef struct {
    uint32_t fresh;       /* frames, innermost first */
    uint32_t known, loop; /* the frame of the trail that they lead to, and its loop; 0: they end with the loop
                             itself */
} Found;

static bool walk_fresh(NativeTrail *self, const UnwindStart *start, uintptr_t mark, Found *found)
{
    Frame frame = frame_begin(start, 0);
    StepResult result = STEP_ON;
    uint32_t below = UINT32_MAX; /* a word further out than those has changed */
    for (*found = (Found){0}; result == STEP_ON && found->fresh < NATIVE_TRAIL_DEEPEST;) {
        if (UNLIKELY(frame.exact) && python_is_interpreter(frame.pc)) /* also the loop itself */
            return false;
        uint32_t i = native_number(self, &frame);
        if (i != 0 && i < below && (found->loop = find_loop(self, i, mark)) != 0) {
            uint32_t changed = native_first_changed(self, i, found->loop);
            found->known = i;
            if (changed == 0)
                return true;
            found->known = 0;
            below = changed;
        }
        Fresh *fresh = &self->fresh[found->fresh++];
        fresh->pc = frame_address(&frame);
        fresh->sp = frame.sp;
        fresh->fp = frame.fp;
        result = frame_step(&frame, &fresh->words, start);
        fresh->cfa = frame.sp;
        if (result != STEP_LOST && is_loop(fresh->pc, fresh->sp, fresh->cfa, mark))
            return true;
    }
    return false;
}

static void put_word(NativeTrail *self, State *state, UnwindWord word)
{
    if (word.address != 0)
        self->words[state->words_end++] = word;
}

/* Of the loop only where its frame ends is relied on. */
static void native_push(NativeTrail *self, const Fresh *fresh, bool loop)
{
    const State *outer = &self->states[self->count];
    State *state = &self->states[++self->count];
    const StepWords *words = &fresh->words;
    bool live = !loop && outer->fp_live, loaded = words->fp.address != 0;
    *state = (State){.pc = fresh->pc,
                     .sp = fresh->sp,
                     .fp = fresh->fp,
                     .cfa = fresh->cfa,
                     .words_end = outer->words_end,
                     .kept_end = outer->kept_end,
                     .interface = loop ? 0 : outer->interface,
                     .fp_live = (live && !loaded) || words->fp_used,
                     .loop = loop};
    *native_hint(self, state->sp) = (uint16_t)self->count;
    if (loop)
        return;
    uintptr_t pc = fresh->pc & ~LEDGER_FRAME_EXACT;
    if (!python_is_interpreter(pc))
        self->kept[state->kept_end++] = fresh->pc;
    else if (python_interface_has(pc - 1))
        state->interface = (uint16_t)self->count;
    put_word(self, state, words->ret);
    if (live)
        put_word(self, state, words->fp);
    put_word(self, state, words->extra);
}

/* Cuts the trail where the fresh frames go on; false: they do not fit in. */
static bool cut(NativeTrail *self, const Found *found)
{
    uint32_t count = found->known;
    if (count == 0)
        for (count = self->count; count > 0 && self->states[count].sp < self->fresh[found->fresh - 1].cfa;)
            count--;
    if (count + found->fresh > NATIVE_TRAIL_DEEPEST && found->known == 0)
        count = 0;
    self->count = count;
    return count + found->fresh <= NATIVE_TRAIL_DEEPEST;
}

bool native_trail_walk(NativeTrail *self, const UnwindStart *start, uintptr_t mark, NativeWalk *walk)
{
    Found found;
    if (!walk_fresh(self, start, mark, &found) || !cut(self, &found)) {
        native_trail_clear(self);
        return false;
    }
    uint32_t loop_now = found.known != 0 ? found.loop : self->count + 1;
    if (loop_now != self->loop)
        self->noded = 0;
    self->loop = loop_now;
    self->mark = mark;
    if (self->noded > self->states[self->count].kept_end)
        self->noded = self->states[self->count].kept_end;
    for (uint32_t i = found.fresh; i > 0; i--)
        native_push(self, &self->fresh[i - 1], found.known == 0 && i == found.fresh);
    const State *inner = &self->states[self->count], *loop = &self->states[self->loop];
    bool interface =
        inner->interface > self->loop && self->states[inner->interface].kept_end == inner->kept_end;
    *walk = (NativeWalk){.kept = &self->kept[loop->kept_end],
                         .frames = inner->kept_end - loop->kept_end,
                         .interface = interface ? self->states[inner->interface].pc : 0,
                         .words = &self->words[loop->words_end],
                         .n_words = inner->words_end - loop->words_end,
                         .fp_used = inner->fp_live,
                         .nodes = &self->nodes[loop->kept_end]};
    return true;
}

uint32_t native_trail_nodes(NativeTrail *self, const NativeWalk *walk, uint32_t root)
{
    uint32_t first = self->states[self->loop].kept_end;
    uint32_t known = self->root == root && self->noded > first ? self->noded - first : 0;
    self->root = root;
    self->noded = first + walk->frames;
    return known;
}
