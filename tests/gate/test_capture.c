/* How baselines are captured: from runs that agree, with what is needed to judge the next one. */
#include "gate/baseline.h"

#include <string.h>

#include "error.h"
#include "gate/compare.h"
#include "runner.h"
#include "sample_baseline.h"

enum { KIB = 1024, MIB = 1024 * 1024 };

/* As if a scenario asked for all there is. */
static Allow everything;

static void ask_for_everything(void)
{
    allow_init(&everything);
    for (const Metric *metric = metrics_all(); metric->name != NULL; metric++)
        allow_say(&everything, metric->id)->is_stated = TRUE;
}

static void forget_everything(void)
{
    allow_clear(&everything);
}

/* Measurements that say these values of one metric. */
static GPtrArray *runs_of(MetricId id, const gint64 *values, guint n)
{
    GPtrArray *runs = g_ptr_array_new_with_free_func((GDestroyNotify)measurement_free);
    for (guint i = 0; i < n; i++) {
        Measurement *run = measurement_new("massif");
        CallSites *sites = call_sites_new();
        g_autofree char *key = g_strdup_printf("run%u (r.c)", i);
        call_sites_add_key(sites, key, values[i], 1);
        run->duration_us = 1000 * (i + 1);
        measurement_set(run, id, values[i], sites);
        g_ptr_array_add(runs, run);
    }
    return runs;
}

static void check_capture(MetricId id, const gint64 *values, guint n, gint64 median, gint64 spread)
{
    g_autoptr(GPtrArray) runs = runs_of(id, values, n);
    g_autoptr(GError) error = NULL;
    BaselineInstrument *captured = baseline_capture(runs, &everything, &error);
    ck_assert_msg(captured != NULL, "%s", error != NULL ? error->message : "");
    ck_assert_str_eq(captured->instrument, "massif");
    ck_assert_int_eq(captured->runs, n);
    ck_assert_ptr_nonnull(baseline_instrument_find(captured, id));
    ck_assert_int_eq(baseline_instrument_find(captured, id)->value, median);
    ck_assert_int_eq(baseline_instrument_find(captured, id)->spread, spread);
    baseline_instrument_free(captured);
}

START_TEST(test_captured_runs_give_their_median_and_their_spread)
{
    check_capture(METRIC_PEAK, (gint64[]){1000}, 1, 1000, 0);
    check_capture(METRIC_PEAK, (gint64[]){1000, 1000, 1000}, 3, 1000, 0);
    check_capture(METRIC_PEAK, (gint64[]){1017, 1000, 1001}, 3, 1001, 17);
    check_capture(METRIC_PEAK, (gint64[]){1000, 1010}, 2, 1010, 10);
    check_capture(METRIC_GROWTH, (gint64[]){0, 0, 0}, 3, 0, 0);
}
END_TEST

/* What the captured runs could see, and what a later one is said to see. */
static void check_bound(const gint64 *peaks, gint64 bound, gint64 expected)
{
    g_autoptr(GPtrArray) runs = runs_of(METRIC_PEAK, peaks, 3);
    for (guint i = 0; i < runs->len; i++) {
        Figure *growth = measurement_set(g_ptr_array_index(runs, i), METRIC_GROWTH, 0, call_sites_new());
        growth->bound = i == 1 ? bound : 1;
    }
    BaselineInstrument *captured = baseline_capture(runs, &everything, NULL);
    ck_assert_int_eq(captured->bound, expected);
    baseline_instrument_free(captured);
}

START_TEST(test_the_smallest_leak_of_noisy_runs_is_twice_the_largest_of_theirs)
{
    check_bound((gint64[]){1000, 1000, 1000}, 512, 512);
    check_bound((gint64[]){1000, 1001, 1000}, 512, 1024);
    check_bound((gint64[]){1000, 1001, 1000}, 1, 1); /* nothing hides even a byte */
}
END_TEST

START_TEST(test_the_call_sites_are_those_of_the_median_run)
{
    const gint64 values[] = {1017, 1000, 1001};
    g_autoptr(GPtrArray) runs = runs_of(METRIC_PEAK, values, 3);
    BaselineInstrument *captured = baseline_capture(runs, &everything, NULL);
    const CallSites *sites = baseline_instrument_find(captured, METRIC_PEAK)->sites;
    ck_assert_uint_eq(call_sites_count(sites), 1);
    ck_assert_str_eq(call_sites_get(sites, 0)->key, "run2 (r.c)");
    baseline_instrument_free(captured);
}
END_TEST

