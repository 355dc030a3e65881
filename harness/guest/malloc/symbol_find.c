#include "symbol_find.h"

#include <stdbool.h>
#include <string.h>

uintptr_t symbol_address(uintptr_t bias, uintptr_t value)
{
    return value < bias ? bias + value : value;
}

SymbolTable symbol_table(uintptr_t bias, const ElfW(Dyn) * dynamic)
{
    SymbolTable self = {.bias = bias};
    for (; dynamic != NULL && dynamic->d_tag != DT_NULL; dynamic++) {
        uintptr_t at = symbol_address(bias, dynamic->d_un.d_ptr);
        if (dynamic->d_tag == DT_SYMTAB)
            self.symbols = (const ElfW(Sym) *)at;
        else if (dynamic->d_tag == DT_STRTAB)
            self.names = (const char *)at;
        else if (dynamic->d_tag == DT_GNU_HASH)
            self.hash = (const uint32_t *)at;
        else if (dynamic->d_tag == DT_HASH)
            self.count = ((const uint32_t *)at)[1];
    }
    if (self.symbols == NULL || self.names == NULL)
        self.hash = NULL, self.count = 0;
    return self;
}

static uint32_t symbol_hash(const char *name)
{
    uint32_t hash = 5381;
    for (; *name != '\0'; name++)
        hash = hash * 33 + (uint8_t)*name;
    return hash;
}

/* Where there is the old table alone, whose size is that of the symbols. */
static const ElfW(Sym) * find_each(const SymbolTable *self, const char *name)
{
    for (uint32_t i = 1; i < self->count; i++)
        if (strcmp(self->names + self->symbols[i].st_name, name) == 0)
            return &self->symbols[i];
    return NULL;
}

/* DT_GNU_HASH: buckets, first symbol, words of a Bloom filter, its shift; filter; buckets; chains, of which
 * the last hash is odd. */
static const ElfW(Sym) * find(const SymbolTable *self, const char *name)
{
    const uint32_t *header = self->hash;
    if (header == NULL)
        return find_each(self, name);
    if (header[0] == 0)
        return NULL;
    const uint32_t *buckets = header + 4 + header[2] * (sizeof(ElfW(Addr)) / sizeof *header);
    const uint32_t *chains = buckets + header[0];
    uint32_t hash = symbol_hash(name), i = buckets[hash % header[0]];
    if (i < header[1])
        return NULL;
    for (;; i++) {
        uint32_t here = chains[i - header[1]];
        const ElfW(Sym) *symbol = &self->symbols[i];
        if ((here | 1) == (hash | 1) && strcmp(self->names + symbol->st_name, name) == 0)
            return symbol;
        if ((here & 1) != 0)
            return NULL;
    }
}

void *symbol_find(const SymbolTable *self, const char *name, size_t *size)
{
    const ElfW(Sym) *symbol = find(self, name);
    unsigned type = symbol != NULL ? ELF64_ST_TYPE(symbol->st_info) : STT_NOTYPE;
    if (symbol == NULL || symbol->st_shndx == SHN_UNDEF || (type != STT_FUNC && type != STT_OBJECT))
        return NULL;
    if (size != NULL)
        *size = symbol->st_size;
    return (void *)(self->bias + symbol->st_value);
}

void symbol_each(const SymbolTable *self, void (*visit)(const char *name, uintptr_t address, size_t size))
{
    const uint32_t *header = self->hash;
    for (uint32_t bucket = 0; header != NULL && bucket < header[0]; bucket++) {
        const uint32_t *buckets = header + 4 + header[2] * (sizeof(ElfW(Addr)) / sizeof *header);
        const uint32_t *chains = buckets + header[0];
        uint32_t i = buckets[bucket];
        for (bool last = i < header[1]; !last; i++) {
            const ElfW(Sym) *symbol = &self->symbols[i];
            last = (chains[i - header[1]] & 1) != 0;
            if (symbol->st_shndx != SHN_UNDEF)
                visit(self->names + symbol->st_name, self->bias + symbol->st_value, symbol->st_size);
        }
    }
}
