/* What the guest tells its harness besides its books. */
#include <string.h>

#include "ledgers.h"
#include "runner.h"

START_TEST(test_a_program_that_can_have_no_books_says_why)
{
    static const struct {
        const char *limit;
        guint reason;
    } cases[] = {{"nofile", LEDGER_OFF_NO_DESCRIPTOR}, {"fsize", LEDGER_OFF_FILE_SIZE}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const char *argv[] = {runner_path("build/tests/tracer/crowded"), cases[i].limit, NULL};
        g_autoptr(Ledgers) ran = ledgers_run(argv, TRUE, 0);
        ck_assert_msg(ran->wait_status == 0, "%s: status %x", cases[i].limit, ran->wait_status);
        ck_assert_uint_eq(ran->received->len, 1); /* of what it was before */
        ck_assert_uint_eq(ran->off->len, 1);
        const LedgerHello *hello = &g_array_index(ran->off, LedgerHello, 0);
        ck_assert_uint_eq(hello->off_reason, cases[i].reason);
        ck_assert_uint_eq(hello->pid, ledgers_at(ran, 0)->header->pid);
        ck_assert(g_str_has_suffix(hello->program, "/crowded"));
        ck_assert_uint_eq(hello->parent_family, ledgers_at(ran, 0)->family);
        ck_assert_uint_eq(hello->parent_entry, 1);
    }
}
END_TEST

SUITE(hello, 30)
{
    tcase_add_test(tcase, test_a_program_that_can_have_no_books_says_why);
}
