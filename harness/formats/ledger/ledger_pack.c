/* The saved form in columns (ledger_columns.h): a head, then one zlib stream. */
#include <gio/gio.h>
#include <stdint.h>
#include <string.h>

#include "error.h"
#include "ledger_columns.h"
#include "ledger_pack.h"

#define PACKED_MAGIC UINT64_C(0x4364657661534748) /* "HGSavedC" */
enum {
    LEVEL = 6,
    STEP = 1 << 16,
    MOST_GROWTH = 1032 /* deflate's own */
};

typedef struct {
    guint64 magic;
    guint64 size; /* of the columns, in bytes */
} PackedHead;

gboolean ledger_is_packed(const char *bytes, gsize length)
{
    const guint64 magic = PACKED_MAGIC;
    return length >= sizeof magic && memcmp(bytes, &magic, sizeof magic) == 0;
}

/* Appends what comes out, at most `limit` bytes of it; the input must end where the stream does. */
static gboolean convert(GConverter *converter, const void *bytes, gsize length, gsize limit, GByteArray *out,
                        GError **error)
{
    const guint8 *at = bytes;
    for (gsize left = length;;) {
        gsize had = out->len, read = 0, written = 0;
        g_byte_array_set_size(out, (guint)(had + STEP));
        GConverterResult result = g_converter_convert(converter, at, left, out->data + had, STEP,
                                                      G_CONVERTER_INPUT_AT_END, &read, &written, error);
        g_byte_array_set_size(out, (guint)(had + written));
        at += read;
        left -= read;
        if (result == G_CONVERTER_ERROR || out->len > limit)
            return FALSE;
        if (result == G_CONVERTER_FINISHED)
            return left == 0;
    }
}

GByteArray *ledger_pack(GByteArray *saved)
{
    g_autoptr(GZlibCompressor) compressor = g_zlib_compressor_new(G_ZLIB_COMPRESSOR_FORMAT_ZLIB, LEVEL);
    g_autoptr(GByteArray) columns = ledger_to_columns(saved);
    PackedHead head = {PACKED_MAGIC, columns->len};
    g_autoptr(GByteArray) packed = g_byte_array_new();
    g_byte_array_append(packed, (const guint8 *)&head, sizeof head);
    gboolean done = convert(G_CONVERTER(compressor), columns->data, columns->len, G_MAXINT32, packed, NULL);
    return done ? g_steal_pointer(&packed) : g_byte_array_ref(saved);
}

GByteArray *ledger_unpack(const char *bytes, gsize length, const char *name, GError **error)
{
    PackedHead head = {0};
    if (length < sizeof head) {
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_TRUNCATED,
                    "%s: the saved ledger ends in the middle of its head", name);
        return NULL;
    }
    memcpy(&head, bytes, sizeof head);
    g_autoptr(GZlibDecompressor) decompressor = g_zlib_decompressor_new(G_ZLIB_COMPRESSOR_FORMAT_ZLIB);
    g_autoptr(GByteArray) columns = g_byte_array_new();
    GByteArray *saved = NULL;
    g_autoptr(GError) cause = NULL;
    gsize limit = MIN(MIN(head.size, (guint64)length * MOST_GROWTH), G_MAXINT32);
    if (convert(G_CONVERTER(decompressor), bytes + sizeof head, length - sizeof head, limit, columns,
                &cause) &&
        columns->len == head.size)
        saved = ledger_from_columns(columns->data, columns->len);
    if (saved != NULL)
        return saved;
    gboolean cut = g_error_matches(cause, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT);
    g_set_error(error, HEAPGATE_ERROR, cut ? HEAPGATE_ERROR_TRUNCATED : HEAPGATE_ERROR_FORMAT,
                cut ? "%s: the saved ledger was cut off"
                    : "%s: the saved ledger is damaged: it cannot be unpacked",
                name);
    return NULL;
}
