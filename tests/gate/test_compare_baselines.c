/* What is new, incomparable or broken: a baseline and a measurement that do not belong together. */
#include <string.h>

#include "judged_case.h"
#include "runner.h"

enum { KIB = 1024, MIB = 1024 * 1024 };

/* A promise about growth in a program that marks no iterations would be kept by nobody. */
START_TEST(test_growth_that_the_scenario_names_and_nobody_measured_is_broken)
{
    for (int named = 0; named < 2; named++) {
        Case self = case_new();
        allow_say(&self.allow, METRIC_GROWTH)->line = named ? 4 : 0;
        allow_say(&self.allow, METRIC_GROWTH)->has_ceiling = TRUE;
        case_set_base(&self, METRIC_PEAK, MIB, 0);
        measurement_set(self.measurement, METRIC_PEAK, MIB, NULL);
        g_autoptr(InstrumentResult) result = case_judge(&self);
        result_check(result, named ? VERDICT_BROKEN : VERDICT_PASS);
    }
}
END_TEST

START_TEST(test_no_baseline_is_new_and_says_so)
{
    Case self = case_new();
    g_clear_pointer(&self.baseline, baseline_free);
    measurement_set(self.measurement, METRIC_PEAK, MIB, NULL);
    g_autoptr(InstrumentResult) result = case_judge(&self);
    result_check(result, VERDICT_NEW);
    ck_assert_str_eq(result->sentence, "no baseline");
    ck_assert(!result_comparison(result, METRIC_PEAK)->has_base);
    ck_assert_int_eq(verdict_exit_status(result->verdict), 3);
}
END_TEST

START_TEST(test_a_baseline_of_other_instruments_only_is_new_and_names_what_is_missing)
{
    Case self = case_new();
    g_free(self.base->instrument);
    self.base->instrument = g_strdup("memcheck");
    case_set_base(&self, METRIC_PEAK, MIB, 0);
    measurement_set(self.measurement, METRIC_PEAK, MIB, NULL);
    g_autoptr(InstrumentResult) result = case_judge(&self);
    result_check(result, VERDICT_NEW);
    ck_assert_str_eq(result->sentence, "the baseline holds nothing of massif");
}
END_TEST

START_TEST(test_a_metric_that_the_baseline_lacks_is_new)
{
    Case self = case_new();
    case_set_base(&self, METRIC_PEAK, MIB, 0);
    measurement_set(self.measurement, METRIC_PEAK, MIB, NULL);
    measurement_set(self.measurement, METRIC_GROWTH, 16, NULL);
    g_autoptr(InstrumentResult) result = case_judge(&self);
    result_check(result, VERDICT_NEW);
    ck_assert_int_eq(result_comparison(result, METRIC_PEAK)->verdict, VERDICT_PASS);
    ck_assert_int_eq(result_comparison(result, METRIC_GROWTH)->verdict, VERDICT_NEW);
}
END_TEST

/* heapgate learned to measure what a program maps itself: no baseline goes bad by it. */
START_TEST(test_a_baseline_that_is_older_than_a_metric_is_not_judged_by_it)
{
    Case self = case_new();
    case_set_base(&self, METRIC_PEAK, 100, 0);
    measurement_set(self.measurement, METRIC_PEAK, 100, NULL);
    measurement_set(self.measurement, METRIC_MAPPED, 64 * MIB, NULL);
    measurement_set(self.measurement, METRIC_MAPPED_GROWTH, 0, NULL);
    g_autoptr(InstrumentResult) result = case_judge(&self);
    result_check(result, VERDICT_PASS);
    ck_assert_uint_eq(result->comparisons->len, 2);
    const Comparison *mapped = result_comparison(result, METRIC_MAPPED);
    ck_assert(!mapped->has_base);
    ck_assert_ptr_nonnull(strstr(mapped->sentence, "judged from the next capture on"));
    Case later = case_new();
    case_set_base(&later, METRIC_PEAK, 100, 0);
    case_set_base(&later, METRIC_MAPPED, 0, 0);
    measurement_set(later.measurement, METRIC_PEAK, 100, NULL);
    measurement_set(later.measurement, METRIC_MAPPED, 0, NULL);
    measurement_set(later.measurement, METRIC_MAPPED_GROWTH, 64 * MIB, NULL);
    g_autoptr(InstrumentResult) new = case_judge(&later);
    result_check(new, VERDICT_NEW);
    ck_assert_uint_eq(new->comparisons->len, 2);
}
END_TEST