static void check_disagree(MetricId id, gint64 one, gint64 two, const char *expected)
{
    g_autoptr(GPtrArray) runs = runs_of(id, (gint64[]){one, two}, 2);
    g_autoptr(GError) error = NULL;
    ck_assert_ptr_null(baseline_capture(runs, &everything, &error));
    ck_assert(g_error_matches(error, HEAPGATE_ERROR, HEAPGATE_ERROR_BROKEN));
    ck_assert_msg(g_str_has_prefix(error->message, expected), "expected: %s\nfound: %s", expected,
                  error->message);
}

/* The first run of a program that writes caches is another program's. */
START_TEST(test_a_first_run_that_differs_from_all_others_is_left_out)
{
    const struct {
        gint64 values[5];
        guint runs;
        gint64 left_out, value, spread;
    } cases[] = {{{1200 * KIB, MIB, MIB, MIB, MIB}, 5, 1, MIB, 0},
                 {{MIB + 2001, MIB, MIB + 400, MIB + 200, MIB}, 5, 1, MIB + 200, 400},
                 {{MIB + 2000, MIB, MIB + 400, MIB + 200, MIB}, 5, 0, MIB + 200, 2000},
                 {{MIB, MIB, MIB, MIB, MIB + 600}, 5, 0, MIB, 600},
                 {{MIB + 1900, MIB + 1600, MIB, MIB, MIB}, 5, 2, MIB, 0},
                 {{MIB + 600, MIB, MIB}, 3, 0, MIB, 600}};
    for (gsize c = 0; c < G_N_ELEMENTS(cases); c++) {
        g_autoptr(GPtrArray) runs = runs_of(METRIC_RETAINED, cases[c].values, cases[c].runs);
        BaselineInstrument *captured = baseline_capture(runs, &everything, NULL);
        ck_assert_int_eq(captured->left_out, cases[c].left_out);
        ck_assert_int_eq(captured->runs, cases[c].runs - cases[c].left_out);
        ck_assert_int_eq(baseline_instrument_find(captured, METRIC_RETAINED)->value, cases[c].value);
        ck_assert_int_eq(baseline_instrument_find(captured, METRIC_RETAINED)->spread, cases[c].spread);
        baseline_instrument_free(captured);
    }
}
END_TEST

/* The last three of five runs are equal by chance now and then: hashes from a clock differ by a few blocks.
 */
START_TEST(test_a_first_run_that_differs_by_less_than_a_cache_is_not_left_out)
{
    const struct {
        gint64 values[5];
        gint64 left_out, spread;
    } cases[] = {{{MIB + 96, MIB - 48, MIB, MIB, MIB}, 0, 144},
                 {{MIB + KIB, MIB, MIB, MIB, MIB}, 0, KIB},
                 {{MIB + KIB + 1, MIB, MIB, MIB, MIB}, 1, 0},
                 {{MIB - KIB - 1, MIB, MIB, MIB, MIB}, 1, 0}};
    for (gsize c = 0; c < G_N_ELEMENTS(cases); c++) {
        g_autoptr(GPtrArray) runs = runs_of(METRIC_RETAINED, cases[c].values, 5);
        BaselineInstrument *captured = baseline_capture(runs, &everything, NULL);
        ck_assert_int_eq(captured->left_out, cases[c].left_out);
        ck_assert_int_eq(baseline_instrument_find(captured, METRIC_RETAINED)->spread, cases[c].spread);
        baseline_instrument_free(captured);
    }
}
END_TEST

START_TEST(test_runs_that_disagree_beyond_reason_make_no_baseline)
{
    check_disagree(METRIC_PEAK, 10 * MIB, 12 * MIB,
                   "massif: 2 runs gave a peak from 10.0 MiB to 12.0 MiB: they do not agree");
    check_disagree(METRIC_GROWTH, 99, 200,
                   "massif: 2 runs gave a growth from 99 B/iteration to 200 B/iteration");
    check_capture(METRIC_GROWTH, (gint64[]){100, 200}, 2, 200, 100);
    check_capture(METRIC_GROWTH, (gint64[]){0, 100}, 2, 0, 0); /* what not every run shows is doubtful */
    check_disagree(METRIC_LOST, 16, 17, "massif: 2 runs gave a lost from 16 B to 17 B");
    check_capture(METRIC_PEAK, (gint64[]){0, 64 * KIB}, 2, 64 * KIB, 64 * KIB);
    check_disagree(METRIC_PEAK, 0, 64 * KIB + 1, "massif: 2 runs gave a peak");
    check_capture(METRIC_PEAK, (gint64[]){9 * MIB, 10 * MIB}, 2, 10 * MIB, MIB);
    check_disagree(METRIC_PEAK, 9 * MIB - 1, 10 * MIB, "massif: 2 runs gave a peak");
}
END_TEST

