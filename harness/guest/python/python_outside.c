#include "python_outside.h"

#include "python.h"
#include "books/stack_tree.h"
#include "unwind/walk_notes.h"

enum { DEEPEST = 256 };

typedef struct {
    uintptr_t addresses[DEEPEST];
    uint32_t frames;
    bool truncated;
} Walk;

void python_outside_clear(PythonOutside *self)
{
    for (unsigned i = 0; i < PYTHON_OUTSIDE_WAYS; i++)
        self->ways[i].mark = 0;
}

/* Notes count from the loop that holds the mark on: all that lies inside of it comes and goes. */
static void outside_walk(Walk *self, WalkNotes *notes, uintptr_t mark, const UnwindStart *start)
{
    Frame frame = frame_begin(start, 0);
    StepResult result = STEP_ON;
    bool outside = false;
    while (result == STEP_ON && self->frames < DEEPEST) {
        uintptr_t pc = frame.pc, sp = frame.sp, address = frame_address(&frame);
        StepWords words;
        result = frame_step(&frame, &words, start);
        if (mark >= sp && mark < frame.sp)
            notes->count = 0;
        walk_note_step(notes, &words);
        if (outside && !python_is_interpreter(pc))
            self->addresses[self->frames++] = address;
        outside |= mark >= sp && mark < frame.sp;
    }
    self->truncated = result != STEP_END || frame.guessed;
}

static uint32_t nodes_of(LedgerHeader *header, const Walk *walk)
{
    uint32_t node = 0, flags = walk->truncated ? LEDGER_NODE_TRUNCATED : 0;
    for (uint32_t i = walk->frames; i-- > 0; flags = 0) {
        uint32_t inner = stack_tree_child(header, node, walk->addresses[i], flags);
        if (inner == 0)
            break;
        node = inner;
    }
    return node;
}

/* The words lie further out than the mark, in the stack that is there while its loop runs. */
uint32_t python_outside_node(PythonOutside *self, LedgerHeader *header, uintptr_t mark,
                             const UnwindStart *start)
{
    for (unsigned i = 0; i < PYTHON_OUTSIDE_WAYS; i++)
        if (self->ways[i].mark == mark && walk_words_hold(self->ways[i].word, self->ways[i].words))
            return self->ways[i].node;
    __typeof__(&self->ways[0]) way = &self->ways[self->next++ % PYTHON_OUTSIDE_WAYS];
    Walk found = {.frames = 0};
    WalkNotes notes = {.words = way->word, .room = PYTHON_OUTSIDE_WORDS, .fp_is_start = true};
    outside_walk(&found, &notes, mark, start);
    uint32_t node = nodes_of(header, &found);
    bool remembered = notes.count <= PYTHON_OUTSIDE_WORDS;
    way->mark = remembered ? mark : 0;
    way->words = remembered ? notes.count : 0;
    way->node = node;
    return node;
}
