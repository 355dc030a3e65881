/* Unwinding rules: how to get from one frame to its caller's, in 32 bits for each program counter.
 *
 * A rule is compiled when a program counter is met first, and kept in one table for the whole process: 8
 * bytes an entry, published by one atomic store, so that threads and signal handlers read and write it
 * without waiting. */
#ifndef HEAPGATE_GUEST_UNWIND_RULE_H
#define HEAPGATE_GUEST_UNWIND_RULE_H

#include <stdbool.h>
#include <stdint.h>

/* Bits 0..2: kind. Bits 3..4: where the caller's frame pointer is. Bits 5..11: its offset, in words, signed.
 * Bits 12..31: the CFA's offset in words, signed. CFA: the canonical frame address, the stack pointer in the
 * caller. */
typedef uint32_t Rule;

typedef enum {
    RULE_NONE = 0,
    RULE_SP = 1,       /* CFA = stack pointer + offset */
    RULE_FP = 2,       /* CFA = frame pointer + offset */
    RULE_FP_DEREF = 3, /* CFA = the word at frame pointer + offset: a realigned stack */
    RULE_SIGNAL = 4,   /* the kernel's signal frame is at the stack pointer */
    RULE_END = 5,      /* the outermost frame */
    RULE_WIDE = 6,     /* known, but does not fit: worked out anew each time */
    RULE_GUESS = 7,    /* nothing is known of this code: frame pointers */
} RuleKind;

typedef enum {
    SAVED_NOT = 0,    /* the frame pointer is still the caller's */
    SAVED_AT_CFA = 1, /* at CFA + offset */
    SAVED_AT_FP = 2,  /* at frame pointer + offset */
} RuleSaved;

static inline RuleKind rule_kind(Rule rule)
{
    return rule & 7;
}

static inline RuleSaved rule_saved(Rule rule)
{
    return rule >> 3 & 3;
}

/* Bytes. */
static inline intptr_t rule_saved_offset(Rule rule)
{
    return ((int32_t)(rule << 20) >> 25) * (intptr_t)8;
}

static inline intptr_t rule_cfa_offset(Rule rule)
{
    return ((int32_t)rule >> 12) * (intptr_t)8;
}

static inline bool rule_offsets_fit(intptr_t cfa_offset, intptr_t saved_offset)
{
    return cfa_offset % 8 == 0 && cfa_offset >= -(8 << 19) && cfa_offset < (8 << 19) &&
           saved_offset % 8 == 0 && saved_offset >= -512 && saved_offset < 512;
}

/* Offsets must fit. */
static inline Rule rule_make(RuleKind kind, intptr_t cfa_offset, RuleSaved saved, intptr_t saved_offset)
{
    return (uint32_t)kind | (uint32_t)saved << 3 | ((uint32_t)(saved_offset / 8) & 0x7f) << 5 |
           (uint32_t)(cfa_offset / 8) << 12;
}

/* An entry: the rule in the low half. The high half: the upper bits of the program counter, the lowest three,
 * and in two bits how far the entry is from its proper place, which the bits between decide: no two program
 * counters are confused. The calls of one function lie close together in the table, as they do in the code.
 */
enum {
    RULE_TABLE_BITS = 18,
    RULE_TABLE_ENTRIES = 1 << RULE_TABLE_BITS,
    RULE_TABLE_WAYS = 4,
    RULE_LOW_BITS = 3
};
#ifdef __PIC__
#pragma GCC visibility push(hidden)
#endif
extern uint64_t rule_table[RULE_TABLE_ENTRIES];

/* Compiles the rule for a program counter; each architecture has its own. Never RULE_NONE. */
Rule rule_compile(uintptr_t look);
/* Other places of the table, then compiling. */
Rule rule_find_slowly(uintptr_t look);
/* Drops every rule. */
void rule_forget(void);
#ifdef __PIC__
#pragma GCC visibility pop
#endif

static inline uint32_t rule_place(uintptr_t look)
{
    return (look >> RULE_LOW_BITS ^ look >> (RULE_LOW_BITS + RULE_TABLE_BITS)) & (RULE_TABLE_ENTRIES - 1);
}

/* The high half of an entry in its proper place; in another place, that place ^ way, way is added. */
static inline uint64_t rule_tag(uintptr_t look)
{
    uint64_t upper = look >> (RULE_LOW_BITS + RULE_TABLE_BITS), low = look & ((1 << RULE_LOW_BITS) - 1);
    return (upper << RULE_LOW_BITS | low) << 2;
}

/* look: the address whose rule is wanted: a return address less one, or an exact program counter. RULE_NONE
 * in the lowest addresses only, where an empty entry seems to fit and no code is. */
static inline Rule rule_find(uintptr_t look)
{
    uint64_t entry = __atomic_load_n(&rule_table[rule_place(look)], __ATOMIC_RELAXED);
    if (__builtin_expect(entry >> 32 == rule_tag(look), 1))
        return (Rule)entry;
    return rule_find_slowly(look);
}

#endif
