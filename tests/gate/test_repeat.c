/* Repeat on red: chance is taken back, a regression never. */
#include "gate/repeat.h"

#include <string.h>

#include "runner.h"

/* A result of heap with one metric; red where now is above 115. sites: pairs "key bytes", those above 20
 * beyond; NULL ends them. */
static InstrumentResult *result_of(MetricId metric, gint64 now, const char *const *sites)
{
    InstrumentResult *result = instrument_result_new(measurement_new("heap"));
    Comparison *comparison = comparison_new(metric);
    comparison->has_base = TRUE;
    comparison->base = 100;
    comparison->now = now;
    comparison->limit = 115;
    for (; sites != NULL && *sites != NULL; sites++) {
        g_auto(GStrv) words = g_strsplit(*sites, " ", 2);
        gint64 bytes = g_ascii_strtoll(words[1], NULL, 10);
        SiteDelta *delta = site_delta_new(words[0], NULL, 0, 0, bytes, 0);
        delta->is_beyond = bytes > 20;
        if (delta->is_beyond)
            comparison->verdict = VERDICT_REGRESSED;
        g_ptr_array_add(comparison->deltas, delta);
    }
    if (now > comparison->limit)
        comparison->verdict = VERDICT_REGRESSED;
    instrument_result_add(result, comparison);
    return result;
}

/* The verdict when the first is measured again as the others. */
static Verdict verdict_of(InstrumentResult *first, InstrumentResult *second, InstrumentResult *third,
                          guint *notes)
{
    g_autoptr(GPtrArray) again = g_ptr_array_new_with_free_func((GDestroyNotify)instrument_result_free);
    g_ptr_array_add(again, second);
    g_ptr_array_add(again, third);
    InstrumentResult *all = repeat_judge(first, again);
    Verdict verdict = all->verdict;
    *notes = all->measurement->notes->len;
    ck_assert(*notes == 0 ||
              strstr(g_ptr_array_index(all->measurement->notes, 0), "was red in the first of 3 runs"));
    if (verdict == VERDICT_REGRESSED)
        ck_assert_uint_ge(((Comparison *)g_ptr_array_index(all->comparisons, 0))->agreeing, 2);
    instrument_result_free(all);
    return verdict;
}

static void check(const gint64 *totals, const char *const *const *sites, MetricId metric, Verdict expected)
{
    guint notes = 0;
    Verdict verdict =
        verdict_of(result_of(metric, totals[0], sites[0]), result_of(metric, totals[1], sites[1]),
                   result_of(metric, totals[2], sites[2]), &notes);
    ck_assert_str_eq(verdict_name(verdict), verdict_name(expected));
    ck_assert_uint_eq(notes, expected == VERDICT_REGRESSED ? 0 : 1);
}

static const char *const no_sites[] = {NULL}, *const a_alone[] = {"a 30", NULL},
                         *const b_alone[] = {"b 30", NULL}, *const both[] = {"a 30", "b 30", NULL},
                         *const many[] = {"a 15", "b 15", "c 15", "d 15", "e 15", "f 15", NULL};

START_TEST(test_a_total_above_its_limit_in_all_runs_is_red_and_in_two_is_not)
{
    const char *const *const none[] = {no_sites, no_sites, no_sites};
    const MetricId metrics[] = {METRIC_RETAINED, METRIC_GROWTH, METRIC_PEAK};
    for (gsize m = 0; m < G_N_ELEMENTS(metrics); m++) {
        check((gint64[]){116, 200, 116}, none, metrics[m], VERDICT_REGRESSED);
        check((gint64[]){116, 200, 115}, none, metrics[m], VERDICT_PASS);
        check((gint64[]){200, 100, 200}, none, metrics[m], VERDICT_PASS);
    }
}
END_TEST

START_TEST(test_a_call_site_must_be_the_same_in_all_runs)
{
    const char *const *const same[] = {both, a_alone, both}, *const *const other[] = {a_alone, b_alone,
                                                                                      a_alone};
    check((gint64[]){100, 100, 100}, same, METRIC_RETAINED, VERDICT_REGRESSED);
    check((gint64[]){100, 100, 100}, other, METRIC_RETAINED, VERDICT_PASS);
}
END_TEST

/* What comes and goes may hide it in one run of three. */
START_TEST(test_growth_at_one_call_site_needs_two_runs_of_three)
{
    const char *const *const two[] = {a_alone, no_sites, a_alone},
                             *const *const other[] = {a_alone, b_alone, no_sites},
                             *const *const one[] = {a_alone, no_sites, no_sites};
    check((gint64[]){130, 100, 130}, two, METRIC_GROWTH, VERDICT_REGRESSED);
    check((gint64[]){130, 130, 100}, other, METRIC_GROWTH, VERDICT_PASS);
    check((gint64[]){130, 100, 100}, one, METRIC_GROWTH, VERDICT_PASS);
    check((gint64[]){130, 100, 130}, two, METRIC_RETAINED, VERDICT_PASS);
}
END_TEST

