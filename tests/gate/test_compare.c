/* The gate's judgement of totals: allowances, ceilings, chance. */
#include "gate/compare.h"

#include <string.h>

#include "judged_case.h"
#include "model/sampling.h"
#include "runner.h"

enum { KIB = 1024, MIB = 1024 * 1024 };

/* The verdict of one value against one baseline value. */
static Verdict verdict_of(MetricId id, gint64 base, gint64 spread, Allowance allowance, gint64 now)
{
    if (metric_get(id)->of_mapped && base == 0 && now == 0)
        return VERDICT_PASS; /* no news, and so not compared */
    Case self = case_new();
    case_set_base(&self, id, base, spread);
    allow_say(&self.allow, id)->allowance = allowance;
    measurement_set(self.measurement, id, now, NULL);
    g_autoptr(InstrumentResult) result = case_judge(&self);
    ck_assert_uint_eq(result->comparisons->len, 1);
    ck_assert_int_eq(result_comparison(result, id)->verdict, result->verdict);
    return result->verdict;
}

/* Exactly `allowed` more passes, one more regresses; exactly as much less passes, one less is an improvement.
 */
static void check_edges(MetricId id, gint64 base, gint64 spread, Allowance allowance, gint64 allowed)
{
    ck_assert_int_eq(verdict_of(id, base, spread, allowance, base), VERDICT_PASS);
    ck_assert_int_eq(verdict_of(id, base, spread, allowance, base + allowed), VERDICT_PASS);
    ck_assert_int_eq(verdict_of(id, base, spread, allowance, base + allowed + 1), VERDICT_REGRESSED);
    if (base <= allowed)
        return;
    ck_assert_int_eq(verdict_of(id, base, spread, allowance, base - allowed), VERDICT_PASS);
    ck_assert_int_eq(verdict_of(id, base, spread, allowance, base - allowed - 1), VERDICT_IMPROVED);
}

/* As measured with one sample in 64 KiB, against the same base. */
static Verdict sampled_verdict_of(MetricId id, gint64 base, gint64 now, guint iterations)
{
    Case self = case_new();
    case_set_base(&self, id, base, 0);
    allow_say(&self.allow, id)->allowance = (Allowance){0};
    self.measurement->sample_bytes = 64 * KIB;
    self.measurement->iterations = iterations;
    measurement_set(self.measurement, id, now, NULL);
    g_autoptr(InstrumentResult) result = case_judge(&self);
    return result->verdict;
}

START_TEST(test_what_chance_adds_to_sampled_figures_is_no_regression)
{
    gint64 noise = sampling_noise(64 * KIB, 10 * MIB), growth = sampling_noise(64 * KIB / 20 + 1, 0);
    ck_assert_int_gt(noise, 2 * MIB);
    ck_assert_int_eq(sampled_verdict_of(METRIC_PEAK, 10 * MIB, 10 * MIB + noise, 20), VERDICT_PASS);
    ck_assert_int_eq(sampled_verdict_of(METRIC_PEAK, 10 * MIB, 10 * MIB + noise + 1, 20), VERDICT_REGRESSED);
    ck_assert_int_eq(sampled_verdict_of(METRIC_GROWTH, 0, growth, 20), VERDICT_PASS);
    ck_assert_int_eq(sampled_verdict_of(METRIC_GROWTH, 0, growth + 1, 20), VERDICT_REGRESSED);
}
END_TEST

START_TEST(test_the_allowance_is_the_largest_of_percent_floor_and_spread)
{
    const Allowance none = {0}, percent = {.percent = 5}, floor = {.floor = 64 * KIB},
                    both = {.percent = 5, .floor = 64 * KIB};
    for (const Metric *metric = metrics_all(); metric->name != NULL; metric++) {
        MetricId id = metric->id;
        check_edges(id, 10 * MIB, 0, none, 0);
        check_edges(id, 10 * MIB, 17, none, 34);
        check_edges(id, 10 * MIB, 17, percent, MIB / 2);
        check_edges(id, 10 * MIB, MIB, percent, 2 * MIB);
        check_edges(id, 10 * MIB, 17, floor, 64 * KIB);
        check_edges(id, 10 * MIB, 0, both, MIB / 2);
        check_edges(id, 100 * KIB, 0, both, 64 * KIB);
        check_edges(id, 0, 0, both, 64 * KIB);
        check_edges(id, 0, 0, none, 0);
        check_edges(id, 0, 48, percent, 96);
    }
}
END_TEST

