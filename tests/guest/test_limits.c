/* A program that limits its own memory is told what it set, and has what it would have alone. */
#include <string.h>

#include "ledgers.h"
#include "runner.h"

static const char *const ways[] = {"as", "tight", "data", "exec"};

START_TEST(test_the_tracers_memory_comes_on_top_of_a_programs_limits)
{
    const char *argv[] = {runner_path("build/tests/guest/limits"), ways[_i], NULL};
    g_autoptr(Ledgers) alone = ledgers_run(argv, FALSE, 0), traced = ledgers_run(argv, TRUE, 0);
    ck_assert_uint_gt(strlen(alone->out), 40);
    ck_assert_str_eq(alone->out, traced->out);
    ck_assert_int_eq(traced->wait_status, 0);
    ck_assert_uint_eq(traced->received->len, 2); /* a child's, or that of the program after the exec */
    for (guint i = 0; i < 2; i++)
        ck_assert_uint_eq(ledgers_at(traced, i)->header->off_reason, LEDGER_OFF_NOT);
    ck_assert_uint_ge(received_allocations(ledgers_at(traced, 1)), 1000);
}
END_TEST

SUITE(limits, 60)
{
    tcase_add_loop_test(tcase, test_the_tracers_memory_comes_on_top_of_a_programs_limits, 0,
                        G_N_ELEMENTS(ways));
}