START_TEST(test_a_metric_that_not_every_run_has_makes_no_baseline)
{
    const gint64 values[] = {1000, 1000, 1000};
    g_autoptr(GPtrArray) runs = runs_of(METRIC_PEAK, values, 3);
    measurement_set(g_ptr_array_index(runs, 1), METRIC_GROWTH, 0, NULL);
    g_autoptr(GError) error = NULL;
    ck_assert_ptr_null(baseline_capture(runs, &everything, &error));
    ck_assert(g_error_matches(error, HEAPGATE_ERROR, HEAPGATE_ERROR_BROKEN));
    ck_assert_msg(g_str_has_prefix(error->message, "massif: 1 of 3 runs measured growth"), "%s",
                  error->message);
}
END_TEST

/* How much work there was is held always, so that judging it can begin at any time; its call sites only where
 * it is judged, so that reviews stay short. */
START_TEST(test_what_passes_through_is_captured_without_call_sites_until_it_is_judged)
{
    const gint64 values[] = {1204, 1206, 1205};
    Allow allow;
    allow_init(&allow);
    for (int judged = 0; judged < 2; judged++) {
        g_autoptr(GPtrArray) runs = runs_of(METRIC_ALLOCATIONS, values, 3);
        allow_say(&allow, METRIC_ALLOCATIONS)->is_stated = judged;
        BaselineInstrument *captured = baseline_capture(runs, &allow, NULL);
        const BaselineFigure *allocations = baseline_instrument_find(captured, METRIC_ALLOCATIONS);
        ck_assert_ptr_nonnull(allocations);
        ck_assert_int_eq(allocations->value, 1205);
        ck_assert_int_eq(allocations->spread, 2);
        ck_assert((allocations->sites != NULL) == judged);
        baseline_instrument_free(captured);
    }
    allow_clear(&allow);
}
END_TEST

START_TEST(test_runs_that_disagree_in_what_is_not_judged_leave_it_out)
{
    const gint64 values[] = {1000, 2000};
    Allow allow;
    allow_init(&allow);
    g_autoptr(GPtrArray) runs = runs_of(METRIC_TEMPORARY, values, 2);
    for (guint i = 0; i < runs->len; i++)
        measurement_set(g_ptr_array_index(runs, i), METRIC_PEAK, 1000, NULL);
    BaselineInstrument *captured = baseline_capture(runs, &allow, NULL);
    ck_assert_ptr_nonnull(captured);
    ck_assert_ptr_nonnull(baseline_instrument_find(captured, METRIC_PEAK));
    ck_assert_ptr_null(baseline_instrument_find(captured, METRIC_TEMPORARY));
    baseline_instrument_free(captured);
    check_disagree(METRIC_TEMPORARY, 1000, 2000, "massif: 2 runs gave a temporary allocations from 1,000 to");
    allow_clear(&allow);
}
END_TEST

START_TEST(test_a_site_of_a_count_is_written_as_a_count)
{
    g_autoptr(GPtrArray) runs = runs_of(METRIC_ALLOCATIONS, (gint64[]){1204}, 1);
    g_autoptr(Baseline) self = sample_baseline();
    g_ptr_array_set_size(self->instruments, 0);
    g_ptr_array_add(self->instruments, baseline_capture(runs, &everything, NULL));
    g_autofree char *text = baseline_format(self);
    ck_assert_ptr_nonnull(strstr(text, "- count: 1204"));
    ck_assert_ptr_null(strstr(text, "bytes:"));
    g_autoptr(Baseline) copy = baseline_round_trip(self);
    const CallSites *sites =
        baseline_instrument_find(baseline_find(copy, "massif"), METRIC_ALLOCATIONS)->sites;
    ck_assert_int_eq(call_sites_total_bytes(sites), 1204);
}
END_TEST

/* A run of `n` call sites of this size each. */
static GPtrArray *run_of_sites(guint n, gint64 bytes)
{
    GPtrArray *runs = g_ptr_array_new_with_free_func((GDestroyNotify)measurement_free);
    Measurement *run = measurement_new("massif");
    CallSites *sites = call_sites_new();
    for (guint i = 0; i < n; i++) {
        g_autofree char *key = g_strdup_printf("f%05u (f.c) < main (main.c)", i);
        call_sites_add_key(sites, key, bytes + (i == 0), 1);
    }
    measurement_set(run, METRIC_PEAK, call_sites_total_bytes(sites), sites);
    g_ptr_array_add(runs, run);
    return runs;
}

