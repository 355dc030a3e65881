#include "formats/packers.h"

#include <lzma.h>
#include <zstd.h>

#include "formats/packed.h"
#include "runner.h"

static GByteArray *gzip_of(const void *bytes, gsize length)
{
    g_autoptr(GZlibCompressor) compressor = g_zlib_compressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP, 6);
    GByteArray *packed = g_byte_array_new();
    gsize used;
    ck_assert_int_eq(packed_convert(G_CONVERTER(compressor), bytes, length, PACKED_MOST_BYTES, packed, &used),
                     PACKED_WHOLE);
    return packed;
}

static GByteArray *xz_of(const void *bytes, gsize length)
{
    GByteArray *packed = g_byte_array_new();
    gsize written = 0;
    g_byte_array_set_size(packed, (guint)lzma_stream_buffer_bound(length));
    ck_assert_int_eq(lzma_easy_buffer_encode(6, LZMA_CHECK_CRC64, NULL, bytes, length, packed->data, &written,
                                             packed->len),
                     LZMA_OK);
    g_byte_array_set_size(packed, (guint)written);
    return packed;
}

static GByteArray *zstd_of(const void *bytes, gsize length)
{
    GByteArray *packed = g_byte_array_new();
    ZSTD_CCtx *context = ZSTD_createCCtx();
    g_byte_array_set_size(packed, (guint)ZSTD_compressBound(length));
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1); /* as the program does */
    size_t written = ZSTD_compress2(context, packed->data, packed->len, bytes, length);
    ck_assert(!ZSTD_isError(written));
    ZSTD_freeCCtx(context);
    g_byte_array_set_size(packed, (guint)written);
    return packed;
}

const Packer packers[N_PACKERS] = {{"gzip", gzip_of}, {"xz", xz_of}, {"zstd", zstd_of}};
