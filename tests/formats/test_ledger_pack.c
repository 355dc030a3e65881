/* Saved ledgers as `heapgate exec` packs them. */
#include <string.h>

#include "error.h"
#include "formats/ledger/ledger_pack.h"
#include "formats/ledger/ledger_saved.h"
#include "made_ledger.h"
#include "runner.h"

enum { PACKED_ROOM = 1 << 20 };

/* (transfer full). */
static GByteArray *save_small(void)
{
    g_auto(MadeLedger) made = {0};
    made_ledger_init(&made);
    guint32 node = made_ledger_node(&made, 0, 0x1010);
    made_ledger_block(&made, 0, 5, 60, made_ledger_site(&made, node, 60, 1, 900), 0);
    made.header.live_bytes = 60;
    made.header.peak_number = 1;
    g_autoptr(Ledger) ledger = made_ledger_read(&made);
    return ledger_save(ledger);
}

START_TEST(test_packed_ledger_is_read_as_it_was)
{
    g_autoptr(GByteArray) saved = save_small();
    g_autoptr(GByteArray) packed = ledger_pack(saved);
    ck_assert_uint_lt(packed->len, saved->len / 4);
    ck_assert(ledger_is_packed((const char *)packed->data, packed->len));
    g_autoptr(GError) error = NULL;
    g_autoptr(GByteArray) again =
        ledger_unpack((const char *)packed->data, packed->len, PACKED_ROOM, "packed", &error);
    ck_assert_msg(again != NULL, "%s", error != NULL ? error->message : "");
    ck_assert_uint_eq(again->len, saved->len);
    ck_assert_mem_eq(again->data, saved->data, saved->len);
}
END_TEST

START_TEST(test_packed_ledger_that_was_cut_or_changed_is_refused)
{
    g_autoptr(GByteArray) saved = save_small();
    g_autoptr(GByteArray) packed = ledger_pack(saved);
    for (guint length = 0; length < packed->len; length++) {
        g_autofree char *cut = g_memdup2(packed->data, MAX(length, 1)); /* its own end, for sanitizers */
        g_autoptr(GError) error = NULL;
        g_autoptr(GByteArray) read = ledger_unpack(cut, length, PACKED_ROOM, "cut", &error);
        ck_assert_ptr_null(read);
        ck_assert(g_error_matches(error, HEAPGATE_ERROR, HEAPGATE_ERROR_FORMAT));
        ck_assert_str_eq(error->message,
                         "cut: the saved ledger was cut off: nothing of it is read; copy the whole file");
    }
    for (guint at = 8; at < packed->len; at++) {
        packed->data[at] ^= 0xa5;
        g_autoptr(GError) error = NULL;
        g_autoptr(GByteArray) read =
            ledger_unpack((const char *)packed->data, packed->len, PACKED_ROOM, "changed", &error);
        /* A code that stands for nothing may be changed: then it is the same ledger. */
        gboolean is_same =
            read != NULL && read->len == saved->len && memcmp(read->data, saved->data, saved->len) == 0;
        ck_assert_msg(is_same || error != NULL, "byte %u", at);
        packed->data[at] ^= 0xa5;
    }
    const guint8 more = 0;
    g_byte_array_append(packed, &more, 1);
    g_autoptr(GByteArray) longer =
        ledger_unpack((const char *)packed->data, packed->len, PACKED_ROOM, "longer", NULL);
    ck_assert_ptr_null(longer);
}
END_TEST

START_TEST(test_packed_ledger_of_another_version_is_told_from_a_damaged_one)
{
    g_autoptr(GByteArray) saved = save_small();
    saved->data[G_STRUCT_OFFSET(SavedHead, version)]--;
    g_autoptr(GByteArray) packed = ledger_pack(saved);
    g_autoptr(GError) error = NULL;
    ck_assert_ptr_null(ledger_unpack((const char *)packed->data, packed->len, PACKED_ROOM, "old", &error));
    ck_assert_str_eq(error->message, "old: the saved ledger is of another version of heapgate");
}
END_TEST

/* What the packed form says of its columns (bytes 8 to 15), and the saved form of itself. */
START_TEST(test_packed_ledger_is_held_to_the_size_that_it_says)
{
    g_autoptr(GByteArray) saved = save_small();
    g_autoptr(GByteArray) packed = ledger_pack(saved);
    const char *bytes = (const char *)packed->data;
    g_autoptr(GByteArray) fits = ledger_unpack(bytes, packed->len, saved->len, "fits", NULL);
    ck_assert_ptr_nonnull(fits);
    g_autoptr(GError) small = NULL, says = NULL, lies = NULL;
    ck_assert_ptr_null(ledger_unpack(bytes, packed->len, saved->len - 1, "small", &small));
    ck_assert_ptr_nonnull(strstr(small->message, "the saved ledger holds more than"));

    guint64 columns_size = 0, huge = PACKED_ROOM + 1;
    memcpy(&columns_size, packed->data + 8, sizeof columns_size);
    memcpy(packed->data + 8, &huge, sizeof huge);
    ck_assert_ptr_null(ledger_unpack(bytes, packed->len, PACKED_ROOM, "says", &says));
    ck_assert_str_eq(says->message, "says: the saved ledger holds more than 1.00 MiB; --max-size takes more");

    columns_size--;
    memcpy(packed->data + 8, &columns_size, sizeof columns_size);
    ck_assert_ptr_null(ledger_unpack(bytes, packed->len, PACKED_ROOM, "lies", &lies));
    ck_assert_str_eq(lies->message, "lies: the saved ledger is damaged: it cannot be unpacked");
}
END_TEST

SUITE(ledger_pack, 30)
{
    tcase_add_test(tcase, test_packed_ledger_is_read_as_it_was);
    tcase_add_test(tcase, test_packed_ledger_that_was_cut_or_changed_is_refused);
    tcase_add_test(tcase, test_packed_ledger_of_another_version_is_told_from_a_damaged_one);
    tcase_add_test(tcase, test_packed_ledger_is_held_to_the_size_that_it_says);
}
