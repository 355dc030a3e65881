#include "ledger_numbers.h"

void number_put(GByteArray *out, guint64 number)
{
    guint8 bytes[10];
    guint length = 0;
    for (; number >= 0x80; number >>= 7)
        bytes[length++] = (guint8)(number | 0x80);
    bytes[length++] = (guint8)number;
    g_byte_array_append(out, bytes, length);
}

guint64 number_get(NumberReader *reader)
{
    guint64 number = 0;
    for (guint shift = 0; reader->at < reader->end && shift < 64; shift += 7) {
        guint8 byte = *reader->at++;
        number |= (guint64)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0)
            return number;
    }
    reader->bad = TRUE;
    return 0;
}

NumberReader number_skip(const NumberReader *reader, guint64 count)
{
    NumberReader at = *reader;
    for (guint64 i = 0; i < count && !at.bad; i++)
        number_get(&at);
    return at;
}
