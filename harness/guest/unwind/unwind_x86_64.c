#ifdef __x86_64__

#include "cfi.h"
#include "code_object.h"
#include "frame_step.h"

/* In a RULE_GUESS: the code before this return address is a call. */
#define GUESS_AFTER_CALL (1u << 12)

/* The kernel's signal frame (struct ucontext), from the stack pointer that the handler returns to. */
enum { SIGNAL_RBP = 120, SIGNAL_RSP = 160, SIGNAL_RIP = 168 };

/* Where it keeps the registers, by DWARF's numbers. */
static const uint8_t signal_registers[CFI_REGISTERS] = {144, 136, 152, 128, 112, 104, 120, 160, 40,
                                                        48,  56,  64,  72,  80,  88,  96,  168};

/* ---- compiling ---- */

/* ret: the eight bytes that end at a return address. E8 rel32, or FF /2 in its lengths. */
static bool ends_in_call(const uint8_t code[8])
{
    static const uint8_t lengths[] = {2, 3, 4, 6, 7};
    const uint8_t *ret = code + 8;
    if (ret[-5] == 0xe8)
        return true;
    for (unsigned i = 0; i < sizeof lengths; i++)
        if (ret[-lengths[i]] == 0xff && (ret[1 - lengths[i]] & 0x38) == 0x10)
            return true;
    return false;
}

/* mov $15,%rax; syscall: what a handler returns to where its program brought its own restorer without
 * .eh_frame. */
static bool is_restorer(uintptr_t pc)
{
    static const uint8_t expected[9] = {0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05};
    uint8_t code[9];
    return memory_read(pc, code, sizeof code) && memcmp(code, expected, sizeof code) == 0;
}

static Rule compile_unknown(uintptr_t look)
{
    uint8_t code[8];
    if (is_restorer(look + 1))
        return RULE_SIGNAL;
    bool after_call = memory_read(look + 1 - sizeof code, code, sizeof code) && ends_in_call(code);
    return RULE_GUESS | (after_call ? GUESS_AFTER_CALL : 0);
}

static bool is_kernel_frame(const CfiRow *row)
{
    const CfiPlace *ret = &row->saved[CFI_RIP], *fp = &row->saved[CFI_RBP];
    return row->cfa.base == CFI_RSP && row->cfa.dereference && row->cfa.offset == SIGNAL_RSP &&
           row->how[CFI_RIP] == CFI_SAVED && ret->base == CFI_RSP && ret->offset == SIGNAL_RIP &&
           row->how[CFI_RBP] == CFI_SAVED && fp->base == CFI_RSP && fp->offset == SIGNAL_RBP;
}

/* RULE_WIDE where none fits. */
static RuleKind rule_kind_of(const CfiPlace *cfa)
{
    if (cfa->base == CFI_RSP && !cfa->dereference)
        return RULE_SP;
    if (cfa->base == CFI_RBP)
        return cfa->dereference ? RULE_FP_DEREF : RULE_FP;
    return RULE_WIDE;
}

static Rule compile_plain(const CfiRow *row)
{
    const CfiPlace *fp = &row->saved[CFI_RBP];
    RuleKind kind = rule_kind_of(&row->cfa);
    RuleSaved saved = SAVED_NOT;
    if (row->how[CFI_RBP] == CFI_SAVED)
        saved = fp->base == CFI_RBP ? SAVED_AT_FP : SAVED_AT_CFA;
    intptr_t saved_offset = saved == SAVED_NOT ? 0 : fp->offset;
    bool fits = rule_offsets_fit(row->cfa.offset, saved_offset) &&
                (saved == SAVED_NOT || fp->base == CFI_CFA || fp->base == CFI_RBP) &&
                (saved != SAVED_AT_FP || kind == RULE_FP_DEREF);
    return kind == RULE_WIDE || !fits ? RULE_WIDE : rule_make(kind, row->cfa.offset, saved, saved_offset);
}

