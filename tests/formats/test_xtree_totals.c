#include "formats/valgrind/xtree_totals.h"

#include <string.h>

#include "error.h"
#include "runner.h"

#define ROW(index, bytes)                                                                                    \
    "#-----------\nsnapshot=" #index "\n#-----------\ntime=1\nmem_heap_B=" #bytes                            \
    "\nmem_heap_extra_B=0\nmem_stacks_B=0\nheap_tree=detailed\nn1: " #bytes                                  \
    " curB : x\n n0: 1 <frame>\n  <ip>0x1</ip>\n"

START_TEST(test_totals_are_read_whatever_the_trees_hold)
{
    const char *text =
        "desc: xtree\ncmd: ./t\ntime_unit: ms\n" ROW(0, 400) ROW(1, 20) ROW(2, 1050400) ROW(3, 31);
    XtreeTotals totals = {0};
    g_autoptr(GError) error = NULL;
    ck_assert(xtree_totals_read(text, strlen(text), "x.ms", &totals, &error));
    ck_assert_int_eq(totals.live_bytes, 400);
    ck_assert_int_eq(totals.live_blocks, 20);
    ck_assert_int_eq(totals.total_bytes, 1050400);
    ck_assert_int_eq(totals.total_blocks, 31);
}
END_TEST

START_TEST(test_missing_rows_are_an_error_never_zero)
{
    const char *wrong[] = {"", "cmd: x\n", ROW(0, 400) ROW(1, 20) ROW(2, 3), ROW(1, 20) ROW(2, 3) ROW(3, 4),
                           ROW(0, 400) ROW(1, 20) ROW(2, 99999999999999999999) ROW(3, 4)};
    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
        XtreeTotals totals = {0};
        g_autoptr(GError) error = NULL;
        ck_assert(!xtree_totals_read(wrong[i], strlen(wrong[i]), "x.ms", &totals, &error));
        ck_assert(g_error_matches(error, HEAPGATE_ERROR, HEAPGATE_ERROR_FORMAT));
    }
}
END_TEST

SUITE(xtree_totals, 10)
{
    tcase_add_test(tcase, test_totals_are_read_whatever_the_trees_hold);
    tcase_add_test(tcase, test_missing_rows_are_an_error_never_zero);
}
