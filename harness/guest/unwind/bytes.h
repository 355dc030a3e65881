/* Reading foreign bytes: never beyond their end. After an overrun every read gives 0 and `bad` stays set. */
#ifndef HEAPGATE_GUEST_UNWIND_BYTES_H
#define HEAPGATE_GUEST_UNWIND_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct {
    const uint8_t *at, *end;
    bool bad;
} Bytes;

static inline bool bytes_have(Bytes *self, uint64_t size)
{
    if (!self->bad && size <= (uint64_t)(self->end - self->at))
        return true;
    self->bad = true;
    return false;
}

static inline void bytes_skip(Bytes *self, uint64_t size)
{
    if (bytes_have(self, size))
        self->at += size;
}

/* size: 1, 2, 4 or 8; little-endian, as the machine. */
static inline uint64_t bytes_unsigned(Bytes *self, unsigned size)
{
    uint64_t value = 0;
    if (!bytes_have(self, size))
        return 0;
    memcpy(&value, self->at, size);
    self->at += size;
    return value;
}

static inline int64_t bytes_signed(Bytes *self, unsigned size)
{
    unsigned shift = 64 - 8 * size;
    return (int64_t)(bytes_unsigned(self, size) << shift) >> shift;
}

static inline uint64_t bytes_uleb(Bytes *self)
{
    uint64_t value = 0;
    for (unsigned shift = 0; bytes_have(self, 1); shift += 7) {
        uint8_t byte = *self->at++;
        if (shift < 64)
            value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            break;
    }
    return value;
}

static inline int64_t bytes_sleb(Bytes *self)
{
    uint64_t value = 0;
    unsigned shift = 0;
    uint8_t byte = 0;
    while (bytes_have(self, 1)) {
        byte = *self->at++;
        if (shift < 64)
            value |= (uint64_t)(byte & 0x7f) << shift;
        shift += 7;
        if (byte < 0x80)
            break;
    }
    if (byte & 0x40 && shift < 64)
        value |= ~UINT64_C(0) << shift;
    return (int64_t)value;
}

#endif
