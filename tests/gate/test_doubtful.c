/* Growth that a queue may hide: what is set off is judged by what the baseline knows, wholly or in part. */
#include "gate/compare.h"

#include "runner.h"

/* Growth of one call site: for certain so much, and so much that others of its function lose. */
typedef struct {
    gint64 sure, moved;
} Growing;

static CallSites *site_of(gint64 bytes)
{
    const Frame frames[] = {{.function = "new_node", .file = "list.c"},
                            {.function = "audit", .file = "work.c"},
                            {.function = "main", .file = "work.c"}};
    CallSites *sites = call_sites_new();
    if (bytes > 0)
        call_sites_add(sites, frames, G_N_ELEMENTS(frames), bytes, 0);
    return sites;
}

static Measurement *measured(Growing growing)
{
    Measurement *self = measurement_new("heap");
    Figure *growth = measurement_set(self, METRIC_GROWTH, growing.sure, site_of(growing.sure));
    growth->doubtful = call_sites_new();
    growth->moved = site_of(growing.moved);
    return self;
}

/* A run after a capture, with so much growth allowed. */
static InstrumentResult *verdict_of(Growing then, Growing now, gint64 allowed)
{
    g_autoptr(Baseline) baseline = baseline_new("work");
    g_autoptr(GPtrArray) runs = g_ptr_array_new_with_free_func((GDestroyNotify)measurement_free);
    Allow allow;
    allow_init(&allow);
    allow_say(&allow, METRIC_GROWTH)->allowance = (Allowance){.floor = allowed};
    g_ptr_array_add(runs, measured(then));
    g_ptr_array_add(baseline->instruments, baseline_capture(runs, &allow, NULL));
    const Reference reference = {baseline, NULL, baseline->environment, &allow};
    InstrumentResult *result = compare(&reference, measured(now));
    allow_clear(&allow);
    return result;
}

static Verdict verdict(Growing then, Growing now, gint64 allowed)
{
    g_autoptr(InstrumentResult) result = verdict_of(then, now, allowed);
    return result->verdict;
}

START_TEST(test_a_leak_that_is_set_off_in_part_is_red_whole)
{
    g_autoptr(InstrumentResult) result = verdict_of((Growing){0}, (Growing){50, 1000}, 100);
    const Comparison *growth = instrument_result_find(result, METRIC_GROWTH);
    ck_assert_int_eq(growth->verdict, VERDICT_REGRESSED);
    ck_assert_uint_eq(growth->deltas->len, 1);
    const SiteDelta *delta = g_ptr_array_index(growth->deltas, 0);
    ck_assert_int_eq(delta->delta_bytes, 1050);
    ck_assert_int_eq(delta->now_bytes, 1050);
    ck_assert(delta->is_beyond);
}
END_TEST

START_TEST(test_what_moved_when_it_was_captured_may_move_and_not_grow)
{
    ck_assert_int_eq(verdict((Growing){0, 1000}, (Growing){0, 1000}, 0), VERDICT_PASS);
    ck_assert_int_eq(verdict((Growing){0, 1000}, (Growing){0, 3000}, 0), VERDICT_PASS);
    ck_assert_int_eq(verdict((Growing){50, 1000}, (Growing){50, 1000}, 0), VERDICT_PASS);
    ck_assert_int_eq(verdict((Growing){0, 1000}, (Growing){1, 1000}, 0), VERDICT_REGRESSED);
    ck_assert_int_eq(verdict((Growing){0}, (Growing){0, 1}, 0), VERDICT_REGRESSED);
}
END_TEST

SUITE(doubtful, 20)
{
    tcase_add_test(tcase, test_a_leak_that_is_set_off_in_part_is_red_whole);
    tcase_add_test(tcase, test_what_moved_when_it_was_captured_may_move_and_not_grow);
}
