/* The words that a walk relies on: while all of them are what they were, so is the stack. */
#ifndef HEAPGATE_GUEST_UNWIND_WALK_NOTES_H
#define HEAPGATE_GUEST_UNWIND_WALK_NOTES_H

#include "frame_step.h"

/* The words a walk has relied on so far. */
typedef struct {
    UnwindWord *words;
    uint32_t room, count;
    UnwindWord fp;    /* where the frame pointer now in force was found: noted when it is used */
    bool fp_is_start; /* it is the start's own */
    bool fp_used;     /* the start's own was used */
} WalkNotes;

static inline void walk_note(WalkNotes *self, UnwindWord word)
{
    if (word.address == 0)
        return;
    if (self->count < self->room)
        self->words[self->count] = word;
    self->count++;
}

static inline void walk_note_step(WalkNotes *self, const StepWords *step)
{
    if (step->fp_used) {
        walk_note(self, self->fp);
        self->fp_used |= self->fp_is_start;
        self->fp.address = 0; /* once is enough */
        self->fp_is_start = false;
    }
    walk_note(self, step->extra);
    if (step->fp.address != 0) {
        self->fp = step->fp;
        self->fp_is_start = false;
    }
    walk_note(self, step->ret);
}

/* Are words of a stack what they were? All of them must lie further out than the stack pointer, in the stack
 * that is there: then they can be read whatever the others say. */
static inline bool walk_words_hold(const UnwindWord *words, uint32_t count)
{
    uintptr_t differ = 0;
#pragma GCC unroll 4
    for (uint32_t i = 0; i < count; i++)
        differ |= frame_load(words[i].address) ^ words[i].value;
    return differ == 0;
}

#endif
