/* Numbers of as many bytes as they need: 7 bits to a byte, the lowest first, the highest bit set where more
 * follow (LEB128); for ledger_columns.c and ledger_nodes.c. */
#ifndef HEAPGATE_FORMATS_LEDGER_LEDGER_NUMBERS_H
#define HEAPGATE_FORMATS_LEDGER_LEDGER_NUMBERS_H

#include <glib.h>

/* Signed numbers as such that are small where they are near 0: 0, -1, 1, -2 ... */
static inline guint64 number_fold(guint64 number)
{
    return number << 1 ^ ((number >> 63) != 0 ? G_MAXUINT64 : 0);
}
static inline guint64 number_unfold(guint64 folded)
{
    return folded >> 1 ^ ((folded & 1) != 0 ? G_MAXUINT64 : 0);
}

/* Appends the number. */
void number_put(GByteArray *out, guint64 number);

/* Reads hostile bytes, up to end. */
typedef struct {
    const guint8 *at, *end;
    gboolean bad; /* they ended too early, or say what cannot be */
} NumberReader;

/* The next number; 0 where the reader is bad from now on. */
guint64 number_get(NumberReader *reader);
/* A reader that begins behind so many numbers. */
NumberReader number_skip(const NumberReader *reader, guint64 count);

#endif