Rule rule_compile(uintptr_t look)
{
    CfiRow row;
    if (!cfi_find(look, &row))
        return compile_unknown(look);
    if (row.how[CFI_RIP] == CFI_UNDEFINED)
        return RULE_END;
    if (!row.cfa_known || row.how[CFI_RIP] != CFI_SAVED || row.how[CFI_RBP] == CFI_OTHER)
        return RULE_GUESS | GUESS_AFTER_CALL;
    if (row.signal)
        return is_kernel_frame(&row) ? RULE_SIGNAL : RULE_GUESS | GUESS_AFTER_CALL;
    const CfiPlace *ret = &row.saved[CFI_RIP];
    if (ret->base != CFI_CFA || ret->offset != -(int)sizeof(uintptr_t))
        return RULE_GUESS | GUESS_AFTER_CALL;
    return compile_plain(&row);
}

/* ---- the steps that are rare ---- */

static uintptr_t look_of(const Frame *frame)
{
    return frame->pc - !frame->exact;
}

static bool load_slot(const Frame *frame, uintptr_t slot, UnwindWord *word)
{
    if (!frame_slot_is_sane(frame, slot))
        return false;
    *word = (UnwindWord){slot, frame_load(slot)};
    return true;
}

/* Goes to the caller whose frame begins at cfa. */
static StepResult arrive(Frame *frame, uintptr_t cfa, StepWords *words)
{
    if (!frame_cfa_is_sane(frame, cfa))
        return STEP_LOST;
    words->ret = (UnwindWord){cfa - sizeof(uintptr_t), frame_load(cfa - sizeof(uintptr_t))};
    if (words->fp.address != 0)
        frame->fp = words->fp.value;
    frame->pc = words->ret.value;
    frame->sp = cfa;
    frame->exact = false;
    return frame_pc_is_end(frame->pc) ? STEP_END : STEP_ON;
}

static StepResult step_dereferenced(Frame *frame, Rule rule, StepWords *words)
{
    words->fp_used = true;
    if (!load_slot(frame, frame->fp + rule_cfa_offset(rule), &words->extra))
        return STEP_LOST;
    uintptr_t cfa = words->extra.value;
    uintptr_t base = rule_saved(rule) == SAVED_AT_FP ? frame->fp : cfa;
    if (rule_saved(rule) != SAVED_NOT && !load_slot(frame, base + rule_saved_offset(rule), &words->fp))
        return STEP_LOST;
    return arrive(frame, cfa, words);
}

/* The interrupted code may have been on another stack. */
static StepResult step_signal(Frame *frame, StepWords *words)
{
    uintptr_t at = frame->sp;
    if (!load_slot(frame, at + SIGNAL_RSP, &words->extra) || !load_slot(frame, at + SIGNAL_RBP, &words->fp) ||
        !load_slot(frame, at + SIGNAL_RIP, &words->ret))
        return STEP_LOST;
    frame->sp = words->extra.value;
    frame->fp = words->fp.value;
    frame->pc = words->ret.value;
    frame->exact = true;
    if (frame->sp <= at || frame->sp >= frame->high)
        frame->high = stack_bounds_high(frame->sp);
    return frame_pc_is_end(frame->pc) ? STEP_END : STEP_ON;
}

/* Whether the instruction before pc is a call. */
static bool is_after_call(uintptr_t pc)
{
    CodeObject object;
    uint8_t code[8];
    Rule rule = rule_find(pc - 1);
    if (rule_kind(rule) == RULE_GUESS)
        return rule & GUESS_AFTER_CALL;
    if (!code_object_find(pc, &object))
        return false;
    Bytes bytes = code_object_bytes(&object, pc - sizeof code);
    if (!bytes_have(&bytes, sizeof code))
        return false;
    memcpy(code, bytes.at, sizeof code);
    return ends_in_call(code);
}

/* Frame pointers. What is found is believed if it is a place that a call returns to. */
static StepResult step_guess(Frame *frame, Rule rule, StepWords *words)
{
    words->fp_used = true;
    /* As makecontext leaves it: nothing called this, so there is no frame further out. */
    if (!(rule & GUESS_AFTER_CALL) && !frame->exact && (frame->fp < frame->sp || frame->fp >= frame->high))
        return STEP_END;
    if (frame->fp < frame->sp || !load_slot(frame, frame->fp, &words->fp))
        return STEP_LOST;
    StepResult result = arrive(frame, frame->fp + 2 * sizeof(uintptr_t), words);
    if (result != STEP_ON || is_after_call(frame->pc))
        return result;
    if (rule_kind(rule_find(frame->pc - 1)) == RULE_GUESS)
        return STEP_LOST;
    frame->guessed = true;
    return STEP_ON;
}

