#include "python_trail.h"

#include <string.h>

#include "python_code.h"
#include "python_frames.h"
#include "python_outside.h"
#include "books/stack_tree.h"
#include "unwind/walk_notes.h"

enum { HINTS_SHIFT = 13, FRESH = PYTHON_TRAIL_DEEPEST - 1, WORDS = 3 };
_Static_assert((PYTHON_TRAIL_DEEPEST & FRESH) == 0, "a mask");

/* In a step's number: of a frame of the machinery that imports modules; the module has its node. */
#define IMPORTS  PYTHON_CODE_IMPORTS
#define IS_NAMED (UINT32_C(1) << 30)
#define FLAGS    (IMPORTS | IS_NAMED)

typedef struct {
    uintptr_t code;
    uintptr_t mark; /* the innermost one from here outwards */
    uint32_t node;
    uint32_t number; /* of its code, with flags; a mark, and what runs nothing yet, has its caller's flags */
    uint32_t era;    /* in which the number was looked up */
    uint32_t words;  /* how many there are from here outwards */
} Step;

struct PythonTrail {
    uint32_t count;      /* of steps; the outermost is 1 */
    uint32_t generation; /* python_code_generation */
    uint32_t era;        /* what an address says of a code object holds for one */
    uintptr_t outermost; /* the mark of the outermost loop */
    PythonOutside outside;
    uint16_t hints[1 << HINTS_SHIFT];           /* by frame: its step, perhaps */
    uintptr_t frames[PYTHON_TRAIL_DEEPEST + 1]; /* behind the end of all, python_frames_end */
    Step steps[PYTHON_TRAIL_DEEPEST + 1];
    UnwindWord words[WORDS * PYTHON_TRAIL_DEEPEST]; /* of the frames, which must not change */
    uintptr_t fresh[PYTHON_TRAIL_DEEPEST]; /* frames that need a step, innermost first, round and round */
};

PythonTrail *python_trail_new(void)
{
    return guest_map(sizeof(PythonTrail));
}

void python_trail_free(PythonTrail *self)
{
    if (self != NULL)
        guest_unmap(self, sizeof *self);
}

void python_trail_clear(PythonTrail *self)
{
    self->count = 0;
    self->era++;
    python_outside_clear(&self->outside);
}

static inline uint16_t *trail_hint(PythonTrail *self, uintptr_t frame)
{
    return &self->hints[(frame >> 3) * UINT64_C(0x9e3779b97f4a7c15) >> (64 - HINTS_SHIFT)];
}

/* The step of this frame; 0: it has none. */
static inline uint32_t step_of(PythonTrail *self, uintptr_t frame)
{
    uint32_t i = *trail_hint(self, frame);
    return i <= self->count && self->frames[i] == frame ? i : 0;
}

static bool is_changed(const PythonTrail *self, uint32_t i)
{
    uint32_t first = self->steps[i - 1].words;
    return python_frame_back(self->frames[i]) != self->frames[i - 1] ||
           !walk_words_hold(&self->words[first], self->steps[i].words - first);
}

/* From a step outwards: the first that is not what it was; 0: all are what they were. Each makes the next
 * safe to read: a frame that a living one names lives. */
static inline uint32_t trail_first_changed(const PythonTrail *self, uint32_t from)
{
    const uint16_t back = python.layout.back;
    const uintptr_t *frame = &self->frames[from];
    while (frame > self->frames && LIKELY(python_word(*frame, back) == frame[-1]))
        frame--;
    if (LIKELY(frame == self->frames) && LIKELY(walk_words_hold(self->words, self->steps[from].words)))
        return 0;
    while (!is_changed(self, from))
        from--;
    return from;
}

/* The frames that need a step, until one from which outwards all is unchanged: its number; 0: there is none.
 * Of more than there is room for the outermost remain. */
static uint32_t trail_collect(PythonTrail *self, uintptr_t top, uint32_t *fresh)
{
    uint32_t count = 0;
    for (uintptr_t frame = top; frame != self->frames[0] && frame != 0; frame = python_frame_back(frame)) {
        uint32_t i = step_of(self, frame);
        if (i != 0) {
            uint32_t changed = trail_first_changed(self, i);
            if (LIKELY(changed == 0)) {
                *fresh = count;
                return i;
            }
            for (; i > changed; i--)
                self->fresh[count++ & FRESH] = self->frames[i];
            frame = self->frames[changed];
        }
        self->fresh[count++ & FRESH] = frame;
    }
    *fresh = count;
    return 0;
}

/* With PYTHON_CODE_IMPORTS. */
static uint32_t code_of(const PythonTrail *self, LedgerHeader *header, const Step *old, uintptr_t code)
{
    if (old->code == code && old->era == self->era && (old->number & ~FLAGS) != 0)
        return old->number & ~IS_NAMED;
    return python_code_number(header, code);
}

/* One more word of this step, the innermost. */
static void trail_watch(PythonTrail *self, uint32_t i, uint16_t offset)
{
    uintptr_t address = self->frames[i] + offset;
    self->words[self->steps[i].words++] = (UnwindWord){address, frame_load(address)};
}

/* Within an import all is one frame, until a module's own code runs. It begins where the first argument of
 * the machinery is the module's name: what calls that (from package import name) is as if its caller ran. */
