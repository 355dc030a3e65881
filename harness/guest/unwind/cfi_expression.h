/* DWARF expressions (DWARF 5, 2.5), understood symbolically: what they give is a register plus an offset,
 * perhaps dereferenced. */
#ifndef HEAPGATE_GUEST_UNWIND_CFI_EXPRESSION_H
#define HEAPGATE_GUEST_UNWIND_CFI_EXPRESSION_H

#include "cfi.h"

/* code: its length, then its operations, within a program whose bytes end at `end`. cfa_first: the CFA is on
 * the stack at the start. look: the program counter. False where it is anything else. */
bool cfi_evaluate(const uint8_t *code, const uint8_t *end, bool cfa_first, uintptr_t look, CfiPlace *place);

#endif
