/* What counts as unseen, and what is given the benefit of the doubt. */
#include "formats/ledger/ledger_audit.h"

#include "made_ledger.h"
#include "runner.h"

enum { MIB = 1 << 20 };

static gint64 unseen_of(MadeLedger *made)
{
    g_autoptr(Ledger) ledger = made_ledger_read(made);
    return ledger_unseen_bytes(ledger);
}

/* At the exit, of a process of one thread. */
static LedgerAudit audit_of(gint64 allocator_bytes, gint64 live_bytes, gint64 live_blocks)
{
    return (LedgerAudit){.allocator_bytes = allocator_bytes,
                         .live_bytes = live_bytes,
                         .live_blocks = live_blocks,
                         .threads = 1,
                         .made = 1};
}

START_TEST(test_what_the_books_do_not_have_is_unseen)
{
    g_auto(MadeLedger) made;
    made_ledger_init(&made);
    made.header.last_audit = audit_of(5 * MIB, MIB, 100);
    gint64 unseen = unseen_of(&made);
    ck_assert_int_gt(unseen, 3 * MIB);
    ck_assert_int_lt(unseen, 4 * MIB);
    made.header.first_audit = audit_of(4 * MIB, 0, 0);
    made.header.first_audit.mark = 1;
    ck_assert_int_eq(unseen_of(&made), 0); /* it was there at the first mark already */
}
END_TEST

START_TEST(test_what_malloc_adds_and_keeps_is_not_unseen)
{
    static const LedgerAudit rows[] = {
        {.allocator_bytes = 48 * 100000,
         .live_bytes = 8 * 100000,
         .live_blocks = 100000,
         .threads = 1,
         .made = 1},
        {.allocator_bytes = 240000, .threads = 1, .made = 1},       /* a thread's reserve */
        {.allocator_bytes = 50 * 240000, .threads = 50, .made = 1}, /* many threads' */
        {.allocator_bytes = 100 * 8192, .mapped_blocks = 100, .threads = 1, .made = 1}, /* whole pages */
        {.allocator_bytes = 64 * MIB, .besides_bytes = 64 * MIB, .threads = 1, .made = 1},
    };
    g_auto(MadeLedger) made;
    made_ledger_init(&made);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        made.header.last_audit = rows[i];
        ck_assert_msg(unseen_of(&made) == 0, "row %zu: %" G_GINT64_FORMAT, i, unseen_of(&made));
        made.header.last_audit.allocator_bytes += 16 * MIB;
        ck_assert_msg(unseen_of(&made) > MIB, "row %zu: %" G_GINT64_FORMAT, i, unseen_of(&made));
    }
}
END_TEST

/* Blocks of before the first audit explain nothing that came after it. */
START_TEST(test_only_new_blocks_are_given_the_benefit_of_the_doubt)
{
    g_auto(MadeLedger) made;
    made_ledger_init(&made);
    guint32 site = made_ledger_site(&made, made_ledger_node(&made, 0, 0x1000), 0, 0, 0);
    made_ledger_mark(&made, "iteration");
    made_ledger_mark(&made, "end");
    made_ledger_end(&made, site, 0, 100 * MIB, MIB);
    made_ledger_end(&made, site, 1, MIB, 10);
    made.header.end_mark = 2;
    made.header.first_audit = audit_of(120 * MIB, 100 * MIB, MIB);
    made.header.first_audit.mark = 1;
    made.header.last_audit = audit_of(123 * MIB, 101 * MIB, MIB + 10);
    made.header.last_audit.mark = 2;
    ck_assert_int_gt(unseen_of(&made), MIB);
    made.header.last_audit.mark = 0; /* of another instant than what is known by birth: all may be new */
    ck_assert_int_eq(unseen_of(&made), 0);
}
END_TEST

START_TEST(test_blocks_of_others_are_never_taken_for_glibcs)
{
    g_auto(MadeLedger) made;
    made_ledger_init(&made);
    made.header.last_audit = audit_of(3 * MIB, 2 * MIB, 0);
    made.header.audit_kind = LEDGER_AUDIT_APART;
    ck_assert_int_gt(unseen_of(&made), 2 * MIB);
    made.header.audit_kind = LEDGER_AUDIT_MIXED;
    ck_assert_int_lt(unseen_of(&made), MIB);
    /* Many of Python's own went: what glibc has is the same. */
    made.header.first_audit = audit_of(3 * MIB, 50 * MIB, 0);
    made.header.first_audit.mark = 1;
    ck_assert_int_eq(unseen_of(&made), 0);
}
END_TEST

START_TEST(test_no_audit_says_nothing)
{
    g_auto(MadeLedger) made;
    made_ledger_init(&made);
    ck_assert_int_eq(unseen_of(&made), 0);
    made.header.last_audit = audit_of(5 * MIB, 0, 0);
    made.header.forked = 1; /* what it inherited is in no books */
    ck_assert_int_eq(unseen_of(&made), 0);
    made.header.forked = 0;
    made.header.sample_bytes = 1000;
    ck_assert_int_eq(unseen_of(&made), 0);
}
END_TEST

START_TEST(test_figures_that_make_no_sense_do_no_harm)
{
    g_auto(MadeLedger) made;
    made_ledger_init(&made);
    made.header.last_audit = (LedgerAudit){G_MAXINT64,  G_MININT64,  G_MAXINT64,  G_MININT64,
                                           G_MAXUINT32, G_MAXUINT32, G_MAXUINT32, 1};
    made.header.first_audit =
        (LedgerAudit){G_MININT64, G_MAXINT64, G_MININT64, G_MAXINT64, 0, 0, G_MAXUINT32, 1};
    ck_assert_int_ge(unseen_of(&made), 0);
}
END_TEST

SUITE(ledger_audit, 10)
{
    tcase_add_test(tcase, test_what_the_books_do_not_have_is_unseen);
    tcase_add_test(tcase, test_what_malloc_adds_and_keeps_is_not_unseen);
    tcase_add_test(tcase, test_only_new_blocks_are_given_the_benefit_of_the_doubt);
    tcase_add_test(tcase, test_blocks_of_others_are_never_taken_for_glibcs);
    tcase_add_test(tcase, test_no_audit_says_nothing);
    tcase_add_test(tcase, test_figures_that_make_no_sense_do_no_harm);
}
