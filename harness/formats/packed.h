/* Files that gzip, xz or zstd made smaller, unpacked before a reader sees them: the one place where that is
 * done. They are told by how they begin, never by their names.
 *
 * A small file can hold any amount of zeros, so whoever unpacks says how much he takes. */
#ifndef HEAPGATE_FORMATS_PACKED_H
#define HEAPGATE_FORMATS_PACKED_H

#include <gio/gio.h>

enum {
    PACKED_DEFAULT_BYTES = 256 << 20, /* what is taken unless more is asked for */
    PACKED_MOST_BYTES = G_MAXINT32,   /* what can be asked for */
};

/* How unpacking ended. */
typedef enum {
    PACKED_WHOLE,
    PACKED_CUT,       /* the bytes end before the stream does */
    PACKED_DAMAGED,   /* they are no such stream, or another than was packed */
    PACKED_TOO_LARGE, /* it holds, or needs, more than it may */
} PackedEnd;

/* "gzip", "xz" or "zstd"; NULL where the bytes begin as none of them. (transfer none). */
const char *packed_by(const char *bytes, gsize length);

/* What was packed, all streams in a row; (transfer full). bytes: packed_by knows them; hostile input.
 * most_bytes: from 1 to PACKED_MOST_BYTES. Errors: as packed_fail. */
GByteArray *packed_unpack(const char *bytes, gsize length, gsize most_bytes, const char *name,
                          GError **error);

/* For packed forms of other rooms. Appends what the converter makes of the bytes to `out`, until its stream
 * ends or `out` has more than most_bytes. used: how many of the bytes were the stream's. */
PackedEnd packed_convert(GConverter *converter, const void *bytes, gsize length, gsize most_bytes,
                         GByteArray *out, gsize *used);
/* Says what went wrong: HEAPGATE_ERROR_FORMAT "NAME: WHAT was cut off: ...". what: "the gzip stream"; end:
 * not PACKED_WHOLE; most_bytes: what it was held to. */
void packed_fail(GError **error, const char *name, const char *what, PackedEnd end, gsize most_bytes);

#endif
