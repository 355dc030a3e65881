/* A loaded object's exported symbols, found without the loader's locks and without allocating: dlsym may do
 * both, and this is asked from inside malloc. */
#ifndef HEAPGATE_GUEST_MALLOC_SYMBOL_FIND_H
#define HEAPGATE_GUEST_MALLOC_SYMBOL_FIND_H

#include <link.h>
#include <stddef.h>
#include <stdint.h>

/* The dynamic part of one object. */
typedef struct {
    uintptr_t bias;
    const ElfW(Sym) * symbols;
    const char *names;
    const uint32_t *hash; /* DT_GNU_HASH; NULL: it has none */
    uint32_t count;       /* by DT_HASH; 0: it has none */
} SymbolTable;

/* What an entry of the dynamic part points to: the loader has relocated some and others not, which differs
 * between objects and C libraries. */
uintptr_t symbol_address(uintptr_t bias, uintptr_t value);
/* dynamic: its PT_DYNAMIC as the loader left it. */
SymbolTable symbol_table(uintptr_t bias, const ElfW(Dyn) * dynamic);
/* The address of a symbol that the object defines, and its size (NULL: not wanted); NULL: it does not. */
void *symbol_find(const SymbolTable *self, const char *name, size_t *size);
/* Calls visit for every symbol that can be found. */
void symbol_each(const SymbolTable *self, void (*visit)(const char *name, uintptr_t address, size_t size));

#endif
