/* .eh_frame: finds what the compiler wrote about the function at an address.
 *
 * The format: Linux Standard Base, "Exception Frames"; DWARF 5, 6.4. The input is what the loader mapped;
 * every read is checked against the loaded segment that holds it. */
#ifndef HEAPGATE_GUEST_UNWIND_EH_FRAME_H
#define HEAPGATE_GUEST_UNWIND_EH_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#include "bytes.h"
#include "code_object.h"

/* What is said about one function, and what it shares with others. */
typedef struct {
    uintptr_t start, end; /* of the function */
    uint64_t code_align;
    int64_t data_align;
    uint64_t return_column; /* the register that stands for the return address */
    bool signal;            /* a signal frame: the program counter is exact */
    bool augmented;         /* each entry has augmentation data */
    uint8_t encoding;       /* of addresses */
    Bytes initial, program; /* instructions of all and of this one */
} FrameDescription;

/* False where nothing is written, or not in a form that is known. */
bool eh_frame_find(uintptr_t address, FrameDescription *description);
bool eh_frame_find_in(const CodeObject *object, uintptr_t address, FrameDescription *description);

/* An address in one of the DW_EH_PE_* encodings; where it is of another kind, bytes turns bad. */
uintptr_t eh_frame_address(Bytes *bytes, uint8_t encoding, uintptr_t data_base);

#endif
