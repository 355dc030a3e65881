/* The interpreter's interface: its exported functions that make objects for others. Of the interpreter's own
 * frames in a stack the innermost of these says what was made (PyUnicode_New); the rest is no news. */
#ifndef HEAPGATE_GUEST_PYTHON_PYTHON_INTERFACE_H
#define HEAPGATE_GUEST_PYTHON_PYTHON_INTERFACE_H

#include "guest.h"
#include "malloc/symbol_find.h"

/* Learns the functions of the object that lies from start to end - 1. False: no memory. Once. */
GUEST_HIDDEN bool python_interface_open(const SymbolTable *symbols, uintptr_t start, uintptr_t end);
/* Is this address in one of them? */
GUEST_HIDDEN bool python_interface_has(uintptr_t pc);

#endif