START_TEST(test_a_metric_of_the_baseline_that_was_not_measured_is_broken)
{
    Case self = case_new();
    case_set_base(&self, METRIC_PEAK, MIB, 0);
    case_set_base(&self, METRIC_GROWTH, 0, 0);
    measurement_set(self.measurement, METRIC_PEAK, MIB, NULL);
    g_autoptr(InstrumentResult) result = case_judge(&self);
    result_check(result, VERDICT_BROKEN);
    ck_assert_ptr_nonnull(
        strstr(result_comparison(result, METRIC_GROWTH)->sentence, "this run did not measure it"));
}
END_TEST

START_TEST(test_a_baseline_of_another_environment_is_incomparable_and_never_a_pass)
{
    for (int field = 0; field < 5; field++) {
        Case self = case_new();
        char **fields[] = {&self.environment->platform, &self.environment->architecture,
                           &self.environment->libc, &self.environment->python, &self.measurement->tool};
        g_free(*fields[field]);
        *fields[field] = g_strdup("other");
        case_set_base(&self, METRIC_PEAK, MIB, 0);
        measurement_set(self.measurement, METRIC_PEAK, MIB, NULL);
        g_autoptr(InstrumentResult) result = case_judge(&self);
        result_check(result, VERDICT_INCOMPARABLE);
        ck_assert_ptr_nonnull(strstr(result->sentence, "another environment"));
        ck_assert_ptr_nonnull(strstr(result->sentence, "other here"));
    }
}
END_TEST

START_TEST(test_a_change_of_one_instruments_tool_concerns_that_one_alone)
{
    for (int other = 0; other < 2; other++) {
        Case self = case_new();
        BaselineInstrument *heap = baseline_instrument_new("heap");
        heap->tool = g_strdup("64 frames");
        BaselineFigure *peak = baseline_figure_new(METRIC_PEAK);
        peak->value = MIB;
        baseline_instrument_put(heap, peak);
        g_ptr_array_add(self.baseline->instruments, heap);
        case_set_base(&self, METRIC_PEAK, MIB, 0);
        if (other) {
            measurement_free(self.measurement);
            self.measurement = measurement_new("heap");
        }
        g_free(self.measurement->tool);
        self.measurement->tool = g_strdup(other ? "64 frames" : "Valgrind 3.22.0, 24 frames");
        measurement_set(self.measurement, METRIC_PEAK, MIB, NULL);
        g_autoptr(InstrumentResult) result = case_judge(&self);
        result_check(result, other ? VERDICT_PASS : VERDICT_INCOMPARABLE);
        if (!other)
            ck_assert_str_eq(result->sentence, "the baseline is of another environment: Valgrind 3.19.0, 24 "
                                               "frames there, Valgrind 3.22.0, 24 frames here");
    }
}
END_TEST

START_TEST(test_a_baseline_of_another_platform_only_is_incomparable_and_named)
{
    Case self = case_new();
    g_clear_pointer(&self.baseline, baseline_free);
    self.elsewhere = "ubuntu-24.04-x86_64";
    measurement_set(self.measurement, METRIC_PEAK, MIB, NULL);
    g_autoptr(InstrumentResult) result = case_judge(&self);
    result_check(result, VERDICT_INCOMPARABLE);
    ck_assert_str_eq(result->sentence,
                     "no baseline for debian-12-x86_64 (there is one for ubuntu-24.04-x86_64)");
}
END_TEST

