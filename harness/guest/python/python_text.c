#include "python_text.h"

#include <string.h>

enum { SLOTS_SHIFT = 19, PROBES = 64, LONGEST = 4095 };

/* Offsets of texts by their hash. */
static uint32_t *slots;

bool python_text_open(void)
{
    size_t size = sizeof *slots << SLOTS_SHIFT;
    if (slots != NULL)
        guest_unmap(slots, size);
    slots = guest_map(size);
    return slots != NULL;
}

/* FNV-1a. */
uint64_t python_text_hash(const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static uint32_t text_append(LedgerHeader *header, const void *bytes, uint32_t size)
{
    uint32_t at = __atomic_load_n(&header->text, __ATOMIC_RELAXED);
    do {
        if (size >= LEDGER_TEXT - at) {
            atomic_add(&header->full_text, 1, true);
            return 0;
        }
    } while (!__atomic_compare_exchange_n(&header->text, &at, at + size + 1, true, __ATOMIC_ACQ_REL,
                                          __ATOMIC_RELAXED));
    memcpy((char *)guest_section(header, LEDGER_TEXT_AT) + at, bytes, size);
    return at;
}

static bool text_is_at(LedgerHeader *header, uint32_t at, const void *bytes, uint32_t size)
{
    const char *text = (const char *)guest_section(header, LEDGER_TEXT_AT) + at;
    return size < LEDGER_TEXT - at && memcmp(text, bytes, size) == 0 && text[size] == '\0';
}

/* Two threads may keep the same text at once: then it is there twice. */
uint32_t python_text_keep(LedgerHeader *header, const void *bytes, uint32_t size)
{
    if (size == 0)
        return 0;
    uint32_t slot = (uint32_t)(python_text_hash(bytes, size) >> (64 - SLOTS_SHIFT));
    for (unsigned i = 0; i < PROBES; i++, slot = (slot + 1) & ((1u << SLOTS_SHIFT) - 1)) {
        uint32_t at = __atomic_load_n(&slots[slot], __ATOMIC_ACQUIRE);
        if (at != 0 && text_is_at(header, at, bytes, size))
            return at;
        if (at != 0)
            continue;
        uint32_t fresh = text_append(header, bytes, size);
        if (fresh != 0)
            __atomic_store_n(&slots[slot], fresh, __ATOMIC_RELEASE);
        return fresh;
    }
    return text_append(header, bytes, size);
}

/* Returns the end of the character's UTF-8. */
static char *put_character(char *to, uint32_t character)
{
    if (character == 0 || (character >= 0xd800 && character < 0xe000) || character > 0x10ffff)
        character = 0xfffd;
    if (character < 0x80) {
        *to++ = (char)character;
        return to;
    }
    unsigned more = character < 0x800 ? 1 : character < 0x10000 ? 2 : 3;
    static const uint8_t leads[] = {0, 0xc0, 0xe0, 0xf0};
    *to++ = (char)(leads[more] | character >> 6 * more);
    while (more-- > 0)
        *to++ = (char)(0x80 | (character >> 6 * more & 0x3f));
    return to;
}

/* kind: bytes for each character. */
__attribute__((noinline)) static uint32_t keep_wide(LedgerHeader *header, const void *text, uint64_t length,
                                                    unsigned kind)
{
    char buffer[1024], *to = buffer;
    for (uint64_t i = 0; i < length && to < buffer + sizeof buffer - 4; i++) {
        uint32_t character = 0;
        memcpy(&character, (const char *)text + i * kind, kind);
        to = put_character(to, character);
    }
    return python_text_keep(header, buffer, (uint32_t)(to - buffer));
}

/* PyASCIIObject: two words of every object, length, hash, state: two bits, kind in three, compact, ascii. One
 * that is not compact (of a class derived from str) says where its text is after all else. */
uint32_t python_text_keep_string(LedgerHeader *header, const PythonLayout *layout, const void *string)
{
    if (string == NULL)
        return 0;
    uint64_t length;
    uint32_t state;
    const char *text = (const char *)string + layout->ascii_text;
    memcpy(&length, (const char *)string + 16, sizeof length);
    memcpy(&state, (const char *)string + 32, sizeof state);
    unsigned kind = state >> 2 & 7;
    bool compact = state & 0x20, ascii = state & 0x40;
    if (!compact)
        memcpy(&text, (const char *)string + layout->compact_text, sizeof text);
    else if (!ascii)
        text = (const char *)string + layout->compact_text;
    if (text == NULL || (kind != 1 && kind != 2 && kind != 4))
        return 0;
    return ascii ? python_text_keep(header, text, length < LONGEST ? (uint32_t)length : LONGEST)
                 : keep_wide(header, text, length, kind);
}