/* No single one is beyond what it may have, all together are. */
START_TEST(test_growth_of_many_call_sites_is_red_by_their_sum)
{
    const char *const *const sites[] = {many, many, many};
    check((gint64[]){190, 190, 190}, sites, METRIC_GROWTH, VERDICT_REGRESSED);
}
END_TEST

START_TEST(test_a_run_that_was_not_measured_takes_nothing_back)
{
    InstrumentResult *broken = instrument_result_new(measurement_new("heap"));
    measurement_set_problem(broken->measurement, "crashed");
    broken->verdict = VERDICT_BROKEN;
    g_autoptr(GPtrArray) again = g_ptr_array_new_with_free_func((GDestroyNotify)instrument_result_free);
    g_ptr_array_add(again, broken);
    g_ptr_array_add(again, result_of(METRIC_RETAINED, 100, NULL));
    InstrumentResult *all = repeat_judge(result_of(METRIC_RETAINED, 200, NULL), again);
    ck_assert_int_eq(all->verdict, VERDICT_REGRESSED);
    instrument_result_free(all);
}
END_TEST

/* A program that maps nothing has no comparison of it at all. */
START_TEST(test_a_metric_that_is_no_news_in_another_run_is_not_red_there)
{
    guint notes = 0;
    ck_assert_int_eq(verdict_of(result_of(METRIC_MAPPED_GROWTH, 200, NULL), result_of(METRIC_PEAK, 100, NULL),
                                result_of(METRIC_PEAK, 100, NULL), &notes),
                     VERDICT_PASS);
    ck_assert_uint_eq(notes, 1);
}
END_TEST

START_TEST(test_what_is_handed_on_says_by_itself_that_it_passes)
{
    g_autoptr(GPtrArray) again = g_ptr_array_new_with_free_func((GDestroyNotify)instrument_result_free);
    g_ptr_array_add(again, result_of(METRIC_RETAINED, 130, NULL));
    g_ptr_array_add(again, result_of(METRIC_RETAINED, 101, NULL));
    InstrumentResult *all = repeat_judge(result_of(METRIC_RETAINED, 200, NULL), again);
    ck_assert_int_eq(((Comparison *)g_ptr_array_index(all->comparisons, 0))->now, 101);
    ck_assert_uint_eq(again->len, 1);
    instrument_result_free(all);
}
END_TEST

/* What was the same in every captured run is exact. */
START_TEST(test_only_what_differs_from_run_to_run_is_measured_again)
{
    const struct {
        gint64 spread, runs, left_out;
        gboolean ceiling, wanted;
    } cases[] = {{0, 3, 0, FALSE, FALSE},
                 {1, 3, 0, FALSE, TRUE},
                 {0, 1, 0, FALSE, TRUE},
                 {0, 4, 1, FALSE, TRUE},
                 {1, 3, 0, TRUE, FALSE}};
    for (gsize c = 0; c < G_N_ELEMENTS(cases); c++) {
        BaselineInstrument *base = baseline_instrument_new("heap");
        base->runs = cases[c].runs;
        base->left_out = cases[c].left_out;
        BaselineFigure *retained = baseline_figure_new(METRIC_RETAINED);
        retained->value = 100;
        retained->spread = cases[c].spread;
        baseline_instrument_put(base, retained);
        InstrumentResult *red = result_of(METRIC_RETAINED, 200, NULL),
                         *green = result_of(METRIC_RETAINED, 100, NULL);
        ((Comparison *)g_ptr_array_index(red->comparisons, 0))->is_ceiling = cases[c].ceiling;
        ck_assert_msg(repeat_is_wanted(red, base, FALSE) == cases[c].wanted, "case %zu", c);
        ck_assert(repeat_is_wanted(red, base, TRUE) != cases[c].ceiling);
        ck_assert(!repeat_is_wanted(green, base, TRUE));
        ck_assert(!repeat_is_wanted(red, NULL, TRUE));
        instrument_result_free(red);
        instrument_result_free(green);
        baseline_instrument_free(base);
    }
}
END_TEST

SUITE(repeat, 10)
{
    tcase_add_test(tcase, test_a_total_above_its_limit_in_all_runs_is_red_and_in_two_is_not);
    tcase_add_test(tcase, test_a_call_site_must_be_the_same_in_all_runs);
    tcase_add_test(tcase, test_growth_at_one_call_site_needs_two_runs_of_three);
    tcase_add_test(tcase, test_growth_of_many_call_sites_is_red_by_their_sum);
    tcase_add_test(tcase, test_a_run_that_was_not_measured_takes_nothing_back);
    tcase_add_test(tcase, test_a_metric_that_is_no_news_in_another_run_is_not_red_there);
    tcase_add_test(tcase, test_what_is_handed_on_says_by_itself_that_it_passes);
    tcase_add_test(tcase, test_only_what_differs_from_run_to_run_is_measured_again);
}
