/* Growth by what call sites held at marks, by births and by ages. */
#include <string.h>

#include "formats/ledger/ledger_sites.h"
#include "made_ledger.h"
#include "runner.h"

enum { ITERATIONS = 24, BEFORE = 4 };

static gint64 total_growth(const Ledger *ledger, guint before)
{
    g_autoptr(CallSites) growing = call_sites_new(), doubtful = call_sites_new();
    Growth growth = {growing, doubtful, 0, 0};
    ledger_growth(ledger, LEDGER_SITE_HEAP, before, &growth);
    ck_assert_int_gt(growth.smallest, 0);
    ck_assert_int_eq(call_sites_total_bytes(growing), growth.total);
    return growth.total;
}

/* Growth of one site that held live[i] at the end of iteration i, with the births of what is there at the
 * end; the oldest block that it gave back lived for so many iterations. */
static gint64 growth_of(const gint64 *live, const gint64 *born, guint oldest_freed)
{
    g_auto(MadeLedger) made = {0};
    made_ledger_init(&made);
    made.oldest_freed = oldest_freed;
    guint32 site = made_ledger_site(&made, made_ledger_node(&made, 0, 0x1010), 0, 0, 0);
    for (guint i = 0; i < ITERATIONS; i++) {
        if (born[i] > 0)
            made_ledger_block(&made, 0, i, (guint64)born[i], site, i);
        made_ledger_mark(&made, "iteration");
        if (live != NULL && (i == 0 || live[i] != live[i - 1]))
            made_ledger_change(&made, site, live[i]);
    }
    g_autoptr(Ledger) ledger = made_ledger_read(&made);
    return total_growth(ledger, BEFORE);
}

START_TEST(test_growth_is_exact_for_a_leak_in_every_iteration)
{
    gint64 live[ITERATIONS], born[ITERATIONS];
    for (gint64 i = 0; i < ITERATIONS; i++) {
        live[i] = 16 * (i + 1);
        born[i] = 16;
    }
    ck_assert_int_eq(growth_of(live, born, 0), 16);
    ck_assert_int_eq(growth_of(NULL, born, 0), 16); /* births alone tell */
}
END_TEST

/* Of so many iterations not all have records; the growth of each is told all the same. */
START_TEST(test_growth_is_exact_where_iterations_share_records)
{
    g_auto(MadeLedger) made = {0};
    made_ledger_init(&made);
    guint32 site = made_ledger_site(&made, made_ledger_node(&made, 0, 0x1010), 0, 0, 0);
    guint64 count = 3 << 20, last = 0;
    for (guint64 i = 1; i <= count; i++) {
        made.header.iterations = i - 1;
        if (!ledger_iteration_has_record(i))
            continue;
        made_ledger_block(&made, made.header.marks >> 14, made.header.marks & 0x3fff, 16 * (i - last), site,
                          made.header.marks);
        made_ledger_mark(&made, "iteration");
        made_ledger_change(&made, site, (gint64)(16 * i));
        last = i;
    }
    made.header.iterations = count;
    g_autoptr(Ledger) ledger = made_ledger_read(&made);
    ck_assert_uint_eq(ledger_iterations(ledger), count);
    ck_assert_int_eq(total_growth(ledger, BEFORE), 16);
}
END_TEST

START_TEST(test_growth_is_not_a_ring_of_the_last_entries)
{
    gint64 live[ITERATIONS], born[ITERATIONS] = {0};
    for (gint64 i = 0; i < ITERATIONS; i++) {
        live[i] = 16 * 30; /* full from the beginning: every new entry takes an old one's place */
        born[i] = 16;
    }
    ck_assert_int_eq(growth_of(live, born, 30), 0);
    ck_assert_int_eq(growth_of(live, born, 20), 0);
}
END_TEST

START_TEST(test_growth_is_not_a_cache_that_fills_once)
{
    gint64 live[ITERATIONS], born[ITERATIONS] = {0};
    for (gint64 i = 0; i < ITERATIONS; i++) {
        live[i] = 1920 * MIN(i + 1, 8);
        born[i] = i < 8 ? 1920 : 0;
    }
    ck_assert_int_eq(growth_of(live, born, 0), 0);
    ck_assert_int_eq(growth_of(NULL, born, 0), 0);
}
END_TEST

START_TEST(test_growth_sees_a_block_that_realloc_makes_longer)
{
    gint64 live[ITERATIONS], born[ITERATIONS] = {0};
    for (gint64 i = 0; i < ITERATIONS; i++)
        live[i] = 64 * (i + 1);
    born[ITERATIONS - 1] = 64 * ITERATIONS; /* one block, born anew in the last iteration */
    ck_assert_int_eq(growth_of(live, born, 0), 64);
}
END_TEST

START_TEST(test_growth_finds_a_small_leak_under_a_large_saw_tooth)
{
    gint64 live[ITERATIONS], born[ITERATIONS];
    for (gint64 i = 0; i < ITERATIONS; i++) {
        live[i] = 32 * (i + 1) + (i % 12 == 11 ? 100 : 1000 * (11 - i % 12) + 100);
        born[i] = 32;
    }
    live[BEFORE - 1] = 100;
    ck_assert_int_eq(growth_of(live, born, 11), 32);
}
END_TEST

START_TEST(test_growth_of_many_iterations_fits_into_few_columns)
{
    g_auto(MadeLedger) made = {0};
    made_ledger_init(&made);
    guint32 site = made_ledger_site(&made, made_ledger_node(&made, 0, 0x1010), 0, 0, 0);
    for (guint i = 0; i < 3001; i++) {
        made_ledger_block(&made, 0, i, 48, site, i);
        made_ledger_mark(&made, "iteration");
    }
    g_autoptr(Ledger) ledger = made_ledger_read(&made);
    ck_assert_int_eq(total_growth(ledger, 1), 48);
}
END_TEST

SUITE(ledger_growth, 30)
{
    tcase_add_test(tcase, test_growth_is_exact_for_a_leak_in_every_iteration);
    tcase_add_test(tcase, test_growth_is_exact_where_iterations_share_records);
    tcase_add_test(tcase, test_growth_is_not_a_ring_of_the_last_entries);
    tcase_add_test(tcase, test_growth_is_not_a_cache_that_fills_once);
    tcase_add_test(tcase, test_growth_sees_a_block_that_realloc_makes_longer);
    tcase_add_test(tcase, test_growth_finds_a_small_leak_under_a_large_saw_tooth);
    tcase_add_test(tcase, test_growth_of_many_iterations_fits_into_few_columns);
}
