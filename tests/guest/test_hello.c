/* What the guest tells its harness besides its books. */
#include <string.h>

#include "ledgers.h"
#include "runner.h"

static Ledgers *become(const char *way)
{
    const char *argv[] = {runner_path("build/tests/guest/crowded"), way, NULL};
    Ledgers *ran = ledgers_run(argv, TRUE, 0);
    ck_assert_msg(ran->wait_status == 0, "%s: status %x", way, ran->wait_status);
    return ran;
}

START_TEST(test_a_program_that_can_have_no_books_says_why)
{
    g_autoptr(Ledgers) ran = become("sandbox");
    ck_assert_uint_eq(ran->received->len, 1); /* of what it was before */
    ck_assert_uint_eq(ran->off->len, 1);
    const LedgerHello *hello = &g_array_index(ran->off, LedgerHello, 0);
    ck_assert_uint_eq(hello->off_reason, LEDGER_OFF_NO_FILE);
    ck_assert_uint_eq(hello->pid, ledgers_at(ran, 0)->header->pid);
    ck_assert(g_str_has_suffix(hello->program, "/crowded"));
    ck_assert_uint_eq(hello->parent_family, ledgers_at(ran, 0)->family);
    ck_assert_uint_eq(hello->parent_entry, 1);
}
END_TEST

START_TEST(test_a_program_without_a_free_descriptor_or_a_file_that_may_grow_has_books)
{
    const char *const ways[] = {"nofile", "fsize"};
    for (gsize i = 0; i < G_N_ELEMENTS(ways); i++) {
        g_autoptr(Ledgers) ran = become(ways[i]);
        ck_assert_uint_eq(ran->off->len, 0);
        ck_assert_uint_eq(ran->received->len, 2);
        ck_assert_uint_eq(ledgers_at(ran, 1)->header->pid, ledgers_at(ran, 0)->header->pid);
        ck_assert_int_ge(received_live_by_sites(ledgers_at(ran, 1)).bytes, 100);
    }
}
END_TEST

SUITE(hello, 30)
{
    tcase_add_test(tcase, test_a_program_that_can_have_no_books_says_why);
    tcase_add_test(tcase, test_a_program_without_a_free_descriptor_or_a_file_that_may_grow_has_books);
}