START_TEST(test_a_percentage_is_rounded_to_the_nearest_byte)
{
    const Allowance percent = {5, 0};
    check_edges(METRIC_PEAK, 110, 0, percent, 6);
    check_edges(METRIC_PEAK, 109, 0, percent, 5);
    check_edges(METRIC_PEAK, 9, 0, percent, 0);
}
END_TEST

START_TEST(test_figures_beyond_any_machine_do_not_wrap_into_a_pass)
{
    const gint64 most = G_MAXINT64 - 1;
    const Allowance huge = {1e6, most}, percent = {5, 0};
    ck_assert_int_eq(verdict_of(METRIC_PEAK, most, 0, percent, most), VERDICT_PASS);
    ck_assert_int_eq(verdict_of(METRIC_PEAK, most, most, huge, most), VERDICT_PASS);
    ck_assert_int_eq(verdict_of(METRIC_PEAK, most, most, huge, 0), VERDICT_PASS);
    ck_assert_int_eq(verdict_of(METRIC_PEAK, 0, 0, percent, most), VERDICT_REGRESSED);
}
END_TEST

START_TEST(test_a_regression_says_now_then_and_allowed)
{
    Case self = case_new();
    case_set_base(&self, METRIC_PEAK, 10 * MIB, 0);
    measurement_set(self.measurement, METRIC_PEAK, 12 * MIB, NULL);
    g_autoptr(InstrumentResult) result = case_judge(&self);
    const Comparison *peak = result_comparison(result, METRIC_PEAK);
    ck_assert_str_eq(peak->sentence, "peak 12.0 MiB, was 10.0 MiB, allowed 10.5 MiB");
    ck_assert(peak->has_base);
    ck_assert_int_eq(peak->base, 10 * MIB);
    ck_assert_int_eq(peak->now, 12 * MIB);
    ck_assert_int_eq(peak->limit, 10 * MIB + MIB / 2);
}
END_TEST

START_TEST(test_the_worst_metric_gives_the_verdict_of_all)
{
    Case self = case_new();
    case_set_base(&self, METRIC_PEAK, 10 * MIB, 0);
    case_set_base(&self, METRIC_RETAINED, 100, 0);
    case_set_base(&self, METRIC_GROWTH, 0, 0);
    measurement_set(self.measurement, METRIC_PEAK, 5 * MIB, NULL);
    measurement_set(self.measurement, METRIC_RETAINED, 100, NULL);
    measurement_set(self.measurement, METRIC_GROWTH, 1, NULL);
    g_autoptr(InstrumentResult) result = case_judge(&self);
    result_check(result, VERDICT_REGRESSED);
    ck_assert_int_eq(result_comparison(result, METRIC_PEAK)->verdict, VERDICT_IMPROVED);
    ck_assert_int_eq(result_comparison(result, METRIC_RETAINED)->verdict, VERDICT_PASS);
    ck_assert_int_eq(result_comparison(result, METRIC_GROWTH)->verdict, VERDICT_REGRESSED);
}
END_TEST

START_TEST(test_a_ceiling_holds_though_the_allowance_does_not_mind)
{
    for (gint64 over = 0; over <= 1; over++) {
        Case self = case_new();
        case_set_base(&self, METRIC_PEAK, 10 * MIB, 0);
        allow_say(&self.allow, METRIC_PEAK)->has_ceiling = TRUE;
        allow_say(&self.allow, METRIC_PEAK)->ceiling = 10 * MIB;
        measurement_set(self.measurement, METRIC_PEAK, 10 * MIB + over, NULL);
        g_autoptr(InstrumentResult) result = case_judge(&self);
        result_check(result, over > 0 ? VERDICT_REGRESSED : VERDICT_PASS);
        if (over > 0)
            ck_assert_int_eq(result_comparison(result, METRIC_PEAK)->limit, 10 * MIB);
    }
}
END_TEST

