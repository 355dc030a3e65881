/* The heap instrument: what becomes of the tracer's books. */
#include "instrument/heap.h"

#include <string.h>

#include "formats/made_ledger.h"
#include "remains.h"
#include "runner.h"

/* One program of process 1000, which made some allocations at one call site. */
static Ledger *program_ledger(const char *executable, gint64 peak_bytes, gint64 mapped, gint64 peak_mapped)
{
    g_auto(MadeLedger) made = {0};
    made_ledger_init(&made);
    made_ledger_site(&made, made_ledger_node(&made, 0, 0x1010), 0, 1, peak_bytes);
    made.header.peak_bytes = peak_bytes;
    made.header.mapped_bytes = mapped;
    made.header.peak_mapped_bytes = peak_mapped;
    g_strlcpy(made.header.executable, executable, sizeof made.header.executable);
    Ledger *ledger = made_ledger_read(&made);
    ledger->process = 1;
    return ledger;
}

/* Measures what the process left. (transfer full). */
static Measurement *collect(GPtrArray *ledgers)
{
    const LedgerEvidence evidence = {.ledgers = ledgers};
    return remains_collect(&instrument_heap, 1000, &evidence);
}

/* A process that left one program for another held the memory of each in turn, and made the allocations of
 * both. */
START_TEST(test_heap_adds_up_what_every_program_of_a_process_allocated)
{
    g_autoptr(GPtrArray) ledgers = g_ptr_array_new_with_free_func((GDestroyNotify)ledger_free);
    g_ptr_array_add(ledgers, program_ledger("/bin/sh", 500, 10, 40));
    g_ptr_array_add(ledgers, program_ledger("/bin/env", 100, 10, 70));
    g_ptr_array_add(ledgers, program_ledger("/bin/work", 300, 20, 60));
    g_autoptr(Measurement) measurement = collect(ledgers);
    ck_assert_msg(measurement->problem == NULL, "%s", measurement->problem);
    ck_assert_int_eq(measurement_value(measurement, METRIC_PEAK), 500);
    ck_assert_int_eq(measurement_value(measurement, METRIC_ALLOCATIONS), 30);
    ck_assert_int_eq(measurement_value(measurement, METRIC_TEMPORARY), 9);
    ck_assert_int_eq(measurement_value(measurement, METRIC_TOTAL_ALLOCATED), 3000);
    ck_assert_int_eq(call_sites_total_bytes(measurement_find(measurement, METRIC_ALLOCATIONS)->sites), 30);
    ck_assert_int_eq(measurement_value(measurement, METRIC_MAPPED_PEAK), 70);
}
END_TEST

/* Measures the books of one program. (transfer full). */
static Measurement *collect_ledger(MadeLedger *made)
{
    g_autoptr(GPtrArray) ledgers = g_ptr_array_new_with_free_func((GDestroyNotify)ledger_free);
    g_ptr_array_add(ledgers, made_ledger_read(made));
    return collect(ledgers);
}

static Measurement *collect_full(void)
{
    g_auto(MadeLedger) made = {0};
    made_ledger_init(&made);
    made_ledger_site(&made, made_ledger_node(&made, 0, 0x1010), 0, 1, 500);
    made.header.peak_bytes = 500;
    made.header.full_end_records = 12;
    made.header.truncated_stacks = 1;
    return collect_ledger(&made);
}

START_TEST(test_heap_is_broken_by_books_that_had_no_room)
{
    g_autoptr(Measurement) measurement = collect_full();
    ck_assert_ptr_nonnull(measurement->problem);
    ck_assert_msg(g_str_has_prefix(measurement->problem, "the tracer's books of made are not whole: 12 call "
                                                         "sites at the end mark were lost"),
                  "%s", measurement->problem);
    remains_load_scenario("heap: {blind: [made]}\n");
    g_autoptr(Measurement) named = collect_full();
    ck_assert_msg(named->problem == NULL, "%s", named->problem);
    ck_assert_uint_eq(named->notes->len, 1);
    ck_assert_uint_eq(named->details->len, 1); /* the stack that ended early */
}
END_TEST

/* Of 6,000 sites 4,096 are kept, and of the rest those that may be a regression; what the others had at most
 * is known. A site is one module that calls another. */
