/* Call frame information: what holds at one instruction, by running the description's program up to it (DWARF
 * 5, 6.4.2). x86-64's registers. Expressions are understood symbolically: a register plus an offset, perhaps
 * dereferenced; more than that no compiler writes. */
#ifndef HEAPGATE_GUEST_UNWIND_CFI_H
#define HEAPGATE_GUEST_UNWIND_CFI_H

#include <stdbool.h>
#include <stdint.h>

#include "eh_frame.h"

/* DWARF's numbers. */
enum {
    CFI_RBX = 3,
    CFI_RBP = 6,
    CFI_RSP = 7,
    CFI_RIP = 16,
    CFI_REGISTERS = 17,
    CFI_CFA = 17, /* as a base: the canonical frame address itself */
};

/* base + offset, or the word found there. */
typedef struct {
    int64_t offset;
    uint8_t base; /* a register, or CFI_CFA */
    bool dereference;
} CfiPlace;

typedef enum {
    CFI_SAME = 0,
    CFI_UNDEFINED,
    CFI_SAVED, /* in memory, at the place */
    CFI_OTHER, /* in a way that is not followed */
} CfiHow;

typedef struct {
    CfiPlace cfa;
    bool cfa_known;
    bool signal;
    uint8_t how[CFI_REGISTERS];
    CfiPlace saved[CFI_REGISTERS];
} CfiRow;

/* What holds at look, which lies in the function described. False where it is not in a form that is known. */
bool cfi_row(const FrameDescription *description, uintptr_t look, CfiRow *row);
/* look: as for rule_find. False where nothing is known. */
bool cfi_find(uintptr_t look, CfiRow *row);

#endif
