/* What a program maps itself: by call site, page for page, with peak and end mark. */
#include <stdio.h>

#include "ledgers.h"
#include "runner.h"

enum { PAGE = 4096 };

static Ledgers *run_way(const char *way)
{
    const char *argv[] = {"maps", way, NULL};
    Ledgers *ran = ledgers_run(argv, TRUE, 0);
    ck_assert_msg(ran->wait_status == 0, "%s: %d", way, ran->wait_status);
    return ran;
}

/* Header, sites and pages agree. */
static void check_books(const Received *received, gint64 in_flight)
{
    Sum sites = received_mapped_by_sites(received), pages = received_mapped_by_pages(received);
    ck_assert_int_eq(sites.bytes, received->header->mapped_bytes);
    ck_assert_int_eq(pages.bytes, sites.bytes);
    ck_assert_int_eq(pages.blocks, sites.blocks);
    ck_assert_int_le(ABS(received_mapped_peak_by_sites(received) - received->header->peak_mapped_bytes),
                     in_flight);
    ck_assert_uint_eq(received->header->full_pages, 0);
}

/* As the program says, in its line of this number. */
static void check_said(const Ledgers *ran, guint index)
{
    const Received *received = ledgers_at(ran, index);
    g_auto(GStrv) lines = g_strsplit(ran->out, "\n", -1);
    long pages = -1, peak = -1, mappings = -1;
    ck_assert_int_eq(sscanf(lines[index], "%ld %ld %ld", &pages, &peak, &mappings), 3);
    check_books(received, 0);
    ck_assert_int_eq(received->header->mapped_bytes / PAGE, pages);
    ck_assert_int_eq(received->header->peak_mapped_bytes / PAGE, peak);
    ck_assert_int_eq(received_mapped_by_sites(received).blocks, mappings);
}

static const char *const exact_ways[] = {"parts",     "huge",        "fixed_over",    "remap",    "reserve",
                                         "files",     "memory_file", "by_number",     "by_dlsym", "deep_now",
                                         "deep_lazy", "break",       "shared_memory", "library"};

START_TEST(test_mapped_books_are_exact_whatever_becomes_of_a_mapping)
{
    g_autoptr(Ledgers) ran = run_way(exact_ways[_i]);
    ck_assert_uint_eq(ran->received->len, 1);
    check_said(ran, 0);
}
END_TEST

START_TEST(test_mapped_files_are_counted_apart)
{
    g_autoptr(Ledgers) ran = run_way("files");
    ck_assert_int_eq(ledgers_at(ran, 0)->header->file_bytes / PAGE, 6);
    ck_assert_int_eq(ledgers_at(ran, 0)->header->peak_file_bytes / PAGE, 14);
}
END_TEST

START_TEST(test_a_forked_child_maps_into_books_of_its_own)
{
    g_autoptr(Ledgers) ran = run_way("child");
    ck_assert_uint_eq(ran->received->len, 2);
    check_said(ran, 0);
    check_said(ran, 1);
}
END_TEST

/* While threads map and unmap, in halves too, the end mark is set again and again and signals map. */
START_TEST(test_mapped_books_stay_whole_in_a_storm)
{
    enum { THREADS = 4, SLOTS = 16, MOST = 702, HELD = 11 };
    g_autoptr(Ledgers) ran = run_way("storm");
    const Received *received = ledgers_at(ran, 0);
    check_books(received, THREADS * MOST * PAGE);
    ck_assert_int_eq(received->header->mapped_bytes, HELD * PAGE);
    Sum end = received_mapped_end_sum(received);
    ck_assert_int_eq(end.bytes, received->header->end_mapped_bytes);
    ck_assert_int_ge(end.bytes, HELD * PAGE);
    ck_assert_int_le(end.bytes, received->header->peak_mapped_bytes);
    ck_assert_uint_gt(received->header->marks, 10);
}
END_TEST

/* Whatever the instant: as many mappings as threads are begun and not ended. */
START_TEST(test_mapped_books_are_whole_after_a_kill)
{
    enum { KILLS = 20, THREADS = 5, MOST = 702 };
    guint grown = 0;
    for (guint i = 0; i < KILLS; i++) {
        const char *argv[] = {"maps", "storm", NULL};
        g_autoptr(Ledgers) ran = ledgers_run(argv, TRUE, 20000 + 15000 * (gint64)i);
        if (ran->received->len == 0)
            continue;
        const Received *received = ledgers_at(ran, 0);
        gint64 sites = received_mapped_by_sites(received).bytes, total = received->header->mapped_bytes;
        gint64 pages = received_mapped_by_pages(received).bytes, in_flight = THREADS * MOST * PAGE;
        ck_assert_int_le(ABS(sites - total), in_flight);
        ck_assert_int_le(ABS(pages - total), in_flight);
        grown += total > in_flight;
    }
    ck_assert_uint_gt(grown, 0);
}
END_TEST

/* Each page is counted once, also one that goes before the count comes by. */
START_TEST(test_the_end_mark_counts_what_is_unmapped_meanwhile)
{
    g_autoptr(Ledgers) ran = run_way("end");
    const Received *received = ledgers_at(ran, 0);
    long least = 0, most = 0;
    ck_assert_int_eq(sscanf(ran->out, "%ld %ld", &least, &most), 2);
    check_books(received, 0);
    ck_assert_int_eq(received->header->mapped_bytes, 0);
    ck_assert_int_ge(received->header->end_mapped_bytes / PAGE, least);
    ck_assert_int_le(received->header->end_mapped_bytes / PAGE, most);
    ck_assert_int_eq(received_mapped_end_sum(received).bytes, received->header->end_mapped_bytes);
}
END_TEST

SUITE(mapped, 60)
{
    tcase_add_loop_test(tcase, test_mapped_books_are_exact_whatever_becomes_of_a_mapping, 0,
                        G_N_ELEMENTS(exact_ways));
    tcase_add_test(tcase, test_mapped_files_are_counted_apart);
    tcase_add_test(tcase, test_a_forked_child_maps_into_books_of_its_own);
    tcase_add_test(tcase, test_mapped_books_stay_whole_in_a_storm);
    tcase_add_test(tcase, test_mapped_books_are_whole_after_a_kill);
    tcase_add_test(tcase, test_the_end_mark_counts_what_is_unmapped_meanwhile);
}
