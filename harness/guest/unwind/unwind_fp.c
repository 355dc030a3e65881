/* Every architecture but x86-64: frame pointers. On AArch64 every compiler's default keeps them, and the
 * kernel's signal frame is linked into their chain. */
#ifndef __x86_64__

#include "frame_step.h"

Rule rule_compile(uintptr_t look)
{
    (void)look;
    return RULE_GUESS;
}

/* A return address may be signed. */
static uintptr_t without_signature(uintptr_t pc)
{
#ifdef __aarch64__
    register uintptr_t x30 __asm__("x30") = pc;
    __asm__("hint #7" : "+r"(x30)); /* xpaclri; nothing on processors without it */
    return x30;
#else
    return pc;
#endif
}

/* A frame record: the caller's frame pointer, then the address to return to. The outermost record holds
 * zeros. */
StepResult frame_step_slowly(Frame *frame, Rule rule, StepWords *words, const UnwindStart *start)
{
    (void)rule, (void)start;
    uintptr_t record = frame->fp;
    words->fp_used = true;
    if (record == 0)
        return STEP_END;
    if (record < frame->sp || record >= frame->high)
        frame->high = stack_bounds_high(record); /* a signal's own stack */
    else if (!frame_cfa_is_sane(frame, record + 2 * sizeof(uintptr_t)))
        return STEP_LOST;
    if (record % sizeof(uintptr_t) != 0 || frame->high < record + 2 * sizeof(uintptr_t))
        return STEP_LOST;
    words->fp = (UnwindWord){record, frame_load(record)};
    words->ret = (UnwindWord){record + sizeof(uintptr_t), frame_load(record + sizeof(uintptr_t))};
    frame->sp = record + 2 * sizeof(uintptr_t);
    frame->fp = words->fp.value;
    frame->pc = without_signature(words->ret.value);
    return frame_pc_is_end(frame->pc) ? STEP_END : STEP_ON;
}

#endif