static uint32_t import_node(PythonTrail *self, LedgerHeader *header, uint32_t i)
{
    const Step *outer = &self->steps[i - 1];
    Step *step = &self->steps[i];
    step->number |= outer->number & IS_NAMED;
    if ((step->number & IS_NAMED) != 0)
        return outer->node;
    uintptr_t name = python_object(python_word(self->frames[i], python.layout.locals));
    uint32_t number = python_code_import(header, step->code, name);
    if (number == 0)
        return outer->node;
    trail_watch(self, i, python.layout.locals);
    step->number |= IS_NAMED;
    return stack_tree_child(header, outer->node, LEDGER_PYTHON_FRAME(number, 0), 0);
}

/* A step that has no node of its own: it is as if its caller ran. */
static Step step_plain(const PythonTrail *self, uint32_t i, uintptr_t code)
{
    const Step *outer = &self->steps[i - 1];
    return (Step){.code = code,
                  .mark = code == PYTHON_MARK ? self->frames[i] : outer->mark,
                  .node = outer->node,
                  .number = outer->number & FLAGS,
                  .era = self->era,
                  .words = outer->words};
}

/* Within an import the instruction does not matter, only that it is of the machinery. In versions whose
 * instruction is an index it says nothing without its code. */
static void watch_place(PythonTrail *self, uint32_t i)
{
    bool inside = (self->steps[i].number & self->steps[i - 1].number & IS_NAMED) != 0 &&
                  (self->steps[i].number & ~FLAGS) != 0;
    if (inside || python.layout.first_unit == 0)
        trail_watch(self, i, python.layout.code);
    if (!inside)
        trail_watch(self, i, python.layout.at);
}

/* Where no node can be made, the step stays a plain one: so the rest of the trail holds. */
static void step_make(PythonTrail *self, LedgerHeader *header, uint32_t i, uintptr_t address)
{
    Step *step = &self->steps[i], old = *step;
    PythonFrame frame = python_frame_read(address);
    uint32_t offset, node = 0;
    self->frames[i] = address;
    *step = step_plain(self, i, frame.code);
    *trail_hint(self, address) = (uint16_t)i;
    if (frame.code != PYTHON_MARK && python_frame_runs(&frame, &offset)) {
        step->number = code_of(self, header, &old, frame.code);
        if ((step->number & IMPORTS) != 0)
            node = import_node(self, header, i);
        else if (step->number != 0)
            node = stack_tree_child(header, step->node, LEDGER_PYTHON_FRAME(step->number, offset), 0);
    }
    if (node != 0)
        step->node = node;
    watch_place(self, i);
}

/* Of a stack that is too deep the innermost frame alone, behind the outermost ones. */
static uint32_t cut_node(LedgerHeader *header, uint32_t outer, uintptr_t address)
{
    uint32_t offset, number;
    PythonFrame frame = python_frame_read(address);
    if (frame.code == PYTHON_MARK || !python_frame_runs(&frame, &offset) ||
        (number = python_code_number(header, frame.code)) == 0)
        return outer;
    uint64_t at = LEDGER_PYTHON_FRAME(number & ~IMPORTS, offset);
    uint32_t node = stack_tree_child(header, outer, at, LEDGER_NODE_TRUNCATED);
    return node != 0 ? node : outer;
}

/* The mark of the outermost loop, of frames that were all collected afresh; 0: there is none. */
static uintptr_t outermost_mark(const PythonTrail *self, uintptr_t thread_state, uint32_t fresh)
{
    if (python.layout.frames != PYTHON_FRAMES_SHIMS)
        return python_outermost_mark(thread_state);
    if (fresh == 0)
        return 0;
    PythonFrame frame = python_frame_read(self->fresh[(fresh - 1) & FRESH]);
    return frame.code == PYTHON_MARK ? frame.at : 0;
}

/* Makes the steps of the collected frames, the outermost first, as far as there is room. Returns the node of
 * the innermost frame. */
static uint32_t extend(PythonTrail *self, LedgerHeader *header, uint32_t fresh, uintptr_t top)
{
    while (fresh > 0 && self->count < PYTHON_TRAIL_DEEPEST) {
        step_make(self, header, self->count + 1, self->fresh[--fresh & FRESH]);
        self->count++;
    }
    uint32_t node = self->steps[self->count].node;
    if (LIKELY(fresh == 0))
        return node;
    atomic_add(&header->deep_stacks, 1, guest_shared());
    return cut_node(header, node, top);
}

PythonTrailEnd python_trail_follow(PythonTrail *self, LedgerHeader *header, uintptr_t thread_state,
                                   uintptr_t top, const UnwindStart *start)
{
    uint32_t generation = __atomic_load_n(&python_code_generation, __ATOMIC_ACQUIRE), fresh;
    if (UNLIKELY(self->generation != generation)) {
        self->count = 0;
        self->era++;
        self->generation = generation;
    }
    self->frames[0] = python_frames_end(thread_state);
    uint32_t known = trail_collect(self, top, &fresh);
    uintptr_t mark = known > 0 ? self->outermost : outermost_mark(self, thread_state, fresh);
    uint32_t outside = mark != 0 ? python_outside_node(&self->outside, header, mark, start) : 0;
    if (UNLIKELY(known > 0 && outside != self->steps[0].node)) {
        self->count = 0;
        known = trail_collect(self, top, &fresh);
    }
    self->steps[0].node = outside;
    self->outermost = mark;
    self->count = known;
    uint32_t node = extend(self, header, fresh, top);
    const Step *end = &self->steps[self->count];
    return (PythonTrailEnd){node, end->mark, (end->number & IMPORTS) != 0};
}