START_TEST(test_a_run_with_a_problem_is_broken_whatever_it_measured)
{
    Case self = case_new();
    case_set_base(&self, METRIC_PEAK, MIB, 0);
    measurement_set(self.measurement, METRIC_PEAK, MIB, NULL);
    measurement_set_problem(self.measurement, "%s", "the program crashed");
    g_autoptr(InstrumentResult) result = case_judge(&self);
    result_check(result, VERDICT_BROKEN);
    ck_assert_str_eq(result->sentence, "the program crashed");
    ck_assert_uint_eq(result->comparisons->len, 0);
}
END_TEST

START_TEST(test_a_baseline_that_holds_nothing_of_an_instrument_that_measured_nothing_is_no_pass)
{
    Case self = case_new();
    g_autoptr(InstrumentResult) result = case_judge(&self);
    result_check(result, VERDICT_BROKEN);
    ck_assert_str_eq(result->sentence, "massif measured nothing");
}
END_TEST

/* What is made for each processor is more where there are more of them; growth is growth everywhere. */
START_TEST(test_more_held_on_another_number_of_processors_is_incomparable_and_growth_is_not)
{
    const struct {
        gint64 there, here;
        MetricId metric;
        Verdict verdict;
    } cases[] = {{16, 2, METRIC_RETAINED, VERDICT_INCOMPARABLE}, {2, 2, METRIC_RETAINED, VERDICT_REGRESSED},
                 {0, 2, METRIC_RETAINED, VERDICT_REGRESSED},     {16, 2, METRIC_PEAK, VERDICT_INCOMPARABLE},
                 {16, 2, METRIC_GROWTH, VERDICT_REGRESSED},      {16, 2, METRIC_LOST, VERDICT_REGRESSED}};
    for (gsize c = 0; c < G_N_ELEMENTS(cases); c++) {
        Case self = case_new();
        self.baseline->environment->processors = cases[c].there;
        self.environment->processors = cases[c].here;
        case_set_base(&self, cases[c].metric, 100, 0);
        measurement_set(self.measurement, cases[c].metric, MIB, NULL);
        g_autoptr(InstrumentResult) result = case_judge(&self);
        ck_assert_msg(result->verdict == cases[c].verdict, "case %zu: %s", c, verdict_name(result->verdict));
        if (cases[c].verdict == VERDICT_INCOMPARABLE)
            ck_assert_ptr_nonnull(strstr(result->sentence, "Fix it in the scenario (cpus: 2)"));
    }
}
END_TEST

SUITE(compare_baselines, 20)
{
    tcase_add_test(tcase, test_growth_that_the_scenario_names_and_nobody_measured_is_broken);
    tcase_add_test(tcase, test_no_baseline_is_new_and_says_so);
    tcase_add_test(tcase, test_a_baseline_of_other_instruments_only_is_new_and_names_what_is_missing);
    tcase_add_test(tcase, test_a_metric_that_the_baseline_lacks_is_new);
    tcase_add_test(tcase, test_a_baseline_that_is_older_than_a_metric_is_not_judged_by_it);
    tcase_add_test(tcase, test_a_metric_of_the_baseline_that_was_not_measured_is_broken);
    tcase_add_test(tcase, test_a_baseline_of_another_environment_is_incomparable_and_never_a_pass);
    tcase_add_test(tcase, test_a_change_of_one_instruments_tool_concerns_that_one_alone);
    tcase_add_test(tcase, test_a_baseline_of_another_platform_only_is_incomparable_and_named);
    tcase_add_test(tcase, test_a_run_with_a_problem_is_broken_whatever_it_measured);
    tcase_add_test(tcase,
                   test_a_baseline_that_holds_nothing_of_an_instrument_that_measured_nothing_is_no_pass);
    tcase_add_test(tcase, test_more_held_on_another_number_of_processors_is_incomparable_and_growth_is_not);
}
