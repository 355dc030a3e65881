#include "python_code.h"

#include <string.h>

#include "python.h"
#include "python_text.h"

enum { SHIFT = 19, ROOM = 1 << SHIFT, PROBES = 256, GONE = 1 };
enum { LONGEST_LINE_TABLE = 1 << 20 };

/* The object that lives at an address. Places are taken and given back: an address that is gone leaves its
 * place to the next one that looks for it on its way. */
typedef struct {
    uintptr_t address; /* 0: never taken; GONE */
    uint32_t number;   /* 0: just being taken */
} Place;

static struct {
    Place places[ROOM];
    uint32_t numbers[ROOM];    /* by what the object says */
    uint64_t maybe[ROOM / 64]; /* a bit for each address that ever had a place: most freed blocks end here */
} * known;
uint32_t python_code_generation;

bool python_code_open(void)
{
    if (known != NULL)
        guest_unmap(known, sizeof *known);
    known = guest_map(sizeof *known);
    return known != NULL && python_text_open();
}

static uint32_t code_slot(uint64_t hash)
{
    return (uint32_t)(hash * UINT64_C(0x9e3779b97f4a7c15) >> (64 - SHIFT));
}

static uint64_t *maybe_of(uint32_t slot, uint64_t *bit)
{
    *bit = UINT64_C(1) << slot % 64;
    return &known->maybe[slot / 64];
}

static Place *code_place_at(uint32_t first, unsigned i)
{
    return &known->places[(first + i) & (ROOM - 1)];
}

static uint32_t code_find(uintptr_t code)
{
    uint32_t first = code_slot(code >> 4);
    for (unsigned i = 0; i < PROBES; i++) {
        Place *place = code_place_at(first, i);
        uintptr_t address = __atomic_load_n(&place->address, __ATOMIC_ACQUIRE);
        if (address == code)
            return __atomic_load_n(&place->number, __ATOMIC_ACQUIRE);
        if (address == 0)
            return 0;
    }
    return 0;
}

