#include "eh_frame.h"

/* DW_EH_PE_*: the low half says how a pointer is stored, the high half what it is relative to. */
enum {
    PE_ABSOLUTE = 0x00,
    PE_UNSIGNED_2 = 0x02,
    PE_UNSIGNED_4 = 0x03,
    PE_UNSIGNED_8 = 0x04,
    PE_SIGNED_2 = 0x0a,
    PE_SIGNED_4 = 0x0b,
    PE_SIGNED_8 = 0x0c,
    PE_STORED = 0x0f,
    PE_HERE = 0x10,
    PE_DATA = 0x30,
    PE_RELATIVE = 0x70,
    PE_INDIRECT = 0x80,
    PE_TABLE = PE_DATA | PE_SIGNED_4, /* the one that every linker writes for the search table */
};

static uint64_t stored(Bytes *bytes, uint8_t encoding)
{
    switch (encoding & PE_STORED) {
    case PE_ABSOLUTE:
        return bytes_unsigned(bytes, sizeof(uintptr_t));
    case PE_UNSIGNED_2:
        return bytes_unsigned(bytes, 2);
    case PE_UNSIGNED_4:
        return bytes_unsigned(bytes, 4);
    case PE_UNSIGNED_8:
        return bytes_unsigned(bytes, 8);
    case PE_SIGNED_2:
        return bytes_signed(bytes, 2);
    case PE_SIGNED_4:
        return bytes_signed(bytes, 4);
    case PE_SIGNED_8:
        return bytes_signed(bytes, 8);
    default:
        bytes->bad = true;
        return 0;
    }
}

/* An indirect one (only ever a personality routine's, which nobody here calls) is not followed. */
uintptr_t eh_frame_address(Bytes *bytes, uint8_t encoding, uintptr_t data_base)
{
    uintptr_t here = (uintptr_t)bytes->at;
    uintptr_t value = stored(bytes, encoding);
    switch (encoding & PE_RELATIVE) {
    case 0:
        return value;
    case PE_HERE:
        return here + value;
    case PE_DATA:
        return data_base + value;
    default:
        bytes->bad = true;
        return 0;
    }
}

/* The description of the last function that starts at or before address. .eh_frame_hdr: DW_EH_PE encodings of
 * a pointer, a count and a table; then the three; the table is sorted: pairs of function and description, 32
 * bits each, relative to the header. 0: none. */
static uintptr_t search_table(const CodeObject *object, uintptr_t address)
{
    Bytes bytes = code_object_bytes(object, object->eh_frame_hdr);
    uint64_t version = bytes_unsigned(&bytes, 1);
    uint8_t frame_encoding = bytes_unsigned(&bytes, 1), count_encoding = bytes_unsigned(&bytes, 1);
    uint8_t table_encoding = bytes_unsigned(&bytes, 1);
    if (version != 1 || table_encoding != PE_TABLE)
        return 0;
    eh_frame_address(&bytes, frame_encoding, object->eh_frame_hdr);
    uint64_t count = eh_frame_address(&bytes, count_encoding, object->eh_frame_hdr);
    if (bytes.bad || count == 0 || !bytes_have(&bytes, 8 * (count & UINT32_MAX)) || count > UINT32_MAX)
        return 0;

    const int32_t(*table)[2] = (const int32_t(*)[2])bytes.at;
    uint64_t low = 0, high = count;
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        if (object->eh_frame_hdr + table[middle][0] <= address)
            low = middle;
        else
            high = middle;
    }
    if (object->eh_frame_hdr + table[low][0] > address)
        return 0;
    return object->eh_frame_hdr + table[low][1];
}

/* One entry's contents, after its length. bad where there is none. */
static Bytes open_entry(const CodeObject *object, uintptr_t address)
{
    Bytes bytes = code_object_bytes(object, address);
    uint64_t length = bytes_unsigned(&bytes, 4);
    if (length == 0 || length >= 0xfffffff0 || !bytes_have(&bytes, length))
        bytes.bad = true;
    else
        bytes.end = bytes.at + length;
    return bytes;
}

/* The letters of the augmentation and what each brings with it. */
static void read_augmentation(Bytes *bytes, const uint8_t *letters, FrameDescription *description)
{
    uint64_t size = bytes_uleb(bytes);
    if (!bytes_have(bytes, size))
        return;
    const uint8_t *end = bytes->at + size;
    for (letters++; *letters != 0 && !bytes->bad; letters++) {
        if (*letters == 'R')
            description->encoding = bytes_unsigned(bytes, 1);
        else if (*letters == 'L')
            bytes_skip(bytes, 1);
        else if (*letters == 'P')
            eh_frame_address(bytes, bytes_unsigned(bytes, 1) & ~PE_INDIRECT, 0);
        else if (*letters == 'S')
            description->signal = true;
        else if (*letters != 'B')
            break;
    }
    bytes->at = end;
}

/* The common information entry. */
static bool read_common(const CodeObject *object, uintptr_t address, FrameDescription *description)
{
    Bytes bytes = open_entry(object, address);
    uint64_t id = bytes_unsigned(&bytes, 4), version = bytes_unsigned(&bytes, 1);
    const uint8_t *letters = bytes.at;
    while (bytes_unsigned(&bytes, 1) != 0)
        ;
    if (bytes.bad || id != 0 || (version != 1 && version != 3) || (letters[0] != 'z' && letters[0] != 0))
        return false;
    description->code_align = bytes_uleb(&bytes);
    description->data_align = bytes_sleb(&bytes);
    description->return_column = version == 1 ? bytes_unsigned(&bytes, 1) : bytes_uleb(&bytes);
    description->augmented = letters[0] == 'z';
    if (description->augmented)
        read_augmentation(&bytes, letters, description);
    description->initial = bytes;
    return !bytes.bad;
}

bool eh_frame_find_in(const CodeObject *object, uintptr_t address, FrameDescription *description)
{
    *description = (FrameDescription){0};
    uintptr_t entry = object->eh_frame_hdr == 0 ? 0 : search_table(object, address);
    if (entry == 0)
        return false;
    Bytes bytes = open_entry(object, entry);
    uintptr_t here = (uintptr_t)bytes.at;
    uint32_t back = bytes_unsigned(&bytes, 4);
    if (bytes.bad || back == 0 || !read_common(object, here - back, description))
        return false;
    description->start = eh_frame_address(&bytes, description->encoding, 0);
    description->end = description->start + stored(&bytes, description->encoding);
    if (description->augmented)
        bytes_skip(&bytes, bytes_uleb(&bytes));
    description->program = bytes;
    return !bytes.bad && address >= description->start && address < description->end;
}

bool eh_frame_find(uintptr_t address, FrameDescription *description)
{
    CodeObject object;
    return code_object_find(address, &object) && eh_frame_find_in(&object, address, description);
}