START_TEST(test_a_ceiling_says_what_it_is)
{
    Case self = case_new();
    case_set_base(&self, METRIC_PEAK, 512 * MIB, 0);
    allow_say(&self.allow, METRIC_PEAK)->has_ceiling = TRUE;
    allow_say(&self.allow, METRIC_PEAK)->ceiling = 512 * MIB;
    measurement_set(self.measurement, METRIC_PEAK, 520 * MIB, NULL);
    g_autoptr(InstrumentResult) result = case_judge(&self);
    ck_assert_str_eq(result_comparison(result, METRIC_PEAK)->sentence,
                     "peak 520 MiB is above the ceiling of 512 MiB");
}
END_TEST

START_TEST(test_a_ceiling_holds_without_a_baseline_and_with_an_incomparable_one)
{
    for (int incomparable = 0; incomparable < 2; incomparable++)
        for (gint64 over = 0; over <= 1; over++) {
            Case self = case_new();
            case_set_base(&self, METRIC_PEAK, MIB, 0);
            if (incomparable) {
                g_free(self.environment->libc);
                self.environment->libc = g_strdup("glibc 2.39");
            } else {
                g_clear_pointer(&self.baseline, baseline_free);
            }
            allow_say(&self.allow, METRIC_PEAK)->has_ceiling = TRUE;
            allow_say(&self.allow, METRIC_PEAK)->ceiling = MIB;
            measurement_set(self.measurement, METRIC_PEAK, MIB + over, NULL);
            g_autoptr(InstrumentResult) result = case_judge(&self);
            Verdict otherwise = incomparable ? VERDICT_INCOMPARABLE : VERDICT_NEW;
            result_check(result, over > 0 ? VERDICT_REGRESSED : otherwise);
        }
}
END_TEST

/* How much work there was moves with any change: a scenario asks for it to be judged. */
START_TEST(test_what_passes_through_is_judged_only_where_it_is_asked_for)
{
    for (int asked = 0; asked < 2; asked++)
        for (int has_base = 0; has_base < 2; has_base++) {
            Case self = case_new();
            allow_say(&self.allow, METRIC_ALLOCATIONS)->is_stated = asked;
            case_set_base(&self, METRIC_PEAK, MIB, 0);
            measurement_set(self.measurement, METRIC_PEAK, MIB, NULL);
            if (has_base)
                case_set_base(&self, METRIC_ALLOCATIONS, 1000, 0);
            measurement_set(self.measurement, METRIC_ALLOCATIONS, 1001, NULL);
            g_autoptr(InstrumentResult) result = case_judge(&self);
            result_check(result, !asked ? VERDICT_PASS : has_base ? VERDICT_REGRESSED : VERDICT_NEW);
            ck_assert_uint_eq(result->comparisons->len, asked ? 2 : 1);
        }
}
END_TEST

START_TEST(test_a_ceiling_holds_for_what_is_not_judged)
{
    for (gint64 over = 0; over <= 1; over++) {
        Case self = case_new();
        allow_say(&self.allow, METRIC_ALLOCATIONS)->is_stated = FALSE;
        allow_say(&self.allow, METRIC_ALLOCATIONS)->has_ceiling = TRUE;
        allow_say(&self.allow, METRIC_ALLOCATIONS)->ceiling = 1200;
        case_set_base(&self, METRIC_ALLOCATIONS, 5, 0);
        measurement_set(self.measurement, METRIC_ALLOCATIONS, 1200 + over, NULL);
        g_autoptr(InstrumentResult) result = case_judge(&self);
        result_check(result, over > 0 ? VERDICT_REGRESSED : VERDICT_PASS);
        if (over > 0)
            ck_assert_str_eq(result_comparison(result, METRIC_ALLOCATIONS)->sentence,
                             "allocations 1,201 is above the ceiling of 1,200");
    }
}
END_TEST