static void check_sites(guint n, gint64 bytes, guint listed)
{
    g_autoptr(GPtrArray) runs = run_of_sites(n, bytes);
    BaselineInstrument *captured = baseline_capture(runs, &everything, NULL);
    const BaselineFigure *peak = baseline_instrument_find(captured, METRIC_PEAK);
    ck_assert_uint_eq(call_sites_count(peak->sites), listed);
    ck_assert_int_eq(peak->cutoff_bytes, 0);
    ck_assert_uint_eq(site_sizes_count(peak->others), n - listed);
    baseline_instrument_free(captured);
}

START_TEST(test_a_baseline_lists_the_largest_forty_sites_and_keeps_the_sizes_of_the_rest)
{
    check_sites(1, 1000, 1);
    check_sites(40, 1000, 40);
    check_sites(41, 1000, 40);
    check_sites(150, 1000, 40);
    check_sites(199, 1000, 40);
    check_sites(300, 1000, 0);
}
END_TEST

START_TEST(test_sizes_are_kept_up_to_a_bound_and_the_largest_of_the_rest_is_the_cutoff)
{
    g_autoptr(GPtrArray) runs = run_of_sites(17000, 20 * KIB);
    g_autoptr(Baseline) self = sample_baseline();
    g_ptr_array_set_size(self->instruments, 0);
    g_ptr_array_add(self->instruments, baseline_capture(runs, &everything, NULL));
    g_autoptr(Baseline) copy = baseline_round_trip(self);
    const BaselineFigure *peak = baseline_instrument_find(baseline_find(copy, "massif"), METRIC_PEAK);
    ck_assert_int_eq(peak->cutoff_bytes, 20 * KIB);
    ck_assert_uint_eq(call_sites_count(peak->sites), 0);
    ck_assert_uint_eq(site_sizes_count(peak->others), 1);
}
END_TEST

/* The verdict of a run against the baseline made of it, by way of the disk. */
START_TEST(test_a_run_passes_against_its_own_baseline_however_many_sites_it_has)
{
    const guint counts[] = {1, 40, 41, 199, 200, 201, 400};
    for (gsize c = 0; c < G_N_ELEMENTS(counts); c++) {
        g_autoptr(GPtrArray) runs = run_of_sites(counts[c], 20 * KIB);
        g_autoptr(Baseline) self = sample_baseline();
        g_ptr_array_set_size(self->instruments, 0);
        g_ptr_array_add(self->instruments, baseline_capture(runs, &everything, NULL));
        g_autoptr(Baseline) copy = baseline_round_trip(self);
        Allow allow;
        allow_init(&allow);
        const Reference reference = {copy, NULL, copy->environment, &allow};
        g_autoptr(InstrumentResult) result = compare(&reference, g_ptr_array_steal_index(runs, 0));
        ck_assert_msg(result->verdict == VERDICT_PASS, "%u sites: %s", counts[c],
                      verdict_name(result->verdict));
        allow_clear(&allow);
    }
}
END_TEST

SUITE(capture, 20)
{
    tcase_add_checked_fixture(tcase, ask_for_everything, forget_everything);
    tcase_add_test(tcase, test_captured_runs_give_their_median_and_their_spread);
    tcase_add_test(tcase, test_the_smallest_leak_of_noisy_runs_is_twice_the_largest_of_theirs);
    tcase_add_test(tcase, test_the_call_sites_are_those_of_the_median_run);
    tcase_add_test(tcase, test_a_first_run_that_differs_from_all_others_is_left_out);
    tcase_add_test(tcase, test_a_first_run_that_differs_by_less_than_a_cache_is_not_left_out);
    tcase_add_test(tcase, test_runs_that_disagree_beyond_reason_make_no_baseline);
    tcase_add_test(tcase, test_a_metric_that_not_every_run_has_makes_no_baseline);
    tcase_add_test(tcase, test_what_passes_through_is_captured_without_call_sites_until_it_is_judged);
    tcase_add_test(tcase, test_runs_that_disagree_in_what_is_not_judged_leave_it_out);
    tcase_add_test(tcase, test_a_site_of_a_count_is_written_as_a_count);
    tcase_add_test(tcase, test_a_baseline_lists_the_largest_forty_sites_and_keeps_the_sizes_of_the_rest);
    tcase_add_test(tcase, test_sizes_are_kept_up_to_a_bound_and_the_largest_of_the_rest_is_the_cutoff);
    tcase_add_test(tcase, test_a_run_passes_against_its_own_baseline_however_many_sites_it_has);
}
