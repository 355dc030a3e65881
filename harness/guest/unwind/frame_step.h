/* One step of a walk: from a frame to its caller's. Inlined into each loop that walks, so that what a loop
 * does not ask for costs nothing. */
#ifndef HEAPGATE_GUEST_UNWIND_FRAME_STEP_H
#define HEAPGATE_GUEST_UNWIND_FRAME_STEP_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger.h"
#include "rule.h"
#include "stack_bounds.h"
#include "unwind.h"

typedef enum {
    STEP_ON = 0, /* there is a caller */
    STEP_END,    /* the outermost frame */
    STEP_LOST,   /* there should be a caller */
} StepResult;

typedef struct {
    uintptr_t pc, sp, fp;
    uintptr_t high; /* end of the stack */
    bool exact;
    bool guessed; /* some step of this walk relied on frame pointers without a rule that says so */
} Frame;

/* The words that a step relied on, in the order in which one makes the next safe to read. Addresses 0: not
 * used. */
typedef struct {
    bool fp_used;     /* the frame pointer register, as it was before the step */
    UnwindWord extra; /* the CFA of a realigned stack, the stack pointer that a signal saved, ... */
    UnwindWord fp;    /* where the caller's frame pointer was found; matters only if it is used further out */
    UnwindWord ret;   /* the return address */
} StepWords;

#ifdef __PIC__
#pragma GCC visibility push(hidden)
#endif
/* All but the plain rules. start: where the walk began. */
StepResult frame_step_slowly(Frame *frame, Rule rule, StepWords *words, const UnwindStart *start);
#ifdef __PIC__
#pragma GCC visibility pop
#endif

static inline uintptr_t frame_load(uintptr_t address)
{
    return *(const uintptr_t *)address;
}

static inline Frame frame_begin(const UnwindStart *start, uintptr_t high)
{
    return (Frame){start->pc, start->sp, start->fp, high != 0 ? high : stack_bounds_high(start->sp),
                   false,     false};
}

static inline uintptr_t frame_address(const Frame *frame)
{
    return frame->exact ? frame->pc | LEDGER_FRAME_EXACT : frame->pc;
}

/* The caller's stack pointer lies above, within the stack, and on a word. */
static inline bool frame_cfa_is_sane(const Frame *frame, uintptr_t cfa)
{
    return cfa > frame->sp && cfa <= frame->high && cfa % sizeof(uintptr_t) == 0;
}

/* Below the stack pointer of code that was interrupted. */
static inline uintptr_t frame_red_zone(const Frame *frame)
{
    return (uintptr_t)frame->exact << 7;
}

/* A saved register lies in the stack. */
static inline bool frame_slot_is_sane(const Frame *frame, uintptr_t slot)
{
    return slot + frame_red_zone(frame) >= frame->sp && slot <= frame->high - sizeof(uintptr_t) &&
           slot % sizeof(uintptr_t) == 0;
}

/* No code lies in the first page: a stack's outer end is often marked so. */
static inline bool frame_pc_is_end(uintptr_t pc)
{
    return pc < 4096;
}

static inline __attribute__((always_inline)) StepResult frame_step(Frame *frame, StepWords *words,
                                                                   const UnwindStart *start)
{
    Rule rule = rule_find(frame->pc - !frame->exact);
    RuleKind kind = rule_kind(rule);
    if (__builtin_expect(kind != RULE_SP && kind != RULE_FP, 0)) {
        Frame copy = *frame; /* the loop's own stays in registers */
        StepWords found = {0};
        StepResult result = frame_step_slowly(&copy, rule, &found, start);
        *frame = copy;
        *words = found;
        return result;
    }
    *words = (StepWords){.fp_used = kind == RULE_FP};
    uintptr_t cfa = (kind == RULE_FP ? frame->fp : frame->sp) + rule_cfa_offset(rule);
    if (__builtin_expect(cfa <= frame->sp || cfa > frame->high, 0))
        return STEP_LOST;
    if (rule_saved(rule) != SAVED_NOT) {
        uintptr_t slot = cfa + rule_saved_offset(rule);
        if (__builtin_expect(
                slot + frame_red_zone(frame) < frame->sp || slot > frame->high - sizeof(uintptr_t), 0))
            return STEP_LOST;
        words->fp = (UnwindWord){slot, frame_load(slot)};
        frame->fp = words->fp.value;
    }
    words->ret = (UnwindWord){cfa - sizeof(uintptr_t), frame_load(cfa - sizeof(uintptr_t))};
    frame->pc = words->ret.value;
    frame->sp = cfa;
    frame->exact = false;
    return __builtin_expect(frame_pc_is_end(frame->pc), 0) ? STEP_END : STEP_ON;
}

#endif
