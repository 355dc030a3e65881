#include "packed.h"

#include <lzma.h>
#include <string.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "error.h"
#include "model/units.h"

enum {
    STEP_BYTES = 1 << 16,
    XZ_OWN_BYTES = 96 << 20, /* what `xz -9` needs besides what comes out of it */
    ZSTD_WINDOW_LOG = 27,    /* zstd's own limit, as a power of two */
};

/* Room for the next step behind what is there. */
static guint8 *add_room(GByteArray *out)
{
    guint had = out->len;
    g_byte_array_set_size(out, had + STEP_BYTES);
    return out->data + had;
}

/* Takes back what of the room was left over. */
static void room_take_back(GByteArray *out, gsize left)
{
    g_byte_array_set_size(out, out->len - (guint)left);
}

PackedEnd packed_convert(GConverter *converter, const void *bytes, gsize length, gsize most_bytes,
                         GByteArray *out, gsize *used)
{
    for (*used = 0;;) {
        gsize read = 0, written = 0;
        g_autoptr(GError) cause = NULL;
        guint8 *room = add_room(out);
        GConverterResult result =
            g_converter_convert(converter, (const guint8 *)bytes + *used, length - *used, room, STEP_BYTES,
                                G_CONVERTER_INPUT_AT_END, &read, &written, &cause);
        room_take_back(out, STEP_BYTES - written);
        *used += read;
        if (result == G_CONVERTER_ERROR)
            return g_error_matches(cause, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT) ? PACKED_CUT : PACKED_DAMAGED;
        if (out->len > most_bytes)
            return PACKED_TOO_LARGE;
        if (result == G_CONVERTER_FINISHED)
            return PACKED_WHOLE;
    }
}

static PackedEnd unpack_gzip(const char *bytes, gsize length, gsize most_bytes, GByteArray *out)
{
    g_autoptr(GZlibDecompressor) decompressor = g_zlib_decompressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP);
    for (gsize at = 0;;) {
        gsize used;
        PackedEnd end =
            packed_convert(G_CONVERTER(decompressor), bytes + at, length - at, most_bytes, out, &used);
        at += used;
        if (end != PACKED_WHOLE || at == length)
            return end;
        g_converter_reset(G_CONVERTER(decompressor));
    }
}

static PackedEnd unpack_xz(const char *bytes, gsize length, gsize most_bytes, GByteArray *out)
{
    lzma_stream stream = LZMA_STREAM_INIT;
    lzma_ret result = lzma_stream_decoder(&stream, (guint64)most_bytes + XZ_OWN_BYTES, LZMA_CONCATENATED);
    stream.next_in = (const guint8 *)bytes;
    stream.avail_in = length;
    while (result == LZMA_OK && out->len <= most_bytes) {
        stream.next_out = add_room(out);
        stream.avail_out = STEP_BYTES;
        result = lzma_code(&stream, LZMA_FINISH);
        room_take_back(out, stream.avail_out);
    }
    lzma_end(&stream);
    if (out->len > most_bytes || result == LZMA_MEMLIMIT_ERROR || result == LZMA_MEM_ERROR)
        return PACKED_TOO_LARGE;
    return result == LZMA_STREAM_END ? PACKED_WHOLE : result == LZMA_BUF_ERROR ? PACKED_CUT : PACKED_DAMAGED;
}

/* result: what the last step said: an error, or about how many bytes are still missing. */
static PackedEnd zstd_end(size_t result)
{
    switch (ZSTD_getErrorCode(result)) {
    case ZSTD_error_no_error:
        return result == 0 ? PACKED_WHOLE : PACKED_CUT;
    case ZSTD_error_frameParameter_windowTooLarge:
    case ZSTD_error_memory_allocation:
        return PACKED_TOO_LARGE;
    default:
        return PACKED_DAMAGED;
    }
}

static PackedEnd unpack_zstd(const char *bytes, gsize length, gsize most_bytes, GByteArray *out)
{
    ZSTD_DStream *stream = ZSTD_createDStream();
    int window_log = MAX((int)g_bit_storage(most_bytes - 1), ZSTD_WINDOW_LOG);
    ZSTD_DCtx_setParameter(stream, ZSTD_d_windowLogMax, window_log);
    ZSTD_inBuffer in = {bytes, length, 0};
    size_t result;
    gboolean more;
    do {
        ZSTD_outBuffer room = {add_room(out), STEP_BYTES, 0};
        result = ZSTD_decompressStream(stream, &room, &in);
        room_take_back(out, room.size - room.pos);
        /* With 0 a frame is whole: another one begins only where there are bytes for it. */
        more = in.pos < in.size || (result > 0 && room.pos == room.size);
    } while (more && !ZSTD_isError(result) && out->len <= most_bytes);
    ZSTD_freeDStream(stream);
    return out->len > most_bytes ? PACKED_TOO_LARGE : zstd_end(result);
}

static const struct {
    const char *name;
    const char *magic; /* the first bytes */
    gsize magic_length;
    PackedEnd (*unpack)(const char *bytes, gsize length, gsize most_bytes, GByteArray *out);
} packers[] = {
    {"gzip", "\x1f\x8b", 2, unpack_gzip},
    {"xz", "\xfd\x37zXZ", 6, unpack_xz},
    {"zstd", "\x28\xb5\x2f\xfd", 4, unpack_zstd},
    {"zstd", "\x50\x2a\x4d\x18", 4, unpack_zstd}, /* pzstd begins with a frame to be skipped */
};

/* Index into packers; G_N_ELEMENTS(packers): none. */
static guint packer_of(const char *bytes, gsize length)
{
    guint i = 0;
    while (i < G_N_ELEMENTS(packers) && (length < packers[i].magic_length ||
                                         memcmp(bytes, packers[i].magic, packers[i].magic_length) != 0))
        i++;
    return i;
}

const char *packed_by(const char *bytes, gsize length)
{
    guint packer = packer_of(bytes, length);
    return packer < G_N_ELEMENTS(packers) ? packers[packer].name : NULL;
}

GByteArray *packed_unpack(const char *bytes, gsize length, gsize most_bytes, const char *name, GError **error)
{
    guint packer = packer_of(bytes, length);
    g_return_val_if_fail(packer < G_N_ELEMENTS(packers) && most_bytes <= PACKED_MOST_BYTES, NULL);
    g_autoptr(GByteArray) out = g_byte_array_new();
    PackedEnd end = packers[packer].unpack(bytes, length, most_bytes, out);
    if (end == PACKED_WHOLE)
        return g_steal_pointer(&out);
    g_autofree char *what = g_strdup_printf("the %s stream", packers[packer].name);
    packed_fail(error, name, what, end, most_bytes);
    return NULL;
}

void packed_fail(GError **error, const char *name, const char *what, PackedEnd end, gsize most_bytes)
{
    g_autofree char *most = units_format_bytes((gint64)most_bytes);
    g_autofree char *large = g_strdup_printf("holds more than %s; --max-size takes more", most);
    g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_FORMAT, "%s: %s %s", name, what,
                end == PACKED_CUT       ? "was cut off: nothing of it is read; copy the whole file"
                : end == PACKED_DAMAGED ? "is damaged: it cannot be unpacked"
                                        : large);
}