/* False: there is no place for it, so nobody would notice its end. */
static bool code_settle(LedgerHeader *header, uintptr_t code, uint32_t number)
{
    uint32_t first = code_slot(code >> 4);
    uint64_t bit, *maybe = maybe_of(first, &bit);
    __atomic_fetch_or(maybe, bit, __ATOMIC_RELEASE);
    for (unsigned i = 0; i < PROBES; i++) {
        Place *place = code_place_at(first, i);
        uintptr_t address = __atomic_load_n(&place->address, __ATOMIC_RELAXED);
        if (address == code)
            return true;
        if (address > GONE || !__atomic_compare_exchange_n(&place->address, &address, code, false,
                                                           __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
            continue;
        __atomic_store_n(&place->number, number, __ATOMIC_RELEASE);
        return true;
    }
    atomic_add(&header->full_codes, 1, true);
    return false;
}

/* All of them: two threads may have settled it at once. */
void python_code_forget(const void *block)
{
    if (known == NULL)
        return;
    uint32_t first = code_slot((uintptr_t)block >> 4);
    uint64_t bit, *maybe = maybe_of(first, &bit);
    if (LIKELY((__atomic_load_n(maybe, __ATOMIC_RELAXED) & bit) == 0))
        return;
    for (unsigned i = 0; i < PROBES; i++) {
        Place *place = code_place_at(first, i);
        uintptr_t address = __atomic_load_n(&place->address, __ATOMIC_RELAXED);
        if (address == 0)
            return;
        if (address != (uintptr_t)block)
            continue;
        __atomic_store_n(&place->number, 0, __ATOMIC_RELAXED);
        __atomic_store_n(&place->address, GONE, __ATOMIC_RELEASE);
        __atomic_fetch_add(&python_code_generation, 1, __ATOMIC_ACQ_REL);
    }
}

static const void *pointer_in(uintptr_t object, uint16_t offset)
{
    return *(const void *const *)(object + offset);
}

static LedgerCode code_describe(LedgerHeader *header, uintptr_t code)
{
    const PythonLayout *layout = &python.layout;
    const char *table = pointer_in(code, layout->line_table);
    uint64_t size = 0;
    if (table != NULL)
        memcpy(&size, table + 16, sizeof size); /* PyBytesObject: its text begins at 32 */
    LedgerCode self = {
        .address = code,
        .name_at = python_text_keep_string(header, layout, pointer_in(code, layout->name)),
        .file_at = python_text_keep_string(header, layout, pointer_in(code, layout->file)),
        .line_table_at =
            size <= LONGEST_LINE_TABLE ? python_text_keep(header, table + 32, (uint32_t)size) : 0,
        .first_line = *(const int32_t *)(code + layout->first_line),
    };
    self.line_table_size = self.line_table_at != 0 ? (uint32_t)size : 0;
    return self;
}

enum { SAME_FROM = offsetof(LedgerCode, name_at), SAME_SIZE = sizeof(LedgerCode) - SAME_FROM };

static uint32_t code_append(LedgerHeader *header, const LedgerCode *code)
{
    uint32_t number = atomic_claim(&header->codes, LEDGER_CODES);
    if (number == 0)
        atomic_add(&header->full_codes, 1, true);
    else
        ((LedgerCode *)guest_section(header, LEDGER_CODES_AT))[number] = *code;
    return number;
}

static uint32_t code_record(LedgerHeader *header, const LedgerCode *code)
{
    const LedgerCode *codes = guest_section(header, LEDGER_CODES_AT);
    uint32_t slot = code_slot(python_text_hash((const char *)code + SAME_FROM, SAME_SIZE));
    for (unsigned i = 0; i < PROBES; i++, slot = (slot + 1) & (ROOM - 1)) {
        uint32_t number = __atomic_load_n(&known->numbers[slot], __ATOMIC_ACQUIRE);
        if (number != 0 &&
            memcmp((const char *)&codes[number] + SAME_FROM, (const char *)code + SAME_FROM, SAME_SIZE) == 0)
            return number;
        if (number != 0)
            continue;
        number = code_append(header, code);
        __atomic_store_n(&known->numbers[slot], number, __ATOMIC_RELEASE);
        return number;
    }
    return code_append(header, code);
}

static bool is_import(LedgerHeader *header, const LedgerCode *code)
{
    static const char *const files[] = {"<frozen importlib._bootstrap", "<frozen zipimport>"};
    const char *file = (const char *)guest_section(header, LEDGER_TEXT_AT) + code->file_at;
    for (unsigned i = 0; i < sizeof files / sizeof files[0]; i++)
        if (strncmp(file, files[i], strlen(files[i])) == 0)
            return true;
    return false;
}

uint32_t python_code_number(LedgerHeader *header, uintptr_t code)
{
    uint32_t number = code_find(code);
    if (LIKELY(number != 0))
        return number;
    LedgerCode described = code_describe(header, code);
    number = code_record(header, &described);
    if (number != 0 && is_import(header, &described))
        number |= PYTHON_CODE_IMPORTS;
    return number != 0 && code_settle(header, code, number) ? number : 0;
}

/* Texts are objects of one type, that of the code's own name. */
static bool is_text(uintptr_t code, uintptr_t object)
{
    const void *name = pointer_in(code, python.layout.name);
    return object != 0 && object % sizeof object == 0 && name != NULL &&
           pointer_in(object, sizeof(void *)) == pointer_in((uintptr_t)name, sizeof(void *));
}

static bool is_hexadecimal(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* How long a word that was made up begins here: an address or a hash, in hexadecimal digits; 0: none does. */
static size_t made_up(const char *word)
{
    enum { SHORTEST = 8 };
    size_t length = 0;
    bool digits = false;
    for (; is_hexadecimal(word[length]); length++)
        digits |= word[length] <= '9';
    bool ends =
        !((word[length] >= 'g' && word[length] <= 'z') || (word[length] >= 'G' && word[length] <= 'Z'));
    return digits && ends && length >= SHORTEST ? length : 0;
}

/* A module that is made at run time has a name of its own each time (_templates_7f583bfa0770): what was made
 * up in it becomes "*", so that all of them are one call site. */
static size_t append_module(char *text, size_t length, size_t room, const char *module)
{
    bool begins = true;
    while (*module != '\0' && length < room) {
        size_t word = begins ? made_up(module) : 0;
        text[length++] = word > 0 ? '*' : *module;
        begins = *module == '.' || *module == '_';
        module += word > 0 ? word : 1;
    }
    return length;
}

uint32_t python_code_import(LedgerHeader *header, uintptr_t code, uintptr_t name)
{
    char text[256] = "import ";
    uint32_t at =
        is_text(code, name) ? python_text_keep_string(header, &python.layout, (const void *)name) : 0;
    if (at == 0)
        return 0;
    const char *module = (const char *)guest_section(header, LEDGER_TEXT_AT) + at;
    size_t length = append_module(text, strlen(text), sizeof text, module);
    LedgerCode described = {.name_at = python_text_keep(header, text, (uint32_t)length)};
    return code_record(header, &described);
}
