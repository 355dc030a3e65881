/* The saved form in columns (ledger_columns.h): a head, then one zlib stream. */
#include <gio/gio.h>
#include <stdint.h>
#include <string.h>

#include "error.h"
#include "formats/packed.h"
#include "ledger_columns.h"
#include "ledger_pack.h"
#include "ledger_saved.h"

#define PACKED_MAGIC UINT64_C(0x4364657661534748) /* "HGSavedC" */
enum { LEVEL = 6 };

typedef struct {
    guint64 magic;
    guint64 size; /* of the columns, in bytes */
} PackedHead;

gboolean ledger_is_packed(const char *bytes, gsize length)
{
    const guint64 magic = PACKED_MAGIC;
    return length >= sizeof magic && memcmp(bytes, &magic, sizeof magic) == 0;
}

GByteArray *ledger_pack(GByteArray *saved)
{
    g_autoptr(GZlibCompressor) compressor = g_zlib_compressor_new(G_ZLIB_COMPRESSOR_FORMAT_ZLIB, LEVEL);
    g_autoptr(GByteArray) columns = ledger_to_columns(saved);
    PackedHead head = {PACKED_MAGIC, columns->len};
    g_autoptr(GByteArray) packed = g_byte_array_new();
    g_byte_array_append(packed, (const guint8 *)&head, sizeof head);
    gsize used;
    PackedEnd end = packed_convert(G_CONVERTER(compressor), columns->data, columns->len, PACKED_MOST_BYTES,
                                   packed, &used);
    return end == PACKED_WHOLE ? g_steal_pointer(&packed) : g_byte_array_ref(saved);
}

/* The columns, as many bytes as the head says. */
static PackedEnd unpack_columns(const char *bytes, gsize length, gsize most_bytes, GByteArray *columns)
{
    PackedHead head;
    if (length < sizeof head)
        return PACKED_CUT;
    memcpy(&head, bytes, sizeof head);
    if (head.size > most_bytes)
        return PACKED_TOO_LARGE;
    g_autoptr(GZlibDecompressor) decompressor = g_zlib_decompressor_new(G_ZLIB_COMPRESSOR_FORMAT_ZLIB);
    gsize used;
    PackedEnd end = packed_convert(G_CONVERTER(decompressor), bytes + sizeof head, length - sizeof head,
                                   head.size, columns, &used);
    gboolean said = columns->len == head.size && used == length - sizeof head;
    return end == PACKED_CUT ? PACKED_CUT : end == PACKED_WHOLE && said ? PACKED_WHOLE : PACKED_DAMAGED;
}

/* Of the saved form that is going to be: its version, and how large it says it is. */
static PackedEnd check_head(const GByteArray *columns, gsize most_bytes, gboolean *is_other_version)
{
    SavedHead head;
    if (columns->len < sizeof head)
        return PACKED_DAMAGED;
    memcpy(&head, columns->data, sizeof head);
    *is_other_version = head.magic == SAVED_MAGIC && head.version != SAVED_VERSION;
    return head.file_size > most_bytes ? PACKED_TOO_LARGE : PACKED_WHOLE;
}

GByteArray *ledger_unpack(const char *bytes, gsize length, gsize most_bytes, const char *name, GError **error)
{
    g_autoptr(GByteArray) columns = g_byte_array_new();
    PackedEnd end = unpack_columns(bytes, length, most_bytes, columns);
    gboolean is_other_version = FALSE;
    if (end == PACKED_WHOLE)
        end = check_head(columns, most_bytes, &is_other_version);
    if (is_other_version) {
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_FORMAT, SAVED_OTHER_VERSION, name);
        return NULL;
    }
    GByteArray *saved = end == PACKED_WHOLE ? ledger_from_columns(columns->data, columns->len) : NULL;
    if (saved == NULL)
        packed_fail(error, name, "the saved ledger", end == PACKED_WHOLE ? PACKED_DAMAGED : end, most_bytes);
    return saved;
}