/* Captured while it was not judged: the total is held, and nobody can say which sites are new. */
START_TEST(test_a_baseline_that_lists_no_sites_judges_the_total_and_says_so)
{
    for (gint64 over = 0; over <= 1; over++) {
        Case self = case_new();
        CallSites *sites = call_sites_new();
        call_sites_add_key(sites, "copy (edit.c)", 1050 + over, 0);
        case_set_base(&self, METRIC_ALLOCATIONS, 1000, 0);
        allow_say(&self.allow, METRIC_ALLOCATIONS)->allowance = (Allowance){5, 0};
        measurement_set(self.measurement, METRIC_ALLOCATIONS, 1050 + over, sites);
        g_autoptr(InstrumentResult) result = case_judge(&self);
        result_check(result, over > 0 ? VERDICT_REGRESSED : VERDICT_PASS);
        const Comparison *comparison = result_comparison(result, METRIC_ALLOCATIONS);
        ck_assert_uint_eq(comparison->deltas->len, 0);
        ck_assert(over == 0 || strstr(comparison->sentence, "the baseline lists no call sites") != NULL);
    }
}
END_TEST

/* Work moves from site to site: one may take over what may be added in all, and no more. */
START_TEST(test_a_site_of_what_passes_through_may_add_what_the_whole_may)
{
    for (gint64 over = 0; over <= 1; over++) {
        Case self = case_new();
        CallSites *was = call_sites_new(), *is = call_sites_new();
        call_sites_add_key(was, "parse (parse.c)", 900, 0);
        call_sites_add_key(was, "copy (edit.c)", 100, 0);
        call_sites_add_key(is, "parse (parse.c)", 850 - over, 0);
        call_sites_add_key(is, "copy (edit.c)", 150 + over, 0);
        case_set_base(&self, METRIC_ALLOCATIONS, 1000, 0);
        baseline_instrument_find(self.base, METRIC_ALLOCATIONS)->sites = was;
        allow_say(&self.allow, METRIC_ALLOCATIONS)->allowance = (Allowance){5, 0};
        measurement_set(self.measurement, METRIC_ALLOCATIONS, 1000, is);
        g_autoptr(InstrumentResult) result = case_judge(&self);
        result_check(result, over > 0 ? VERDICT_REGRESSED : VERDICT_PASS);
    }
}
END_TEST

/* What a program maps itself is never sampled: chance adds nothing to it. */
START_TEST(test_what_is_mapped_is_exact_where_the_rest_is_sampled)
{
    ck_assert_int_eq(sampled_verdict_of(METRIC_MAPPED, 10 * MIB, 10 * MIB + 1, 20), VERDICT_REGRESSED);
    ck_assert_int_eq(sampled_verdict_of(METRIC_MAPPED_GROWTH, 0, 1, 20), VERDICT_REGRESSED);
}
END_TEST

START_TEST(test_what_a_run_may_have_by_chance_is_the_largest_and_twice_the_range)
{
    for (gint64 more = 0; more < 2; more++) {
        Case self = case_new();
        case_set_base(&self, METRIC_RETAINED, MIB, 300);
        baseline_instrument_find(self.base, METRIC_RETAINED)->highest = MIB + 200;
        measurement_set(self.measurement, METRIC_RETAINED, MIB + 800 + more, NULL);
        g_autoptr(InstrumentResult) result = case_judge(&self);
        result_check(result, more == 0 ? VERDICT_PASS : VERDICT_REGRESSED);
    }
}
END_TEST

START_TEST(test_an_interpreter_keeps_what_its_folders_and_environment_are)
{
    for (int named = 0; named < 2; named++)
        for (int python = 0; python < 2; python++)
            for (gint64 more = 0; more < 2; more++) {
                Case self = case_new();
                self.environment->python = python ? g_strdup("CPython 3.12.1") : NULL;
                self.baseline->environment->python = g_strdup(self.environment->python);
                allow_say(&self.allow, METRIC_RETAINED)->is_stated = named;
                case_set_base(&self, METRIC_RETAINED, MIB, 0);
                measurement_set(self.measurement, METRIC_RETAINED, MIB + 64 * KIB + more, NULL);
                g_autoptr(InstrumentResult) result = case_judge(&self);
                result_check(result, python && !named && more == 0 ? VERDICT_PASS : VERDICT_REGRESSED);
            }
}
END_TEST