START_TEST(test_heap_keeps_the_call_sites_that_can_matter)
{
    enum { SITES = 6000, KEPT = 4096, MODULES = 80 };
    static const char *const rows[] = {"allow: {call_site: {floor: 1 MiB}}\n",
                                       "allow: {call_site: {floor: 399 B}}\n"};
    const guint expected[] = {KEPT, SITES - 400};
    for (gsize row = 0; row < G_N_ELEMENTS(rows); row++) {
        g_auto(MadeLedger) made = {0};
        made_ledger_init(&made);
        remains_load_scenario(rows[row]);
        made.header.peak_bytes = SITES * (SITES - 1) / 2;
        guint32 callers[MODULES];
        for (guint i = 0; i < MODULES; i++) {
            g_autofree char *path = g_strdup_printf("/lib/%c%c.so", 'a' + i / 10, 'a' + i % 10);
            made_ledger_module(&made, path, 0x1000 * (i + 1), 0x1000 * (i + 2));
            callers[i] = made_ledger_node(&made, 0, 0x1000 * (i + 1) + 8);
        }
        for (guint i = 0; i < SITES; i++) {
            guint32 node = made_ledger_node(&made, callers[i / MODULES], 0x1000 * (i % MODULES + 1) + 8);
            made_ledger_site(&made, node, 0, (guint64)made.header.peak_bytes, i);
        }
        g_autoptr(Measurement) measurement = collect_ledger(&made);
        ck_assert_msg(measurement->problem == NULL, "%s", measurement->problem);
        ck_assert_int_eq(measurement_value(measurement, METRIC_PEAK), SITES * (SITES - 1) / 2);
        const CallSites *sites = measurement_find(measurement, METRIC_PEAK)->sites;
        ck_assert_uint_eq(call_sites_count(sites), expected[row]);
        ck_assert_int_eq(call_sites_get(sites, expected[row] - 1)->bytes, SITES - (gint64)expected[row]);
        ck_assert_int_eq(call_sites_cutoff(sites), SITES - (gint64)expected[row] - 1);
    }
}
END_TEST

/* A process id may come again. */
START_TEST(test_heap_keeps_processes_apart_that_had_one_number)
{
    g_autoptr(GPtrArray) ledgers = g_ptr_array_new_with_free_func((GDestroyNotify)ledger_free);
    g_ptr_array_add(ledgers, program_ledger("/bin/work", 500, 10, 40));
    g_ptr_array_add(ledgers, program_ledger("/bin/work", 300, 10, 40));
    ((Ledger *)g_ptr_array_index(ledgers, 1))->process = 2;
    g_autoptr(Measurement) measurement = collect(ledgers);
    ck_assert_msg(measurement->problem == NULL, "%s", measurement->problem);
    ck_assert_int_eq(measurement_value(measurement, METRIC_PEAK), 800);
}
END_TEST

/* What a file is said to be is read off its whole beginning, and never guessed of a piece. */
START_TEST(test_only_a_program_of_32_bits_is_called_one)
{
    static const struct {
        const char *bytes;
        gsize length;
        gboolean narrow;
    } cases[] = {
        {"\177ELF\1\1\1\0\0\0\0\0\0\0\0\0", 16, TRUE},
        {"\177ELF\2\1\1\0\0\0\0\0\0\0\0\0", 16, FALSE},
        {"\177ELF", 4, FALSE},
        {"#!/bin/sh\n", 10, FALSE},
        {"", 0, FALSE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        remains_write("program", cases[i].bytes, (gssize)cases[i].length);
        g_autofree char *path = g_build_filename(remains.folder, "program", NULL),
                        *reason = heap_blind_reason(path);
        ck_assert_msg((strstr(reason, "32 bits") != NULL) == cases[i].narrow, "%zu: %s", i, reason);
    }
}
END_TEST

SUITE(heap, 20)
{
    tcase_add_checked_fixture(tcase, remains_setup, remains_teardown);
    tcase_add_test(tcase, test_heap_adds_up_what_every_program_of_a_process_allocated);
    tcase_add_test(tcase, test_heap_is_broken_by_books_that_had_no_room);
    tcase_add_test(tcase, test_heap_keeps_the_call_sites_that_can_matter);
    tcase_add_test(tcase, test_heap_keeps_processes_apart_that_had_one_number);
    tcase_add_test(tcase, test_only_a_program_of_32_bits_is_called_one);
}