/* Where a step kept the caller's register: address 0 if nowhere, unchanged where the step left the register
 * alone. */
static void note_register(const Frame *before, const Frame *after, unsigned reg, UnwindWord *word)
{
    CfiRow row;
    uintptr_t slot = 0;
    if (after->exact) {
        slot = before->sp + signal_registers[reg];
    } else if (cfi_find(look_of(before), &row)) {
        const CfiPlace *place = &row.saved[reg];
        uintptr_t base = place->base == CFI_RSP   ? before->sp
                         : place->base == CFI_RBP ? before->fp
                                                  : after->sp;
        if (row.how[reg] == CFI_SAME)
            return;
        if (row.how[reg] == CFI_SAVED)
            slot = base + place->offset;
    }
    word->address = 0;
    if (slot != 0)
        load_slot(before, slot, word);
}

/* A register other than the two that every walk follows: walks again from the start, to the frame where it is
 * wanted. The dynamic linker's trampoline counts from %rbx. */
static bool find_register(const UnwindStart *start, const Frame *wanted, unsigned reg, UnwindWord *word)
{
    enum { FARTHEST = 4096 };
    Frame frame = frame_begin(start, 0);
    *word = (UnwindWord){0, 0};
    for (unsigned steps = 0; steps < FARTHEST; steps++) {
        if (frame.pc == wanted->pc && frame.sp == wanted->sp && frame.exact == wanted->exact)
            return word->address != 0;
        Frame before = frame;
        StepWords words;
        if (frame_step(&frame, &words, NULL) != STEP_ON)
            return false;
        note_register(&before, &frame, reg, word);
    }
    return false;
}

static bool base_value(Frame *frame, uint8_t base, StepWords *words, const UnwindStart *start,
                       uintptr_t *value)
{
    if (base == CFI_RSP) {
        *value = frame->sp;
        return true;
    }
    if (base == CFI_RBP) {
        *value = frame->fp;
        words->fp_used = true;
        return true;
    }
    if (start == NULL || base >= CFI_REGISTERS || !find_register(start, frame, base, &words->extra))
        return false;
    *value = words->extra.value;
    return true;
}

/* All that is known of the frame, worked out anew. */
static StepResult step_wide(Frame *frame, StepWords *words, const UnwindStart *start)
{
    CfiRow row;
    uintptr_t cfa;
    if (!cfi_find(look_of(frame), &row) || !base_value(frame, row.cfa.base, words, start, &cfa))
        return STEP_LOST;
    cfa += row.cfa.offset;
    if (row.cfa.dereference) {
        if (words->extra.address != 0 || !load_slot(frame, cfa, &words->extra))
            return STEP_LOST;
        cfa = words->extra.value;
    }
    if (row.how[CFI_RBP] == CFI_SAVED) {
        const CfiPlace *fp = &row.saved[CFI_RBP];
        uintptr_t base = fp->base == CFI_RSP ? frame->sp : fp->base == CFI_RBP ? frame->fp : cfa;
        words->fp_used |= fp->base == CFI_RBP;
        if (!load_slot(frame, base + fp->offset, &words->fp))
            return STEP_LOST;
    }
    return arrive(frame, cfa, words);
}

StepResult frame_step_slowly(Frame *frame, Rule rule, StepWords *words, const UnwindStart *start)
{
    switch (rule_kind(rule)) {
    case RULE_FP_DEREF:
        return step_dereferenced(frame, rule, words);
    case RULE_SIGNAL:
        return step_signal(frame, words);
    case RULE_END:
        return STEP_END;
    case RULE_WIDE:
        return step_wide(frame, words, start);
    default:
        return step_guess(frame, rule, words);
    }
}

#endif
