/* What gzip, xz and zstd packed: found by its first bytes, whole or refused, never more than was asked for.
 */
#include <lzma.h>
#include <string.h>

#include "error.h"
#include "formats/packed.h"
#include "formats/packers.h"
#include "runner.h"

enum { TEXT_BYTES = 300000, ROOM = 1 << 20 };

/* Text that packers cannot make much smaller, so that they need several steps. (transfer full). */
static char *make_text(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(1);
    char *text = g_malloc(TEXT_BYTES);
    for (gsize i = 0; i < TEXT_BYTES; i++)
        text[i] = (char)g_rand_int_range(random, 'a', 'z' + 1);
    return text;
}

static GByteArray *unpack(const GByteArray *packed, gsize most_bytes, GError **error)
{
    /* Its own end, for sanitizers. */
    g_autofree char *bytes = g_memdup2(packed->data, packed->len);
    return packed_unpack(bytes, packed->len, most_bytes, "file", error);
}

static void check_unpacks_to(const GByteArray *packed, const void *bytes, gsize length)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GByteArray) unpacked = unpack(packed, ROOM, &error);
    ck_assert_msg(unpacked != NULL, "%s", error != NULL ? error->message : "");
    ck_assert_uint_eq(unpacked->len, length);
    ck_assert(length == 0 || memcmp(unpacked->data, bytes, length) == 0);
}

START_TEST(test_packed_bytes_are_known_by_their_beginning_and_unpacked_whole)
{
    g_autofree char *text = make_text();
    const gsize lengths[] = {0, 1, 1 << 16, 1 << 17, TEXT_BYTES}; /* also whole steps */
    for (gsize i = 0; i < N_PACKERS; i++)
        for (gsize k = 0; k < G_N_ELEMENTS(lengths); k++) {
            g_autoptr(GByteArray) packed = packers[i].pack(text, lengths[k]);
            ck_assert_str_eq(packed_by((const char *)packed->data, packed->len), packers[i].name);
            check_unpacks_to(packed, text, lengths[k]);
        }
    const char *plain[] = {"", "\x1f", "desc: x", "<?xml version", "{\"dhat", "HGSaved1", "HGSavedC"};
    for (gsize i = 0; i < G_N_ELEMENTS(plain); i++)
        ck_assert_ptr_null(packed_by(plain[i], strlen(plain[i])));
}
END_TEST

/* `cat a.gz b.gz`, pigz, xz -T0 and pzstd write several in a row. */
START_TEST(test_packed_streams_in_a_row_are_one_file)
{
    g_autofree char *text = make_text();
    for (gsize i = 0; i < N_PACKERS; i++) {
        g_autoptr(GByteArray) packed = packers[i].pack(text, 1000);
        g_autoptr(GByteArray) more = packers[i].pack(text + 1000, TEXT_BYTES - 1000);
        g_byte_array_append(packed, more->data, more->len);
        check_unpacks_to(packed, text, TEXT_BYTES);
    }
    const guint8 skipped[] = {0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4}; /* pzstd's own */
    g_autoptr(GByteArray) packed = packers[N_PACKERS - 1].pack(text, 1000);
    g_byte_array_prepend(packed, skipped, sizeof skipped);
    ck_assert_str_eq(packed_by((const char *)packed->data, packed->len), "zstd");
    check_unpacks_to(packed, text, 1000);
}
END_TEST

START_TEST(test_packed_bytes_that_were_cut_off_are_refused_with_one_sentence)
{
    g_autofree char *text = make_text();
    for (gsize i = 0; i < N_PACKERS; i++) {
        g_autoptr(GByteArray) packed = packers[i].pack(text, 1000);
        g_autofree char *expected = g_strdup_printf(
            "file: the %s stream was cut off: nothing of it is read; copy the whole file", packers[i].name);
        for (guint length = packed->len - 1; length >= 6; length--) {
            g_byte_array_set_size(packed, length);
            g_autoptr(GError) error = NULL;
            ck_assert_ptr_null(unpack(packed, ROOM, &error));
            ck_assert_msg(g_error_matches(error, HEAPGATE_ERROR, HEAPGATE_ERROR_FORMAT), "%u", length);
            ck_assert_str_eq(error->message, expected);
        }
    }
}
END_TEST

