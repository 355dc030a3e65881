/* What a ledger says besides its figures. */
#include "formats/ledger/ledger_notes.h"

#include <string.h>

#include "made_ledger.h"
#include "runner.h"

START_TEST(test_ledger_says_what_the_tracer_could_not_see)
{
    g_auto(MadeLedger) made = {0};
    made_ledger_init_small(&made);
    made.header.truncated_stacks = 4;
    made.header.deep_stacks = 7;
    made.header.full_sites = 5;
    made.header.unknown_frees = 6;
    g_autoptr(Ledger) ledger = made_ledger_read(&made);
    g_autoptr(GPtrArray) notes = ledger_notes(ledger);
    ck_assert_uint_eq(notes->len, 4);
    const LedgerNote *full = g_ptr_array_index(notes, 0), *frees = g_ptr_array_index(notes, 1),
                     *cut = g_ptr_array_index(notes, 2), *deep = g_ptr_array_index(notes, 3);
    ck_assert_int_eq(full->severity, LEDGER_NOTE_BROKEN);
    ck_assert_str_eq(full->text, "5 allocations have no call site, for the table of call sites is full; "
                                 "sample instead: heap: {sample: 64 KiB}");
    ck_assert_int_eq(frees->severity, LEDGER_NOTE_PLAIN);
    ck_assert_str_eq(frees->text, "blocks freed that had never been seen: 6");
    ck_assert_int_eq(cut->severity, LEDGER_NOTE_DETAIL);
    ck_assert(g_str_has_prefix(cut->text, "stack walks that ended before"));
    ck_assert(g_str_has_suffix(cut->text, ": 4"));
    ck_assert_int_eq(deep->severity, LEDGER_NOTE_DETAIL);
    ck_assert_msg(strstr(deep->text, "deeper than 512 frames") != NULL, "%s", deep->text);
}
END_TEST

/* Whatever had no room: figures that miss it are judged by nobody. */
START_TEST(test_every_full_table_of_a_ledger_is_broken_and_says_what_helps)
{
    g_auto(MadeLedger) made = {0};
    made_ledger_init_small(&made);
    uint64_t *const counts[] = {
        &made.header.full_nodes,   &made.header.full_sites,   &made.header.full_chunks,
        &made.header.full_marks,   &made.header.full_changes, &made.header.full_end_records,
        &made.header.full_modules, &made.header.full_codes,   &made.header.full_text,
        &made.header.full_pages,   &made.header.outside,      &made.header.pool_crowded,
    };
    for (gsize i = 0; i < G_N_ELEMENTS(counts); i++) {
        *counts[i] = 1;
        g_autoptr(Ledger) ledger = made_ledger_read(&made);
        g_autoptr(GPtrArray) notes = ledger_notes(ledger);
        ck_assert_uint_eq(notes->len, 1);
        const LedgerNote *note = g_ptr_array_index(notes, 0);
        ck_assert_int_eq(note->severity, LEDGER_NOTE_BROKEN);
        ck_assert_msg(strstr(note->text, "; ") != NULL, "%s", note->text);
        *counts[i] = 0;
    }
}
END_TEST

START_TEST(test_many_stacks_that_end_early_are_worth_a_note)
{
    g_auto(MadeLedger) made = {0};
    made_ledger_init_small(&made);
    made.header.truncated_stacks = 2000;
    g_autoptr(Ledger) ledger = made_ledger_read(&made);
    g_autoptr(GPtrArray) notes = ledger_notes(ledger);
    ck_assert_uint_eq(notes->len, 1);
    ck_assert_int_eq(((const LedgerNote *)g_ptr_array_index(notes, 0))->severity, LEDGER_NOTE_PLAIN);
}
END_TEST

SUITE(ledger_notes, 30)
{
    tcase_add_test(tcase, test_ledger_says_what_the_tracer_could_not_see);
    tcase_add_test(tcase, test_every_full_table_of_a_ledger_is_broken_and_says_what_helps);
    tcase_add_test(tcase, test_many_stacks_that_end_early_are_worth_a_note);
}
