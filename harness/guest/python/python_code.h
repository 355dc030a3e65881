/* Python's code objects in the ledger: each gets a number when it is first seen in a stack, and its texts are
 * copied then. Objects that say the same (name, file, lines) have the same number, so that code which is made
 * again and again is recorded once.
 *
 * A number belongs to the object, not to its address: when the object is freed, the address is forgotten. */
#ifndef HEAPGATE_GUEST_PYTHON_PYTHON_CODE_H
#define HEAPGATE_GUEST_PYTHON_PYTHON_CODE_H

#include "python.h"

/* Makes the private half, empty; false: no memory. Again after a fork. */
GUEST_HIDDEN bool python_code_open(void);
/* The number of a code object that is running, with PYTHON_CODE_IMPORTS if it is of the machinery that
 * imports modules; 0: there is no room. */
GUEST_HIDDEN uint32_t python_code_number(LedgerHeader *header, uintptr_t code);
#define PYTHON_CODE_IMPORTS (UINT32_C(1) << 31)
/* The number of the code that stands for all of that machinery while it imports one module: "import NAME".
 * code: one of its code objects; name: what may be the module's name as an object, which is looked at. 0: it
 * is no text, or there is no room. */
GUEST_HIDDEN uint32_t python_code_import(LedgerHeader *header, uintptr_t code, uintptr_t name);
/* Counts freed code objects: what was concluded from addresses before may no longer hold. */
extern GUEST_HIDDEN uint32_t python_code_generation;

enum { PYTHON_CODE_SMALLEST = 160, PYTHON_CODE_LOOK = 1 << 15 };
GUEST_HIDDEN void python_code_forget(const void *block);

/* A block is about to be given back or resized. size: as booked, 0: not known. What was an object still names
 * its type; only small blocks are looked into, for a large one's pages may be protected. */
static inline void python_code_freed(const void *block, uint64_t size)
{
    if (python.call.code_type == NULL || (size < PYTHON_CODE_SMALLEST && size != 0))
        return;
    bool small = size != 0 && size < PYTHON_CODE_LOOK;
    if (!small || ((const void *const *)block)[1] == python.call.code_type)
        python_code_forget(block);
}

#endif