START_TEST(test_packed_bytes_that_were_changed_are_refused_or_the_same)
{
    g_autofree char *text = make_text();
    for (gsize i = 0; i < N_PACKERS; i++) {
        g_autoptr(GByteArray) packed = packers[i].pack(text, 1000);
        guint refused = 0;
        for (guint at = 6; at < packed->len; at++) {
            packed->data[at] ^= 0xa5;
            g_autoptr(GError) error = NULL;
            g_autoptr(GByteArray) read = unpack(packed, ROOM, &error);
            gboolean is_same = read != NULL && read->len == 1000 && memcmp(read->data, text, 1000) == 0;
            ck_assert_msg(is_same || error != NULL, "%s, byte %u", packers[i].name, at);
            refused += error != NULL;
            packed->data[at] ^= 0xa5;
        }
        ck_assert_uint_gt(refused, packed->len / 2);
        g_byte_array_append(packed, (const guint8 *)"more", 4);
        g_autoptr(GError) error = NULL;
        ck_assert_ptr_null(unpack(packed, ROOM, &error));
    }
}
END_TEST

START_TEST(test_packed_bytes_that_hold_more_than_is_taken_are_refused)
{
    g_autofree char *zeros = g_malloc0(ROOM);
    for (gsize i = 0; i < N_PACKERS; i++) {
        g_autoptr(GByteArray) packed = packers[i].pack(zeros, ROOM);
        ck_assert_uint_lt(packed->len, ROOM / 500);
        check_unpacks_to(packed, zeros, ROOM);
        g_autofree char *expected = g_strdup_printf(
            "file: the %s stream holds more than 512 KiB; --max-size takes more", packers[i].name);
        g_autoptr(GError) error = NULL, close = NULL;
        ck_assert_ptr_null(unpack(packed, ROOM / 2, &error));
        ck_assert(g_error_matches(error, HEAPGATE_ERROR, HEAPGATE_ERROR_FORMAT));
        ck_assert_str_eq(error->message, expected);
        ck_assert_ptr_null(unpack(packed, ROOM - 1, &close));
    }
}
END_TEST

/* Few bytes can ask their reader for gigabytes before the first one comes out. */
START_TEST(test_packed_bytes_that_need_more_memory_than_is_taken_are_refused)
{
    lzma_options_lzma options;
    ck_assert(!lzma_lzma_preset(&options, 6));
    options.dict_size = G_MAXUINT32 / 2 + 1;
    const lzma_filter filters[] = {{LZMA_FILTER_LZMA2, &options}, {LZMA_VLI_UNKNOWN, NULL}};
    guint8 xz[1000];
    gsize length = 0;
    /* What is written takes no such memory: the dictionary is named in the head of an empty block. */
    lzma_block block = {.check = LZMA_CHECK_NONE, .filters = (lzma_filter *)filters};
    lzma_stream_flags flags = {.check = LZMA_CHECK_NONE};
    ck_assert_int_eq(lzma_stream_header_encode(&flags, xz), LZMA_OK);
    block.compressed_size = block.uncompressed_size = LZMA_VLI_UNKNOWN;
    ck_assert_int_eq(lzma_block_header_size(&block), LZMA_OK);
    ck_assert_int_eq(lzma_block_header_encode(&block, xz + LZMA_STREAM_HEADER_SIZE), LZMA_OK);
    length = LZMA_STREAM_HEADER_SIZE + block.header_size;
    g_autoptr(GError) error = NULL, windowed = NULL;
    ck_assert_ptr_null(packed_unpack((const char *)xz, length, ROOM, "file", &error));
    ck_assert_str_eq(error->message, "file: the xz stream holds more than 1.00 MiB; --max-size takes more");
    /* Frame header: no flags, a window of 2^31 bytes; then the last block, one byte. */
    const guint8 zstd[] = {0x28, 0xb5, 0x2f, 0xfd, 0x00, (31 - 10) << 3, 0x09, 0x00, 0x00, 'x'};
    ck_assert_ptr_null(packed_unpack((const char *)zstd, sizeof zstd, ROOM, "file", &windowed));
    ck_assert_str_eq(windowed->message,
                     "file: the zstd stream holds more than 1.00 MiB; --max-size takes more");
}
END_TEST

SUITE(packed, 60)
{
    tcase_add_test(tcase, test_packed_bytes_are_known_by_their_beginning_and_unpacked_whole);
    tcase_add_test(tcase, test_packed_streams_in_a_row_are_one_file);
    tcase_add_test(tcase, test_packed_bytes_that_were_cut_off_are_refused_with_one_sentence);
    tcase_add_test(tcase, test_packed_bytes_that_were_changed_are_refused_or_the_same);
    tcase_add_test(tcase, test_packed_bytes_that_hold_more_than_is_taken_are_refused);
    tcase_add_test(tcase, test_packed_bytes_that_need_more_memory_than_is_taken_are_refused);
}
