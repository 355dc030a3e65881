/* Saved ledgers in columns and back, on tables that no program would leave. */
#include <string.h>

#include "formats/ledger/ledger.h"
#include "formats/ledger/ledger_columns.h"
#include "formats/ledger/ledger_saved.h"
#include "runner.h"

static void fill(GArray *array, guint count, GRand *random)
{
    g_array_set_size(array, count);
    for (gsize i = 0; i < count * (gsize)g_array_get_element_size(array); i++)
        array->data[i] = (char)(g_rand_int_range(random, 0, 3) == 0 ? g_rand_int(random) : 0);
}

/* places: how many; reach: how far before a node its caller may lie. */
static void fill_nodes(Ledger *ledger, guint count, guint places, guint reach, GRand *random)
{
    for (guint i = 0; i < count; i++) {
        LedgerStack node = {
            .place = i > 0 ? (guint32)g_rand_int_range(random, 0, (gint32)places) : 0,
            .caller = i > 0 ? i - 1 - (guint)g_rand_int_range(random, 0, (gint32)MIN(i, reach)) : 0,
        };
        g_array_append_val(ledger->nodes, node);
    }
}

static Ledger *made(guint nodes, guint places, guint reach, guint32 seed)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(seed);
    Ledger *ledger = ledger_new();
    GArray *const others[] = {ledger->modules, ledger->marks,   ledger->sites, ledger->kept,
                              ledger->changes, ledger->samples, ledger->names};
    for (gsize i = 0; i < G_N_ELEMENTS(others); i++)
        fill(others[i], i == seed % 7 ? 0 : 37, random);
    fill(ledger->places, places, random);
    fill_nodes(ledger, nodes, places, reach, random);
    g_string_append_len(ledger->strings, "text\0more", sizeof "text\0more");
    return ledger;
}

static void check_same(guint nodes, guint places, guint reach, guint32 seed)
{
    g_autoptr(Ledger) ledger = made(nodes, places, reach, seed);
    g_autoptr(GByteArray) saved = ledger_save(ledger), columns = ledger_to_columns(saved);
    g_autoptr(GByteArray) again = ledger_from_columns(columns->data, columns->len);
    ck_assert_ptr_nonnull(again);
    ck_assert_uint_eq(again->len, saved->len);
    ck_assert_mem_eq(again->data, saved->data, saved->len);
}

START_TEST(test_columns_give_every_table_back_byte_for_byte)
{
    static const struct {
        guint nodes, places, reach;
    } rows[] = {
        {0, 1, 1},     {1, 1, 1},     {2, 1, 1},         {500, 20, 5},
        {500, 1, 500}, {500, 500, 1}, {1000, 300, 1000}, /* more callees of one caller than are remembered */
    };
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
        for (guint32 seed = 0; seed < 8; seed++)
            check_same(rows[i].nodes, rows[i].places, rows[i].reach, seed);
}
END_TEST

/* A chain of calls, and one more call from its beginning. */
START_TEST(test_columns_know_callers_however_far_up)
{
    g_autoptr(Ledger) ledger = ledger_new();
    for (guint i = 0; i < 400; i++) {
        LedgerStack node = {.place = i, .caller = i == 399 ? 2 : i > 0 ? i - 1 : 0};
        g_array_append_val(ledger->nodes, node);
    }
    g_array_set_size(ledger->places, 400);
    memset(ledger->places->data, 0, 400 * sizeof(LedgerPlace));
    g_autoptr(GByteArray) saved = ledger_save(ledger), columns = ledger_to_columns(saved);
    g_autoptr(GByteArray) again = ledger_from_columns(columns->data, columns->len);
    ck_assert_ptr_nonnull(again);
    ck_assert_mem_eq(again->data, saved->data, saved->len);
}
END_TEST

START_TEST(test_columns_that_were_cut_or_changed_are_refused_or_of_bounded_size)
{
    g_autoptr(Ledger) ledger = made(60, 9, 6, 3);
    g_autoptr(GByteArray) saved = ledger_save(ledger), columns = ledger_to_columns(saved);
    for (guint length = 0; length < columns->len; length += 5) {
        g_autofree guint8 *cut = g_memdup2(columns->data, MAX(length, 1)); /* its own end, for sanitizers */
        g_autoptr(GByteArray) any = ledger_from_columns(cut, length);
        ck_assert_ptr_null(any);
    }
    for (guint at = 0; at < columns->len; at++) {
        guint8 was = columns->data[at];
        columns->data[at] ^= at % 2 == 0 ? 0xff : 0x81;
        g_autoptr(GByteArray) any = ledger_from_columns(columns->data, columns->len);
        ck_assert(any == NULL || any->len <= 8 * columns->len);
        columns->data[at] = was;
    }
}
END_TEST

/* Columns are not made longer than the head says, whatever their tables do. */
START_TEST(test_columns_are_held_to_the_size_that_they_say)
{
    g_autoptr(Ledger) ledger = made(60, 9, 6, 3);
    g_autoptr(GByteArray) saved = ledger_save(ledger);
    g_autoptr(GByteArray) columns = ledger_to_columns(saved);
    const gsize size_at = G_STRUCT_OFFSET(SavedHead, file_size);
    for (int change = -8; change <= 8; change += 8) {
        guint64 size = saved->len + (guint64)change;
        memcpy(columns->data + size_at, &size, sizeof size);
        g_autoptr(GByteArray) made_of = ledger_from_columns(columns->data, columns->len);
        ck_assert_int_eq(made_of != NULL, change == 0);
    }
}
END_TEST

SUITE(ledger_columns, 30)
{
    tcase_add_test(tcase, test_columns_give_every_table_back_byte_for_byte);
    tcase_add_test(tcase, test_columns_know_callers_however_far_up);
    tcase_add_test(tcase, test_columns_that_were_cut_or_changed_are_refused_or_of_bounded_size);
    tcase_add_test(tcase, test_columns_are_held_to_the_size_that_they_say);
}
