/* A bit for every 16 bytes of the object, set where such a function lies: functions begin at multiples of 16
 * where compilers optimise. */
#include "python_interface.h"

#include <string.h>

enum { UNIT_SHIFT = 4 };

static uint8_t *bits;
static uintptr_t base, size;

/* Those that only ask for memory in their caller's name are none. */
static bool is_interface(const char *name)
{
    static const char *const allocating[] = {"PyObject_Malloc", "PyObject_Calloc", "PyObject_Realloc",
                                             "PyMem_", "PyType_GenericAlloc"};
    if (name[0] != 'P' || name[1] != 'y')
        return false;
    for (unsigned i = 0; i < sizeof allocating / sizeof allocating[0]; i++)
        if (strncmp(name, allocating[i], strlen(allocating[i])) == 0)
            return false;
    return true;
}

static void mark(const char *name, uintptr_t address, size_t length)
{
    if (address - base >= size || length == 0 || length > size - (address - base) || !is_interface(name))
        return;
    for (uintptr_t at = (address - base) >> UNIT_SHIFT; at <= (address - base + length - 1) >> UNIT_SHIFT;
         at++)
        bits[at / 8] |= (uint8_t)(1 << at % 8);
}

bool python_interface_open(const SymbolTable *symbols, uintptr_t start, uintptr_t end)
{
    base = start;
    size = end - start;
    bits = guest_map((size >> UNIT_SHIFT) / 8 + 1);
    if (bits != NULL)
        symbol_each(symbols, mark);
    return bits != NULL;
}

bool python_interface_has(uintptr_t pc)
{
    uintptr_t at = (pc - base) >> UNIT_SHIFT;
    return pc - base < size && (bits[at / 8] >> at % 8 & 1) != 0;
}
