#include "unwind.h"

#include "code_object.h"
#include "frame_step.h"

uint32_t unwind_generation = 1;

void unwind_init(void)
{
    code_object_init();
}

/* The generation is raised before and after: a rule compiled meanwhile is taken back by whoever compiled it.
 */
void unwind_forget(void)
{
    __atomic_fetch_add(&unwind_generation, 1, __ATOMIC_SEQ_CST);
    code_object_refresh();
    rule_forget();
    __atomic_fetch_add(&unwind_generation, 1, __ATOMIC_SEQ_CST);
}

UnwindResult unwind_walk(const UnwindStart *start, uintptr_t *addresses, uint32_t room)
{
    Frame frame = frame_begin(start, 0);
    StepResult step = STEP_LOST;
    uint32_t frames = 0;
    while (frames < room) {
        StepWords words;
        addresses[frames++] = frame_address(&frame);
        step = frame_step(&frame, &words, start);
        if (step != STEP_ON)
            break;
    }
    return (UnwindResult){.frames = frames, .truncated = step != STEP_END || frame.guessed};
}
