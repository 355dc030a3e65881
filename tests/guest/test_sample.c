/* Sampling: sums in the mean right, of a few blocks. */
#include <stdlib.h>

#include "ledgers.h"
#include "runner.h"

/* The program runs under env, so that it has a ledger of its own. */
static Ledgers *run(const char *way)
{
    const char *argv[] = {"/usr/bin/env", "HEAPGATE_SAMPLE=16384", runner_path("build/tests/guest/window"),
                          way, NULL};
    Ledgers *ran = ledgers_run(argv, TRUE, 0);
    ck_assert_msg(ran->wait_status == 0, "%s: status %x: %s", way, ran->wait_status, ran->out);
    return ran;
}

/* 99,000 blocks of 48 bytes and 1,000 of 3,000 went, 1,000 of each hundred of both sizes were there first;
 * the chances say: 15.4 million bytes in all, 9.6 of them live, sampled each 16 KiB, so 3 and 4 % are one
 * sigma. */
static void check(const Received *received)
{
    const LedgerHeader *header = received->header;
    ck_assert_uint_eq(header->sample_bytes, 16384);
    ck_assert_uint_eq(header->unknown_frees, 0);
    ck_assert_uint_eq(header->unseen_frees, 0);
    gint64 truth = 100000 * 96;
    ck_assert_msg(ABS(header->live_bytes - truth) < truth / 5, "%ld live, %ld in truth", header->live_bytes,
                  truth);
    guint64 bytes = 0, blocks = received_allocations(received);
    for (guint i = 1; i < header->sites; i++)
        bytes += received_sites(received)[i].total_bytes;
    gint64 all = 198000 * 48 + 2000 * 3000 + truth;
    ck_assert_msg(ABS((gint64)bytes - all) < all / 5, "%lu allocated, %ld in truth", bytes, all);
    ck_assert_uint_lt(blocks, 3000);
    ck_assert_uint_gt(blocks, 800);
    Sum records = received_live_by_records(received);
    ck_assert_int_eq(records.bytes, header->live_bytes);
    ck_assert_int_eq(received_live_by_sites(received).bytes, header->live_bytes);
}

START_TEST(test_samples_stand_for_all_blocks)
{
    g_autoptr(Ledgers) ran = run("samples");
    check(ledgers_at(ran, ran->received->len - 1));
}
END_TEST

START_TEST(test_sampling_goes_on_after_an_exec_that_forgets_it)
{
    g_autoptr(Ledgers) ran = run("exec");
    check(ledgers_at(ran, ran->received->len - 1));
}
END_TEST

/* A weight of more than a record has room for would go on in the next one, which may be another block's. */
START_TEST(test_a_sample_keeps_the_size_that_was_asked_for)
{
    const char *argv[] = {"/usr/bin/env", "HEAPGATE_SAMPLE=3000000", runner_path("build/tests/guest/window"),
                          "samples", NULL};
    g_autoptr(Ledgers) ran = ledgers_run(argv, TRUE, 0);
    const Received *received = ledgers_at(ran, ran->received->len - 1);
    const LedgerRecord *records = (const void *)((const char *)received->header + LEDGER_SHADOW_AT);
    guint samples = 0;
    for (guint64 i = 0; i < received->header->chunks * LEDGER_CHUNK_RECORDS; i++) {
        if (ledger_record_site(records[i]) == 0)
            continue;
        ck_assert_uint_eq(ledger_record_size(&records[i], records[i]), 96);
        samples++;
    }
    ck_assert_uint_gt(samples, 0);
    ck_assert_int_eq(received_live_by_records(received).bytes, received->header->live_bytes);
    ck_assert_int_gt(received->header->live_bytes, 3000000 - 1);
}
END_TEST

SUITE(sample, 60)
{
    tcase_add_test(tcase, test_a_sample_keeps_the_size_that_was_asked_for);
    tcase_add_test(tcase, test_samples_stand_for_all_blocks);
    tcase_add_test(tcase, test_sampling_goes_on_after_an_exec_that_forgets_it);
}
