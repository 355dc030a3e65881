/* Pools: what they hand out is in the heap's books, what they cut it from is not. */
#include <stdio.h>

#include "ledgers.h"
#include "runner.h"

static const char *const ways[] = {"over_mmap", "over_malloc", "slab_freed", "crowded", "twice"};

START_TEST(test_a_pools_blocks_are_booked_and_its_slab_is_not)
{
    const char *argv[] = {"pools", ways[_i], NULL};
    g_autoptr(Ledgers) ran = ledgers_run(argv, TRUE, 0);
    const Received *received = ledgers_at(ran, 0);
    long bytes, blocks, peak, mapped, crowded;
    ck_assert_int_eq(ran->wait_status, 0);
    ck_assert_int_eq(sscanf(ran->out, "%ld %ld %ld %ld %ld", &bytes, &blocks, &peak, &mapped, &crowded), 5);
    Sum sites = received_live_by_sites(received), records = received_live_by_records(received);
    ck_assert_int_eq(sites.bytes, bytes);
    ck_assert_int_eq(sites.blocks, blocks);
    ck_assert_int_eq(records.bytes, bytes);
    ck_assert_int_eq(records.blocks, blocks);
    ck_assert_int_eq(received->header->live_bytes, bytes);
    ck_assert_int_eq(received->header->peak_bytes, peak);
    ck_assert_int_eq(received->header->mapped_bytes, mapped);
    ck_assert_int_eq(received_mapped_by_pages(received).bytes, mapped);
    ck_assert_int_eq((gint64)received->header->pool_crowded, crowded);
    ck_assert_uint_eq(received->header->unknown_frees, 0);
    ck_assert_uint_eq(received->header->unseen_frees, 0);
}
END_TEST

SUITE(pool, 60)
{
    tcase_add_loop_test(tcase, test_a_pools_blocks_are_booked_and_its_slab_is_not, 0, G_N_ELEMENTS(ways));
}
