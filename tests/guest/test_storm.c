/* Threads that allocate at once, and a kill at any instant: what the tracer's books say then. */
#include <signal.h>
#include <stdio.h>

#include "ledgers.h"
#include "runner.h"

/* The program's own account of each of its call sites, a line each. */
static void check_truth(const Received *received, const char *out)
{
    g_auto(GStrv) lines = g_strsplit(out, "\n", -1);
    guint sites = 0;
    for (guint i = 0; lines[i] != NULL && *lines[i] != '\0'; i++, sites++) {
        guint64 start, end;
        Sum truth;
        ck_assert_int_eq(sscanf(lines[i], "%*s %lx %lx %ld %ld", &start, &end, &truth.bytes, &truth.blocks),
                         4);
        Sum booked = received_live_between(received, start, end);
        ck_assert_msg(booked.bytes == truth.bytes && booked.blocks == truth.blocks, "%s: booked %ld in %ld",
                      lines[i], booked.bytes, booked.blocks);
    }
    ck_assert_uint_eq(sites, 4);
}

START_TEST(test_a_storm_of_four_threads_ends_with_the_truth)
{
    const char *argv[] = {"storm", "4", "300000", NULL};
    g_autoptr(Ledgers) ran = ledgers_run(argv, TRUE, 0);
    const Received *received = ledgers_at(ran, 0);
    ck_assert_int_eq(ran->wait_status, 0);
    check_truth(received, ran->out);
    Sum sites = received_live_by_sites(received), records = received_live_by_records(received);
    ck_assert_int_eq(sites.bytes, received->header->live_bytes);
    ck_assert_int_eq(records.bytes, sites.bytes);
    ck_assert_int_eq(records.blocks, sites.blocks);
    ck_assert_uint_eq(received->header->unknown_frees, 0);
    ck_assert_uint_gt(received_allocations(received), 600000);
    /* Operations in flight at the peak: one for each other thread, each at most the storm's largest block. */
    ck_assert_int_le(ABS(received_peak_by_sites(received) - received->header->peak_bytes), 3 * 216 * 4099);
}
END_TEST

START_TEST(test_the_end_mark_counts_every_block_once_while_others_go_on)
{
    const char *argv[] = {"storm", "4", "200000", "end", NULL};
    g_autoptr(Ledgers) ran = ledgers_run(argv, TRUE, 0);
    const Received *received = ledgers_at(ran, 0);
    ck_assert_int_eq(ran->wait_status, 0);
    check_truth(received, ran->out);
    const LedgerHeader *header = received->header;
    ck_assert_uint_eq(header->end_mark, 5);
    Sum end = received_end_sum(received);
    ck_assert_int_eq(end.bytes, header->end_live_bytes);
    ck_assert_int_le(ABS(end.bytes - received_marks(received)[4].live_bytes), 4 * 216 * 4099);
}
END_TEST

/* The mark's total is read an instant after the mark is set: a thread held just then sees others go on. So
 * most runs, not all, agree to the blocks in flight. */
START_TEST(test_what_is_freed_while_the_end_is_counted_was_there_at_the_end)
{
    enum { RUNS = 60, ENOUGH = 5, THREADS = 2, BLOCK = 32 };
    const char *argv[] = {"drain", NULL};
    guint exact = 0, begun = 0;
    for (guint i = 0; i < RUNS && begun < ENOUGH; i++) {
        g_autoptr(Ledgers) ran = ledgers_run(argv, TRUE, 0);
        ck_assert_int_eq(ran->wait_status, 0);
        const Received *received = ledgers_at(ran, 0);
        gint64 at_mark = received_marks(received)[0].live_bytes;
        if (at_mark > 10000 * BLOCK) { /* else all but was freed before the mark: a busy machine */
            begun++;
            exact += ABS(received_end_sum(received).bytes - at_mark) <= THREADS * BLOCK;
        }
        received_check_books(received, 3 * BLOCK);
    }
    ck_assert_uint_eq(begun, ENOUGH);
    ck_assert_uint_gt(exact, ENOUGH / 2);
}
END_TEST

enum { KILLS = 200, STORM_THREADS = 4, STORM_LARGEST = 216 * 4099 };

START_TEST(test_books_are_whole_after_a_kill_at_any_instant)
{
    const char *argv[] = {"storm", "4", "0", "forever", NULL};
    guint grown = 0;
    gint64 patience_us = 8000; /* more of it on a busy machine */
    for (int i = 0; i < KILLS; i++) {
        g_autoptr(Ledgers) ran = ledgers_run(argv, TRUE, patience_us + i * 97 + g_random_int_range(0, 4000));
        patience_us += ran->received->len == 0 || received_allocations(ledgers_at(ran, 0)) <= 1000 ? 2000 : 0;
        ck_assert_int_eq(ran->wait_status, SIGKILL);
        if (ran->received->len == 0)
            continue; /* killed before it began */
        const Received *received = ledgers_at(ran, 0);
        Sum sites = received_live_by_sites(received), records = received_live_by_records(received);
        ck_assert_uint_eq(received->header->ended_ns, 0);
        ck_assert_int_le(ABS(sites.blocks - records.blocks), STORM_THREADS);
        ck_assert_int_le(ABS(sites.bytes - records.bytes), STORM_THREADS * STORM_LARGEST);
        ck_assert_int_le(ABS(sites.bytes - received->header->live_bytes), STORM_THREADS * STORM_LARGEST);
        grown += received_allocations(received) > 1000;
    }
    ck_assert_uint_gt(grown, KILLS / 2);
}
END_TEST

SUITE(storm, 240)
{
    tcase_add_test(tcase, test_a_storm_of_four_threads_ends_with_the_truth);
    tcase_add_test(tcase, test_the_end_mark_counts_every_block_once_while_others_go_on);
    tcase_add_test(tcase, test_what_is_freed_while_the_end_is_counted_was_there_at_the_end);
    tcase_add_test(tcase, test_books_are_whole_after_a_kill_at_any_instant);
}