START_TEST(test_verdicts_are_ordered_named_and_end_as_promised)
{
    const struct {
        Verdict verdict;
        const char *name;
        int exit_status;
    } rows[] = {{VERDICT_PASS, "pass", 0},     {VERDICT_IMPROVED, "improved", 0},
                {VERDICT_NEW, "new", 3},       {VERDICT_INCOMPARABLE, "incomparable", 3},
                {VERDICT_BROKEN, "broken", 3}, {VERDICT_REGRESSED, "regressed", 1}};
    ck_assert_int_eq(G_N_ELEMENTS(rows), VERDICT_COUNT);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        ck_assert_int_eq(rows[i].verdict, i);
        ck_assert_str_eq(verdict_name(rows[i].verdict), rows[i].name);
        ck_assert_int_eq(verdict_find(rows[i].name), rows[i].verdict);
        ck_assert_int_eq(verdict_exit_status(rows[i].verdict), rows[i].exit_status);
    }
    ck_assert_int_eq(verdict_find("fine"), -1);
}
END_TEST

START_TEST(test_a_result_counts_its_scenarios_and_is_as_bad_as_the_worst)
{
    const Verdict verdicts[] = {VERDICT_PASS, VERDICT_BROKEN, VERDICT_PASS, VERDICT_NEW};
    g_autoptr(Result) result = result_new("0.1.0", "debian-12-x86_64", "2025-01-01T00:00:00Z");
    for (gsize i = 0; i < G_N_ELEMENTS(verdicts); i++) {
        ScenarioResult *scenario = scenario_result_new("s", NULL, "scenarios/s.yaml", NULL);
        Measurement *measurement = measurement_new("massif");
        measurement->duration_us = 1000;
        InstrumentResult *instrument = instrument_result_new(measurement);
        instrument->verdict = verdicts[i];
        scenario_result_add(scenario, instrument);
        ck_assert_int_eq(scenario->duration_us, 1000);
        result_add(result, scenario);
    }
    ck_assert_int_eq(result->verdict, VERDICT_BROKEN);
    ck_assert_uint_eq(result->counts[VERDICT_PASS], 2);
    ck_assert_uint_eq(result->counts[VERDICT_BROKEN], 1);
    ck_assert_uint_eq(result->counts[VERDICT_REGRESSED], 0);
}
END_TEST

SUITE(compare, 20)
{
    tcase_add_test(tcase, test_what_chance_adds_to_sampled_figures_is_no_regression);
    tcase_add_test(tcase, test_the_allowance_is_the_largest_of_percent_floor_and_spread);
    tcase_add_test(tcase, test_a_percentage_is_rounded_to_the_nearest_byte);
    tcase_add_test(tcase, test_figures_beyond_any_machine_do_not_wrap_into_a_pass);
    tcase_add_test(tcase, test_a_regression_says_now_then_and_allowed);
    tcase_add_test(tcase, test_the_worst_metric_gives_the_verdict_of_all);
    tcase_add_test(tcase, test_a_ceiling_holds_though_the_allowance_does_not_mind);
    tcase_add_test(tcase, test_a_ceiling_says_what_it_is);
    tcase_add_test(tcase, test_a_ceiling_holds_without_a_baseline_and_with_an_incomparable_one);
    tcase_add_test(tcase, test_what_passes_through_is_judged_only_where_it_is_asked_for);
    tcase_add_test(tcase, test_a_ceiling_holds_for_what_is_not_judged);
    tcase_add_test(tcase, test_a_baseline_that_lists_no_sites_judges_the_total_and_says_so);
    tcase_add_test(tcase, test_a_site_of_what_passes_through_may_add_what_the_whole_may);
    tcase_add_test(tcase, test_what_is_mapped_is_exact_where_the_rest_is_sampled);
    tcase_add_test(tcase, test_what_a_run_may_have_by_chance_is_the_largest_and_twice_the_range);
    tcase_add_test(tcase, test_an_interpreter_keeps_what_its_folders_and_environment_are);
    tcase_add_test(tcase, test_verdicts_are_ordered_named_and_end_as_promised);
    tcase_add_test(tcase, test_a_result_counts_its_scenarios_and_is_as_bad_as_the_worst);
}
