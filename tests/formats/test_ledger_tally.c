/* Sums over ledgers, and which of their call sites are named. */
#include "formats/ledger/ledger_tally.h"

#include <string.h>

#include "made_ledger.h"
#include "runner.h"

/* Names the frame of a node "fN". */
static void name(Ledger *ledger, guint32 node, guint number)
{
    g_autofree char *function = g_strdup_printf("f%u", number);
    LedgerName one = {.function = (guint32)ledger->strings->len};
    g_string_append_len(ledger->strings, function, (gssize)strlen(function) + 1);
    g_array_append_val(ledger->names, one);
    ledger_place_of(ledger, node)->name = ledger->names->len;
}

/* Sites f0, f1, ... that held this at the peak. */
static Ledger *ledger_of(const gint64 *peaks, guint count)
{
    g_auto(MadeLedger) made = {0};
    made_ledger_init(&made);
    made.header.peak_number = 9;
    for (guint i = 0; i < count; i++)
        made_ledger_site(&made, made_ledger_node(&made, 0, 0x1000 + i), 0, 9, peaks[i]);
    Ledger *ledger = made_ledger_read(&made);
    for (guint i = 0; i < count; i++)
        name(ledger, i + 1, i);
    return ledger;
}

START_TEST(test_a_rank_is_what_so_many_sites_exceed)
{
    const gint64 peaks[] = {30, 10, 50, 10, 40};
    g_autoptr(Ledger) ledger = ledger_of(peaks, G_N_ELEMENTS(peaks));
    g_autoptr(LedgerTally) tally = ledger_tally_new(LEDGER_NUMBER_PEAK);
    ledger_tally_add(tally, ledger);
    ck_assert_int_eq(ledger_tally_whole(tally), 140);
    ck_assert_int_eq(ledger_tally_rank(tally, 0), 50);
    ck_assert_int_eq(ledger_tally_rank(tally, 2), 30);
    ck_assert_int_eq(ledger_tally_rank(tally, 4), 10);
    ck_assert_int_eq(ledger_tally_rank(tally, 5), G_MININT64);
    g_autoptr(CallSites) sites = call_sites_new();
    ck_assert_uint_eq(ledger_tally_name(tally, ledger_tally_rank(tally, 3), sites), 2);
    ck_assert_uint_eq(call_sites_count(sites), 3); /* of equal ones all or none */
    ck_assert_int_eq(call_sites_total_bytes(sites), 120);
}
END_TEST

START_TEST(test_a_site_counts_by_what_it_holds_in_all_ledgers)
{
    const gint64 one[] = {30, 4, 12}, two[] = {1, 40};
    g_autoptr(Ledger) first = ledger_of(one, G_N_ELEMENTS(one)), second = ledger_of(two, G_N_ELEMENTS(two));
    g_autoptr(LedgerTally) tally = ledger_tally_new(LEDGER_NUMBER_PEAK);
    ledger_tally_add(tally, first);
    ledger_tally_add(tally, second);
    ck_assert_int_eq(ledger_tally_whole(tally), 87);
    ck_assert_int_eq(ledger_tally_rank(tally, 1), 31);
    g_autoptr(CallSites) sites = call_sites_new();
    ledger_tally_name(tally, 12, sites);
    ck_assert_uint_eq(call_sites_count(sites), 2);
    ck_assert_int_eq(call_sites_find(sites, "f0")->bytes, 31);
    ck_assert_int_eq(call_sites_find(sites, "f1")->bytes, 44);
}
END_TEST

/* 8 bytes more at each mark, at each of the sites. */
static Ledger *growing(guint count)
{
    enum { MARKS = 6 };
    g_auto(MadeLedger) made = {0};
    made_ledger_init(&made);
    for (guint i = 0; i < count; i++)
        made_ledger_site(&made, made_ledger_node(&made, 0, 0x1000 + i), 0, 0, 0);
    for (guint mark = 1; mark <= MARKS; mark++) {
        made_ledger_mark(&made, "iteration");
        for (guint i = 0; i < count; i++)
            made_ledger_change(&made, i + 1, 8 * mark);
    }
    Ledger *ledger = made_ledger_read(&made);
    for (guint i = 0; i < count; i++)
        name(ledger, i + 1, i);
    return ledger;
}

START_TEST(test_all_that_grows_has_its_name_however_much_it_is)
{
    enum { SITES = 70000 };
    g_autoptr(Ledger) ledger = growing(SITES);
    g_autoptr(CallSites) sites = call_sites_new(), doubtful = call_sites_new();
    Growth growth = {sites, doubtful, 0, 0};
    ledger_growth(ledger, LEDGER_SITE_HEAP, 1, &growth);
    ck_assert_int_eq(growth.total, 8 * SITES);
    ck_assert_int_eq(growth.smallest, 1);
    ck_assert_uint_eq(call_sites_count(sites), SITES);
    ck_assert_ptr_null(call_sites_find(sites, "(unknown)"));
}
END_TEST

SUITE(ledger_tally, 30)
{
    tcase_add_test(tcase, test_a_rank_is_what_so_many_sites_exceed);
    tcase_add_test(tcase, test_a_site_counts_by_what_it_holds_in_all_ledgers);
    tcase_add_test(tcase, test_all_that_grows_has_its_name_however_much_it_is);
}
