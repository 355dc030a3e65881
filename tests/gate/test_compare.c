/* The gate's judgement: totals, allowances, ceilings, call sites. */
#include "gate/compare.h"
#include "gate/limits.h"

#include <string.h>

#include "model/sampling.h"
#include "model/units.h"
#include "runner.h"

enum { KIB = 1024, MIB = 1024 * 1024 };

/* A baseline of one instrument, a measurement of the same, and what is allowed; tests change what they are
 * about. */
typedef struct {
    Baseline *baseline;
    BaselineInstrument *base;
    Environment *environment;
    Allow allow;
    Measurement *measurement;
    const char *elsewhere;
} Case;

static Environment *environment_new(void)
{
    const Environment environment = {
        .platform = "debian-12-x86_64", .architecture = "x86_64", .libc = "glibc 2.36"};
    return environment_copy(&environment);
}

static Case case_new(void)
{
    Case self = {.baseline = baseline_new("order-entry"), .environment = environment_new()};
    self.base = baseline_instrument_new("massif");
    self.base->tool = g_strdup("Valgrind 3.19.0, 24 frames");
    g_ptr_array_add(self.baseline->instruments, self.base);
    environment_free(self.baseline->environment);
    self.baseline->environment = environment_new();
    self.measurement = measurement_new("massif");
    self.measurement->tool = g_strdup("Valgrind 3.19.0, 24 frames");
    allow_init(&self.allow);
    for (const Metric *metric = metrics_all(); metric->name != NULL; metric++)
        if (metric->passes_through)
            allow_say(&self.allow, metric->id)->is_stated = TRUE;
    return self;
}

static void set_base(Case *self, MetricId id, gint64 value, gint64 spread)
{
    BaselineFigure *figure = baseline_figure_new(id);
    figure->value = value;
    figure->spread = spread;
    baseline_instrument_put(self->base, figure);
}

/* Compares and forgets the case. */
static InstrumentResult *judge(Case *self)
{
    const Reference reference = {self->baseline, self->elsewhere, self->environment, &self->allow};
    InstrumentResult *result = compare(&reference, self->measurement);
    baseline_free(self->baseline);
    environment_free(self->environment);
    allow_clear(&self->allow);
    return result;
}

static const Comparison *comparison_of(const InstrumentResult *result, MetricId id)
{
    const Comparison *comparison = instrument_result_find(result, id);
    ck_assert_msg(comparison != NULL, "no comparison of %s", metric_get(id)->name);
    return comparison;
}

static void check_verdict(const InstrumentResult *result, Verdict expected)
{
    ck_assert_msg(result->verdict == expected, "expected %s, found %s", verdict_name(expected),
                  verdict_name(result->verdict));
}

/* The verdict of one value against one baseline value. */
static Verdict verdict_of(MetricId id, gint64 base, gint64 spread, Allowance allowance, gint64 now)
{
    if (metric_get(id)->of_mapped && base == 0 && now == 0)
        return VERDICT_PASS; /* no news, and so not compared */
    Case self = case_new();
    set_base(&self, id, base, spread);
    allow_say(&self.allow, id)->allowance = allowance;
    measurement_set(self.measurement, id, now, NULL);
    g_autoptr(InstrumentResult) result = judge(&self);
    ck_assert_uint_eq(result->comparisons->len, 1);
    ck_assert_int_eq(comparison_of(result, id)->verdict, result->verdict);
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
    set_base(&self, id, base, 0);
    allow_say(&self.allow, id)->allowance = (Allowance){0};
    self.measurement->sample_bytes = 64 * KIB;
    self.measurement->iterations = iterations;
    measurement_set(self.measurement, id, now, NULL);
    g_autoptr(InstrumentResult) result = judge(&self);
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
    set_base(&self, METRIC_PEAK, 10 * MIB, 0);
    measurement_set(self.measurement, METRIC_PEAK, 12 * MIB, NULL);
    g_autoptr(InstrumentResult) result = judge(&self);
    const Comparison *peak = comparison_of(result, METRIC_PEAK);
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
    set_base(&self, METRIC_PEAK, 10 * MIB, 0);
    set_base(&self, METRIC_RETAINED, 100, 0);
    set_base(&self, METRIC_GROWTH, 0, 0);
    measurement_set(self.measurement, METRIC_PEAK, 5 * MIB, NULL);
    measurement_set(self.measurement, METRIC_RETAINED, 100, NULL);
    measurement_set(self.measurement, METRIC_GROWTH, 1, NULL);
    g_autoptr(InstrumentResult) result = judge(&self);
    check_verdict(result, VERDICT_REGRESSED);
    ck_assert_int_eq(comparison_of(result, METRIC_PEAK)->verdict, VERDICT_IMPROVED);
    ck_assert_int_eq(comparison_of(result, METRIC_RETAINED)->verdict, VERDICT_PASS);
    ck_assert_int_eq(comparison_of(result, METRIC_GROWTH)->verdict, VERDICT_REGRESSED);
}
END_TEST

START_TEST(test_a_ceiling_holds_though_the_allowance_does_not_mind)
{
    for (gint64 over = 0; over <= 1; over++) {
        Case self = case_new();
        set_base(&self, METRIC_PEAK, 10 * MIB, 0);
        allow_say(&self.allow, METRIC_PEAK)->has_ceiling = TRUE;
        allow_say(&self.allow, METRIC_PEAK)->ceiling = 10 * MIB;
        measurement_set(self.measurement, METRIC_PEAK, 10 * MIB + over, NULL);
        g_autoptr(InstrumentResult) result = judge(&self);
        check_verdict(result, over > 0 ? VERDICT_REGRESSED : VERDICT_PASS);
        if (over > 0)
            ck_assert_int_eq(comparison_of(result, METRIC_PEAK)->limit, 10 * MIB);
    }
}
END_TEST

START_TEST(test_a_ceiling_says_what_it_is)
{
    Case self = case_new();
    set_base(&self, METRIC_PEAK, 512 * MIB, 0);
    allow_say(&self.allow, METRIC_PEAK)->has_ceiling = TRUE;
    allow_say(&self.allow, METRIC_PEAK)->ceiling = 512 * MIB;
    measurement_set(self.measurement, METRIC_PEAK, 520 * MIB, NULL);
    g_autoptr(InstrumentResult) result = judge(&self);
    ck_assert_str_eq(comparison_of(result, METRIC_PEAK)->sentence,
                     "peak 520 MiB is above the ceiling of 512 MiB");
}
END_TEST

START_TEST(test_a_ceiling_holds_without_a_baseline_and_with_an_incomparable_one)
{
    for (int incomparable = 0; incomparable < 2; incomparable++)
        for (gint64 over = 0; over <= 1; over++) {
            Case self = case_new();
            set_base(&self, METRIC_PEAK, MIB, 0);
            if (incomparable) {
                g_free(self.environment->libc);
                self.environment->libc = g_strdup("glibc 2.39");
            } else {
                g_clear_pointer(&self.baseline, baseline_free);
            }
            allow_say(&self.allow, METRIC_PEAK)->has_ceiling = TRUE;
            allow_say(&self.allow, METRIC_PEAK)->ceiling = MIB;
            measurement_set(self.measurement, METRIC_PEAK, MIB + over, NULL);
            g_autoptr(InstrumentResult) result = judge(&self);
            Verdict otherwise = incomparable ? VERDICT_INCOMPARABLE : VERDICT_NEW;
            check_verdict(result, over > 0 ? VERDICT_REGRESSED : otherwise);
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
            set_base(&self, METRIC_PEAK, MIB, 0);
            measurement_set(self.measurement, METRIC_PEAK, MIB, NULL);
            if (has_base)
                set_base(&self, METRIC_ALLOCATIONS, 1000, 0);
            measurement_set(self.measurement, METRIC_ALLOCATIONS, 1001, NULL);
            g_autoptr(InstrumentResult) result = judge(&self);
            check_verdict(result, !asked ? VERDICT_PASS : has_base ? VERDICT_REGRESSED : VERDICT_NEW);
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
        set_base(&self, METRIC_ALLOCATIONS, 5, 0);
        measurement_set(self.measurement, METRIC_ALLOCATIONS, 1200 + over, NULL);
        g_autoptr(InstrumentResult) result = judge(&self);
        check_verdict(result, over > 0 ? VERDICT_REGRESSED : VERDICT_PASS);
        if (over > 0)
            ck_assert_str_eq(comparison_of(result, METRIC_ALLOCATIONS)->sentence,
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
        set_base(&self, METRIC_ALLOCATIONS, 1000, 0);
        allow_say(&self.allow, METRIC_ALLOCATIONS)->allowance = (Allowance){5, 0};
        measurement_set(self.measurement, METRIC_ALLOCATIONS, 1050 + over, sites);
        g_autoptr(InstrumentResult) result = judge(&self);
        check_verdict(result, over > 0 ? VERDICT_REGRESSED : VERDICT_PASS);
        const Comparison *comparison = comparison_of(result, METRIC_ALLOCATIONS);
        ck_assert_uint_eq(comparison->deltas->len, 0);
        ck_assert(over == 0 || strstr(comparison->sentence, "the baseline lists none") != NULL);
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
        set_base(&self, METRIC_ALLOCATIONS, 1000, 0);
        baseline_instrument_find(self.base, METRIC_ALLOCATIONS)->sites = was;
        allow_say(&self.allow, METRIC_ALLOCATIONS)->allowance = (Allowance){5, 0};
        measurement_set(self.measurement, METRIC_ALLOCATIONS, 1000, is);
        g_autoptr(InstrumentResult) result = judge(&self);
        check_verdict(result, over > 0 ? VERDICT_REGRESSED : VERDICT_PASS);
    }
}
END_TEST

/* A promise about growth in a program that marks no iterations would be kept by nobody. */
START_TEST(test_growth_that_the_scenario_names_and_nobody_measured_is_broken)
{
    for (int named = 0; named < 2; named++) {
        Case self = case_new();
        allow_say(&self.allow, METRIC_GROWTH)->line = named ? 4 : 0;
        allow_say(&self.allow, METRIC_GROWTH)->has_ceiling = TRUE;
        set_base(&self, METRIC_PEAK, MIB, 0);
        measurement_set(self.measurement, METRIC_PEAK, MIB, NULL);
        g_autoptr(InstrumentResult) result = judge(&self);
        check_verdict(result, named ? VERDICT_BROKEN : VERDICT_PASS);
    }
}
END_TEST

START_TEST(test_no_baseline_is_new_and_says_so)
{
    Case self = case_new();
    g_clear_pointer(&self.baseline, baseline_free);
    measurement_set(self.measurement, METRIC_PEAK, MIB, NULL);
    g_autoptr(InstrumentResult) result = judge(&self);
    check_verdict(result, VERDICT_NEW);
    ck_assert_str_eq(result->sentence, "no baseline");
    ck_assert(!comparison_of(result, METRIC_PEAK)->has_base);
    ck_assert_int_eq(verdict_exit_status(result->verdict), 3);
}
END_TEST

START_TEST(test_a_baseline_of_other_instruments_only_is_new_and_names_what_is_missing)
{
    Case self = case_new();
    g_free(self.base->instrument);
    self.base->instrument = g_strdup("memcheck");
    set_base(&self, METRIC_PEAK, MIB, 0);
    measurement_set(self.measurement, METRIC_PEAK, MIB, NULL);
    g_autoptr(InstrumentResult) result = judge(&self);
    check_verdict(result, VERDICT_NEW);
    ck_assert_str_eq(result->sentence, "the baseline holds nothing of massif");
}
END_TEST

START_TEST(test_a_metric_that_the_baseline_lacks_is_new)
{
    Case self = case_new();
    set_base(&self, METRIC_PEAK, MIB, 0);
    measurement_set(self.measurement, METRIC_PEAK, MIB, NULL);
    measurement_set(self.measurement, METRIC_GROWTH, 16, NULL);
    g_autoptr(InstrumentResult) result = judge(&self);
    check_verdict(result, VERDICT_NEW);
    ck_assert_int_eq(comparison_of(result, METRIC_PEAK)->verdict, VERDICT_PASS);
    ck_assert_int_eq(comparison_of(result, METRIC_GROWTH)->verdict, VERDICT_NEW);
}
END_TEST

/* heapgate learned to measure what a program maps itself: no baseline goes bad by it. */
START_TEST(test_a_baseline_that_is_older_than_a_metric_is_not_judged_by_it)
{
    Case self = case_new();
    set_base(&self, METRIC_PEAK, 100, 0);
    measurement_set(self.measurement, METRIC_PEAK, 100, NULL);
    measurement_set(self.measurement, METRIC_MAPPED, 64 * MIB, NULL);
    measurement_set(self.measurement, METRIC_MAPPED_GROWTH, 0, NULL);
    g_autoptr(InstrumentResult) result = judge(&self);
    check_verdict(result, VERDICT_PASS);
    ck_assert_uint_eq(result->comparisons->len, 2);
    const Comparison *mapped = comparison_of(result, METRIC_MAPPED);
    ck_assert(!mapped->has_base);
    ck_assert_ptr_nonnull(strstr(mapped->sentence, "judged from the next capture on"));
    Case later = case_new();
    set_base(&later, METRIC_PEAK, 100, 0);
    set_base(&later, METRIC_MAPPED, 0, 0);
    measurement_set(later.measurement, METRIC_PEAK, 100, NULL);
    measurement_set(later.measurement, METRIC_MAPPED, 0, NULL);
    measurement_set(later.measurement, METRIC_MAPPED_GROWTH, 64 * MIB, NULL);
    g_autoptr(InstrumentResult) new = judge(&later);
    check_verdict(new, VERDICT_NEW);
    ck_assert_uint_eq(new->comparisons->len, 2);
}
END_TEST

/* What a program maps itself is never sampled: chance adds nothing to it. */
START_TEST(test_what_is_mapped_is_exact_where_the_rest_is_sampled)
{
    ck_assert_int_eq(sampled_verdict_of(METRIC_MAPPED, 10 * MIB, 10 * MIB + 1, 20), VERDICT_REGRESSED);
    ck_assert_int_eq(sampled_verdict_of(METRIC_MAPPED_GROWTH, 0, 1, 20), VERDICT_REGRESSED);
}
END_TEST

START_TEST(test_a_metric_of_the_baseline_that_was_not_measured_is_broken)
{
    Case self = case_new();
    set_base(&self, METRIC_PEAK, MIB, 0);
    set_base(&self, METRIC_GROWTH, 0, 0);
    measurement_set(self.measurement, METRIC_PEAK, MIB, NULL);
    g_autoptr(InstrumentResult) result = judge(&self);
    check_verdict(result, VERDICT_BROKEN);
    ck_assert_ptr_nonnull(
        strstr(comparison_of(result, METRIC_GROWTH)->sentence, "this run did not measure it"));
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
        set_base(&self, METRIC_PEAK, MIB, 0);
        measurement_set(self.measurement, METRIC_PEAK, MIB, NULL);
        g_autoptr(InstrumentResult) result = judge(&self);
        check_verdict(result, VERDICT_INCOMPARABLE);
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
        set_base(&self, METRIC_PEAK, MIB, 0);
        if (other) {
            measurement_free(self.measurement);
            self.measurement = measurement_new("heap");
        }
        g_free(self.measurement->tool);
        self.measurement->tool = g_strdup(other ? "64 frames" : "Valgrind 3.22.0, 24 frames");
        measurement_set(self.measurement, METRIC_PEAK, MIB, NULL);
        g_autoptr(InstrumentResult) result = judge(&self);
        check_verdict(result, other ? VERDICT_PASS : VERDICT_INCOMPARABLE);
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
    g_autoptr(InstrumentResult) result = judge(&self);
    check_verdict(result, VERDICT_INCOMPARABLE);
    ck_assert_str_eq(result->sentence,
                     "no baseline for debian-12-x86_64 (there is one for ubuntu-24.04-x86_64)");
}
END_TEST

START_TEST(test_a_run_with_a_problem_is_broken_whatever_it_measured)
{
    Case self = case_new();
    set_base(&self, METRIC_PEAK, MIB, 0);
    measurement_set(self.measurement, METRIC_PEAK, MIB, NULL);
    measurement_set_problem(self.measurement, "%s", "the program crashed");
    g_autoptr(InstrumentResult) result = judge(&self);
    check_verdict(result, VERDICT_BROKEN);
    ck_assert_str_eq(result->sentence, "the program crashed");
    ck_assert_uint_eq(result->comparisons->len, 0);
}
END_TEST

START_TEST(test_a_baseline_that_holds_nothing_of_an_instrument_that_measured_nothing_is_no_pass)
{
    Case self = case_new();
    g_autoptr(InstrumentResult) result = judge(&self);
    check_verdict(result, VERDICT_BROKEN);
    ck_assert_str_eq(result->sentence, "massif measured nothing");
}
END_TEST

/* "a b c": function a called by b called by c, each in work.c. */
static void add_site(CallSites *sites, const char *stack, gint64 bytes, gint64 blocks)
{
    g_auto(GStrv) functions = g_strsplit(stack, " ", -1);
    Frame frames[16];
    guint n = 0;
    for (; functions[n] != NULL && n < G_N_ELEMENTS(frames); n++)
        frames[n] = (Frame){.function = functions[n], .file = "work.c", .line = 10 + n};
    call_sites_add(sites, frames, n, bytes, blocks);
}

static char *key_of(const char *stack)
{
    g_autoptr(CallSites) sites = call_sites_new();
    add_site(sites, stack, 1, 1);
    return g_strdup(call_sites_get(sites, 0)->key);
}

static gboolean similar(const char *one, const char *two)
{
    g_autofree char *a = key_of(one), *b = key_of(two);
    ck_assert_int_eq(call_sites_similar(a, b), call_sites_similar(b, a));
    return call_sites_similar(a, b);
}

START_TEST(test_a_site_is_similar_where_one_frame_came_went_or_changed)
{
    ck_assert(similar("alloc copy main", "alloc copy main"));
    ck_assert(similar("alloc copy main", "alloc copy wrapper main"));
    ck_assert(similar("alloc copy edit main", "alloc copy change main"));
    ck_assert(similar("alloc main", "alloc edit main"));
    ck_assert(!similar("alloc copy main", "alloc copy two wrappers main"));
    ck_assert(!similar("alloc copy edit run main", "alloc print save run main"));
    ck_assert(!similar("alloc copy main", "calloc copy main"));
    ck_assert(similar("alloc copy main", "copy main")); /* a tail call */
    ck_assert(similar("alloc copy edit run serve main", "copy edit serve main"));
    ck_assert(!similar("alloc copy edit run main", "new main"));
    /* A wrapper that ends in a call of realloc is left out, in whatever file it is. */
    ck_assert(call_sites_similar("l_alloc (aux.c) < luaM_malloc (mem.c) < run (do.c) < main (lua.c)",
                                 "luaM_malloc (mem.c) < run (do.c) < main (lua.c)"));
    ck_assert(!call_sites_similar("alloc (work.c) < copy (a.c) < main (a.c)",
                                  "calloc (c.c) < copy (a.c) < main (a.c)"));
    ck_assert(!similar("alloc", "alloc"));
    /* What had no symbol has one now, or the other way round. */
    ck_assert(
        call_sites_similar("??? < load (a.c) < main (a.c)", "work (plugin.c) < load (a.c) < main (a.c)"));
    ck_assert(call_sites_similar("??? < ??? < main (a.c)", "work (plugin.c) < open (plugin.c) < main (a.c)"));
    ck_assert(!call_sites_similar("??? < main (a.c)", "work (plugin.c) < run (b.c)"));
}
END_TEST

static GPtrArray *differ(CallSites *base, gint64 cutoff, CallSites *now, Allowance allowance,
                         guint *regressed)
{
    const BaselineFigure metric = {.sites = base, .cutoff_bytes = cutoff};
    GPtrArray *deltas = compare_call_sites(&metric, now, &allowance, NULL, regressed);
    for (guint i = 1; i < deltas->len; i++) {
        const SiteDelta *one = g_ptr_array_index(deltas, i - 1), *two = g_ptr_array_index(deltas, i);
        ck_assert_int_ge(one->delta_bytes, two->delta_bytes);
    }
    return deltas;
}

START_TEST(test_call_sites_differ_by_what_grew_came_shrank_and_vanished_largest_first)
{
    g_autoptr(CallSites) base = call_sites_new(), now = call_sites_new();
    add_site(base, "same main", 500, 5), add_site(now, "same main", 500, 5);
    add_site(base, "grown main", 100, 1), add_site(now, "grown main", 400, 4);
    add_site(base, "shrunk main", 900, 9), add_site(now, "shrunk main", 100, 1);
    add_site(base, "gone main", 50, 2);
    add_site(now, "new main", 1000, 10);
    guint regressed = 0;
    g_autoptr(GPtrArray) deltas = differ(base, 0, now, (Allowance){0}, &regressed);
    const struct {
        const char *key;
        gint64 base, now, bytes, blocks;
    } expected[] = {{"new (work.c) < main (work.c)", 0, 1000, 1000, 10},
                    {"grown (work.c) < main (work.c)", 100, 400, 300, 3},
                    {"gone (work.c) < main (work.c)", 50, 0, -50, -2},
                    {"shrunk (work.c) < main (work.c)", 900, 100, -800, -8}};
    ck_assert_uint_eq(deltas->len, G_N_ELEMENTS(expected));
    for (guint i = 0; i < deltas->len; i++) {
        const SiteDelta *delta = g_ptr_array_index(deltas, i);
        ck_assert_str_eq(delta->key, expected[i].key);
        ck_assert_int_eq(delta->base_bytes, expected[i].base);
        ck_assert_int_eq(delta->now_bytes, expected[i].now);
        ck_assert_int_eq(delta->delta_bytes, expected[i].bytes);
        ck_assert_int_eq(delta->delta_blocks, expected[i].blocks);
    }
    ck_assert_uint_eq(regressed, 2);
}
END_TEST

/* An optimizer makes one call site of two, and two of one; what grows besides is seen. */
START_TEST(test_a_site_may_be_split_and_joined_and_no_byte_counts_twice)
{
    const struct {
        gint64 more; /* at the first site of now */
        guint regressed;
    } cases[] = {{0, 0}, {1, 1}};
    for (gsize c = 0; c < G_N_ELEMENTS(cases); c++) {
        gint64 more = cases[c].more;
        g_autoptr(CallSites) one = call_sites_new(), two = call_sites_new(), join = call_sites_new();
        add_site(one, "alloc text parse main", 1000, 10);
        add_site(two, "alloc text parse main", 700, 7);
        add_site(two, "alloc text period parse main", 200 + more, 2);
        add_site(two, "alloc text dash parse main", 100, 1);
        guint split = 0, joined = 0;
        g_autoptr(GPtrArray) deltas = differ(one, 0, two, (Allowance){0}, &split);
        ck_assert_uint_eq(split, cases[c].regressed);
        add_site(join, "alloc text parse main", 1000 + 2 * more, 10);
        g_autoptr(GPtrArray) others = differ(two, 0, join, (Allowance){0}, &joined);
        ck_assert_uint_eq(joined, cases[c].regressed);
    }
}
END_TEST

START_TEST(test_deltas_keep_the_lines_of_now)
{
    g_autoptr(CallSites) base = call_sites_new(), now = call_sites_new();
    call_sites_add_key(base, "new (work.c) < main (work.c)", 10, 1);
    add_site(now, "new main", 1000, 10);
    guint regressed = 0;
    g_autoptr(GPtrArray) deltas = differ(base, 0, now, (Allowance){0}, &regressed);
    const SiteDelta *delta = g_ptr_array_index(deltas, 0);
    ck_assert_uint_eq(delta->n_frames, 2);
    ck_assert_uint_eq(delta->frames[0].line, 10);
}
END_TEST

static guint regressed_by(gint64 base_bytes, gint64 cutoff, gint64 now_bytes, Allowance allowance)
{
    g_autoptr(CallSites) base = call_sites_new(), now = call_sites_new();
    if (base_bytes > 0)
        add_site(base, "copy main", base_bytes, 1);
    add_site(now, "copy main", now_bytes, 1);
    guint regressed = 0;
    g_autoptr(GPtrArray) deltas = differ(base, cutoff, now, allowance, &regressed);
    ck_assert_uint_le(regressed, deltas->len);
    return regressed;
}

START_TEST(test_one_call_site_may_add_its_allowance_and_not_a_byte_more)
{
    const Allowance allowance = {10, 16 * KIB};
    ck_assert_uint_eq(regressed_by(MIB, 0, MIB + 104858, allowance), 0);
    ck_assert_uint_eq(regressed_by(MIB, 0, MIB + 104859, allowance), 1);
    ck_assert_uint_eq(regressed_by(100, 0, 100 + 16 * KIB, allowance), 0);
    ck_assert_uint_eq(regressed_by(100, 0, 101 + 16 * KIB, allowance), 1);
    ck_assert_uint_eq(regressed_by(0, 0, 16 * KIB, allowance), 0);
    ck_assert_uint_eq(regressed_by(0, 0, 16 * KIB + 1, allowance), 1);
}
END_TEST

START_TEST(test_a_site_that_was_not_listed_may_have_had_the_cutoff)
{
    const Allowance none = {0, 0}, floor = {0, 1000};
    ck_assert_uint_eq(regressed_by(0, 500, 500, none), 0);
    ck_assert_uint_eq(regressed_by(0, 500, 501, none), 1);
    ck_assert_uint_eq(regressed_by(0, 500, 1500, floor), 0);
    ck_assert_uint_eq(regressed_by(0, 500, 1501, floor), 1);
    ck_assert_uint_eq(regressed_by(100, 500, 500, none), 1);
}
END_TEST

/* Every site has a size in a baseline, listed or not, and may exceed it by what it differed by. */
START_TEST(test_a_site_may_have_what_it_had_and_its_slack_and_a_new_one_nothing)
{
    g_autoptr(CallSites) listed = call_sites_new();
    add_site(listed, "load main", 1000, 1);
    g_autoptr(SiteSizes) slack = site_sizes_new(), others = site_sizes_new();
    g_autofree char *load = key_of("load main"), *copy = key_of("copy main");
    site_sizes_add(slack, site_sizes_hash(load), 50);
    site_sizes_add(others, site_sizes_hash(copy), 300);
    const BaselineFigure base = {.value = 1300, .sites = listed, .slack = slack, .others = others};
    const struct {
        gint64 load, copy, new;
        guint regressed, deltas;
    } cases[] = {{1000, 300, 0, 0, 0}, {1050, 300, 0, 0, 1}, {1051, 300, 0, 1, 1},
                 {1000, 301, 0, 1, 1}, {1000, 200, 0, 0, 0}, {1000, 300, 16, 1, 1}};
    for (gsize c = 0; c < G_N_ELEMENTS(cases); c++) {
        g_autoptr(CallSites) now = call_sites_new();
        add_site(now, "load main", cases[c].load, 1);
        add_site(now, "copy main", cases[c].copy, 1);
        if (cases[c].new > 0)
            add_site(now, "audit main", cases[c].new, 1);
        guint regressed = 0;
        const Allowance none = {0};
        g_autoptr(GPtrArray) deltas = compare_call_sites(&base, now, &none, NULL, &regressed);
        ck_assert_msg(regressed == cases[c].regressed && deltas->len == cases[c].deltas,
                      "case %zu: %u regressed, %u differ", c, regressed, deltas->len);
    }
}
END_TEST

START_TEST(test_a_site_may_have_as_much_more_by_chance_as_the_whole)
{
    for (gint64 more = 0; more < 2; more++) {
        g_autoptr(CallSites) now = call_sites_new();
        const BaselineFigure base = {.value = 1000, .spread = 60, .highest = 1040};
        add_site(now, "load main", 160 + more, 1);
        guint regressed = 0;
        Allow none;
        allow_init(&none);
        none.call_site = (Allowance){0};
        const Limits limits = {.allow = &none};
        const Allowance site = limits_of_site(METRIC_PEAK, &base, &limits);
        g_autoptr(GPtrArray) deltas = compare_call_sites(&base, now, &site, NULL, &regressed);
        ck_assert_uint_eq(regressed, (guint)more);
        ck_assert_uint_eq(deltas->len, 1);
        ck_assert_int_eq(limits_of_site(METRIC_GROWTH, &base, &limits).floor, 0); /* growth is where it is */
        allow_clear(&none);
    }
}
END_TEST

START_TEST(test_a_site_at_the_cutoff_is_no_difference)
{
    g_autoptr(CallSites) base = call_sites_new(), now = call_sites_new();
    add_site(now, "copy main", 500, 1);
    guint regressed = 0;
    g_autoptr(GPtrArray) same = differ(base, 500, now, (Allowance){0}, &regressed);
    g_autoptr(GPtrArray) more = differ(base, 499, now, (Allowance){0}, &regressed);
    ck_assert_uint_eq(same->len, 0);
    ck_assert_uint_eq(more->len, 1);
}
END_TEST

START_TEST(test_an_allocation_reached_another_way_is_no_regression)
{
    g_autoptr(CallSites) base = call_sites_new(), now = call_sites_new();
    add_site(base, "alloc copy edit main", MIB, 1);
    add_site(now, "alloc copy edit_node main", MIB, 1);
    guint regressed = 9;
    g_autoptr(GPtrArray) deltas = differ(base, 0, now, (Allowance){0}, &regressed);
    ck_assert_uint_eq(regressed, 0);
    ck_assert_uint_eq(deltas->len, 0);
}
END_TEST

START_TEST(test_one_loss_excuses_one_gain_of_its_size_only)
{
    g_autoptr(CallSites) base = call_sites_new(), now = call_sites_new(), more = call_sites_new();
    add_site(base, "alloc copy edit main", MIB, 1);
    add_site(now, "alloc copy one main", MIB, 1);
    add_site(now, "alloc copy two main", MIB, 1);
    add_site(more, "alloc copy one main", MIB + 1, 1);
    guint regressed = 0;
    g_autoptr(GPtrArray) twice = differ(base, 0, now, (Allowance){0}, &regressed);
    ck_assert_uint_eq(regressed, 1);
    ck_assert_uint_eq(twice->len, 1);
    g_autoptr(GPtrArray) larger = differ(base, 0, more, (Allowance){0}, &regressed);
    ck_assert_uint_eq(regressed, 1);
    ck_assert_uint_eq(larger->len, 2);
}
END_TEST

START_TEST(test_another_allocation_of_the_same_size_is_a_regression)
{
    g_autoptr(CallSites) base = call_sites_new(), now = call_sites_new();
    add_site(base, "alloc copy edit main", MIB, 1);
    add_site(now, "alloc print save main", MIB, 1);
    guint regressed = 0;
    g_autoptr(GPtrArray) deltas = differ(base, 0, now, (Allowance){0}, &regressed);
    ck_assert_uint_eq(regressed, 1);
    ck_assert_uint_eq(deltas->len, 2);
}
END_TEST

/* A peak that is the same in all, held by another function. */
static InstrumentResult *judge_moved(MetricId id, gint64 bytes)
{
    Case self = case_new();
    set_base(&self, id, 10 * MIB, 0);
    CallSites *sites = call_sites_new();
    baseline_instrument_find(self.base, id)->sites = call_sites_new();
    call_sites_add_key(baseline_instrument_find(self.base, id)->sites, "load (work.c) < main (work.c)",
                       10 * MIB, 1);
    add_site(sites, "load main", 10 * MIB - bytes, 1);
    add_site(sites, "cache main", bytes, 1);
    measurement_set(self.measurement, id, 10 * MIB, sites);
    return judge(&self);
}

START_TEST(test_a_new_call_site_regresses_though_the_total_is_flat)
{
    g_autoptr(InstrumentResult) result = judge_moved(METRIC_PEAK, 2 * MIB);
    g_autoptr(InstrumentResult) small = judge_moved(METRIC_PEAK, 16 * KIB);
    g_autoptr(InstrumentResult) growth = judge_moved(METRIC_GROWTH, 16);
    check_verdict(result, VERDICT_REGRESSED);
    check_verdict(small, VERDICT_PASS);
    check_verdict(growth, VERDICT_REGRESSED);
    const Comparison *peak = comparison_of(result, METRIC_PEAK);
    ck_assert_str_eq(peak->sentence,
                     "peak in all is within its allowance (10.0 MiB), but 1 call site is new or grown");
    ck_assert_uint_eq(peak->deltas->len, 1);
    ck_assert_str_eq(((SiteDelta *)g_ptr_array_index(peak->deltas, 0))->key,
                     "cache (work.c) < main (work.c)");
}
END_TEST

/* A baseline that a person has shortened: what it does not know is not new. */
START_TEST(test_a_baseline_that_knows_no_call_sites_judges_the_total_only)
{
    for (int more = 0; more < 2; more++) {
        Case self = case_new();
        set_base(&self, METRIC_PEAK, 10 * MIB, 0);
        CallSites *sites = call_sites_new();
        add_site(sites, "load main", 10 * MIB + more * MIB, 1);
        measurement_set(self.measurement, METRIC_PEAK, 10 * MIB + more * MIB, sites);
        g_autoptr(InstrumentResult) result = judge(&self);
        check_verdict(result, more ? VERDICT_REGRESSED : VERDICT_PASS);
    }
}
END_TEST

START_TEST(test_a_baseline_of_zero_knows_that_there_was_no_call_site)
{
    Case self = case_new();
    set_base(&self, METRIC_RETAINED, 0, 0);
    allow_say(&self.allow, METRIC_RETAINED)->allowance.floor = MIB;
    CallSites *sites = call_sites_new();
    add_site(sites, "load main", 20 * KIB, 1);
    measurement_set(self.measurement, METRIC_RETAINED, 20 * KIB, sites);
    g_autoptr(InstrumentResult) result = judge(&self);
    check_verdict(result, VERDICT_REGRESSED);
}
END_TEST

/* 30 sites by which `total` differs from the baseline's 30 MiB. */
static InstrumentResult *judge_many(gint64 step)
{
    Case self = case_new();
    set_base(&self, METRIC_PEAK, 300 * MIB, 0);
    CallSites *sites = call_sites_new();
    baseline_instrument_find(self.base, METRIC_PEAK)->sites = call_sites_new();
    for (guint i = 0; i < 30; i++) {
        g_autofree char *stack = g_strdup_printf("f%02u main", i);
        add_site(baseline_instrument_find(self.base, METRIC_PEAK)->sites, stack, 10 * MIB, 1);
        add_site(sites, stack, 10 * MIB + step * (i + 1), 1);
    }
    measurement_set(self.measurement, METRIC_PEAK, call_sites_total_bytes(sites), sites);
    return judge(&self);
}

START_TEST(test_only_the_largest_twenty_differences_are_kept_that_explain_the_verdict)
{
    g_autoptr(InstrumentResult) grown = judge_many(100 * KIB);
    g_autoptr(InstrumentResult) shrunk = judge_many(-100 * KIB);
    g_autoptr(InstrumentResult) same = judge_many(1);
    const Comparison *more = comparison_of(grown, METRIC_PEAK), *less = comparison_of(shrunk, METRIC_PEAK);
    ck_assert_int_eq(more->verdict, VERDICT_REGRESSED);
    ck_assert_uint_eq(more->deltas->len, 20);
    ck_assert_int_eq(((SiteDelta *)g_ptr_array_index(more->deltas, 0))->delta_bytes, 3000 * KIB);
    ck_assert_int_eq(((SiteDelta *)g_ptr_array_index(more->deltas, 19))->delta_bytes, 1100 * KIB);
    ck_assert_int_eq(less->verdict, VERDICT_IMPROVED);
    ck_assert_uint_eq(less->deltas->len, 20);
    ck_assert_int_eq(((SiteDelta *)g_ptr_array_index(less->deltas, 19))->delta_bytes, -3000 * KIB);
    ck_assert_int_eq(comparison_of(same, METRIC_PEAK)->verdict, VERDICT_PASS);
    ck_assert_uint_eq(comparison_of(same, METRIC_PEAK)->deltas->len, 0);
}
END_TEST

START_TEST(test_what_shrank_does_not_explain_a_regression)
{
    Case self = case_new();
    set_base(&self, METRIC_PEAK, 10 * MIB, 0);
    CallSites *sites = call_sites_new(),
              *base = baseline_instrument_find(self.base, METRIC_PEAK)->sites = call_sites_new();
    add_site(base, "load main", 10 * MIB, 1);
    add_site(sites, "load main", 5 * MIB, 1);
    add_site(sites, "store main", 15 * MIB, 1);
    measurement_set(self.measurement, METRIC_PEAK, 20 * MIB, sites);
    g_autoptr(InstrumentResult) result = judge(&self);
    const Comparison *peak = comparison_of(result, METRIC_PEAK);
    ck_assert_uint_eq(peak->deltas->len, 1);
    ck_assert_int_eq(((SiteDelta *)g_ptr_array_index(peak->deltas, 0))->delta_bytes, 15 * MIB);
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

/* Growth that is doubtful at "audit main", with a baseline that knows these doubtful sites; NULL: it is older
 * than that. */
static Verdict verdict_of_doubtful(const char *known, gint64 growth)
{
    Case self = case_new();
    set_base(&self, METRIC_GROWTH, growth, 0);
    if (known != NULL) {
        g_autofree char *key = key_of(known);
        baseline_instrument_find(self.base, METRIC_GROWTH)->doubtful = site_sizes_new();
        site_sizes_add(baseline_instrument_find(self.base, METRIC_GROWTH)->doubtful, site_sizes_hash(key), 5);
    }
    Figure *measured = measurement_set(self.measurement, METRIC_GROWTH, growth, call_sites_new());
    measured->doubtful = call_sites_new();
    add_site(measured->doubtful, "audit main", 5, 0);
    g_autoptr(InstrumentResult) result = judge(&self);
    const Comparison *comparison = comparison_of(result, METRIC_GROWTH);
    if (result->verdict == VERDICT_REGRESSED) {
        ck_assert_ptr_nonnull(strstr(comparison->sentence, "growth at 1 call site that did not grow"));
        ck_assert_uint_eq(comparison->deltas->len, 1);
        ck_assert_str_eq(((const SiteDelta *)g_ptr_array_index(comparison->deltas, 0))->key,
                         "audit (work.c) < main (work.c)");
    }
    return result->verdict;
}

START_TEST(test_doubtful_growth_is_red_only_where_the_baseline_did_not_have_it)
{
    ck_assert_int_eq(verdict_of_doubtful("audit main", 0), VERDICT_PASS);
    ck_assert_int_eq(verdict_of_doubtful("load main", 0), VERDICT_REGRESSED);
    ck_assert_int_eq(verdict_of_doubtful("load main", 100), VERDICT_REGRESSED);
    ck_assert_int_eq(verdict_of_doubtful(NULL, 0), VERDICT_PASS);
}
END_TEST

START_TEST(test_what_a_run_may_have_by_chance_is_the_largest_and_twice_the_range)
{
    for (gint64 more = 0; more < 2; more++) {
        Case self = case_new();
        set_base(&self, METRIC_RETAINED, MIB, 300);
        baseline_instrument_find(self.base, METRIC_RETAINED)->highest = MIB + 200;
        measurement_set(self.measurement, METRIC_RETAINED, MIB + 800 + more, NULL);
        g_autoptr(InstrumentResult) result = judge(&self);
        check_verdict(result, more == 0 ? VERDICT_PASS : VERDICT_REGRESSED);
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
                set_base(&self, METRIC_RETAINED, MIB, 0);
                measurement_set(self.measurement, METRIC_RETAINED, MIB + 64 * KIB + more, NULL);
                g_autoptr(InstrumentResult) result = judge(&self);
                check_verdict(result, python && !named && more == 0 ? VERDICT_PASS : VERDICT_REGRESSED);
            }
}
END_TEST

/* Growth of Python that was accepted moves between its call sites; at a new one it is growth. */
START_TEST(test_accepted_growth_of_python_may_move_and_new_growth_may_not)
{
    const struct {
        gboolean python;
        gint64 load, copy, audit;
        Verdict verdict;
    } cases[] = {{TRUE, 100, 40, 0, VERDICT_PASS},      {TRUE, 95, 79, 0, VERDICT_PASS},
                 {TRUE, 95, 81, 0, VERDICT_REGRESSED},  {TRUE, 136, 40, 0, VERDICT_REGRESSED},
                 {TRUE, 100, 40, 2, VERDICT_REGRESSED}, {FALSE, 100, 41, 0, VERDICT_REGRESSED},
                 {TRUE, 100, 40, -7, VERDICT_PASS},     {TRUE, 100, 40, -14, VERDICT_REGRESSED}};
    for (gsize c = 0; c < G_N_ELEMENTS(cases); c++) {
        Case self = case_new();
        self.environment->python = cases[c].python ? g_strdup("CPython 3.12.1") : NULL;
        self.baseline->environment->python = g_strdup(self.environment->python);
        set_base(&self, METRIC_GROWTH, 140, 0);
        BaselineFigure *base = baseline_instrument_find(self.base, METRIC_GROWTH);
        g_autofree char *key = key_of("audit main");
        base->sites = call_sites_new();
        add_site(base->sites, "load main", 100, 0), add_site(base->sites, "copy main", 40, 0);
        base->doubtful = site_sizes_new();
        if (cases[c].audit < 0) /* it was doubtful, at 5 bytes */
            site_sizes_add(base->doubtful, site_sizes_hash(key), 5);
        CallSites *now = call_sites_new();
        add_site(now, "load main", cases[c].load, 0), add_site(now, "copy main", cases[c].copy, 0);
        if (cases[c].audit != 0)
            add_site(now, "audit main", ABS(cases[c].audit), 0);
        measurement_set(self.measurement, METRIC_GROWTH, call_sites_total_bytes(now), now);
        g_autoptr(InstrumentResult) result = judge(&self);
        ck_assert_msg(result->verdict == cases[c].verdict, "case %zu: %s", c, verdict_name(result->verdict));
    }
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
        set_base(&self, cases[c].metric, 100, 0);
        measurement_set(self.measurement, cases[c].metric, MIB, NULL);
        g_autoptr(InstrumentResult) result = judge(&self);
        ck_assert_msg(result->verdict == cases[c].verdict, "case %zu: %s", c, verdict_name(result->verdict));
        if (cases[c].verdict == VERDICT_INCOMPARABLE)
            ck_assert_ptr_nonnull(strstr(result->sentence, "pin them in the scenario (cpus: 2)"));
    }
}
END_TEST

SUITE(compare, 20)
{
    tcase_add_test(tcase, test_more_held_on_another_number_of_processors_is_incomparable_and_growth_is_not);
    tcase_add_test(tcase, test_accepted_growth_of_python_may_move_and_new_growth_may_not);
    tcase_add_test(tcase, test_an_interpreter_keeps_what_its_folders_and_environment_are);
    tcase_add_test(tcase, test_doubtful_growth_is_red_only_where_the_baseline_did_not_have_it);
    tcase_add_test(tcase, test_what_a_run_may_have_by_chance_is_the_largest_and_twice_the_range);
    tcase_add_test(tcase, test_what_chance_adds_to_sampled_figures_is_no_regression);
    tcase_add_test(tcase, test_the_allowance_is_the_largest_of_percent_floor_and_spread);
    tcase_add_test(tcase, test_a_percentage_is_rounded_to_the_nearest_byte);
    tcase_add_test(tcase, test_figures_beyond_any_machine_do_not_wrap_into_a_pass);
    tcase_add_test(tcase, test_a_regression_says_now_then_and_allowed);
    tcase_add_test(tcase, test_the_worst_metric_gives_the_verdict_of_all);
    tcase_add_test(tcase, test_a_ceiling_holds_though_the_allowance_does_not_mind);
    tcase_add_test(tcase, test_a_ceiling_says_what_it_is);
    tcase_add_test(tcase, test_what_passes_through_is_judged_only_where_it_is_asked_for);
    tcase_add_test(tcase, test_a_ceiling_holds_for_what_is_not_judged);
    tcase_add_test(tcase, test_a_baseline_that_lists_no_sites_judges_the_total_and_says_so);
    tcase_add_test(tcase, test_a_site_of_what_passes_through_may_add_what_the_whole_may);
    tcase_add_test(tcase, test_growth_that_the_scenario_names_and_nobody_measured_is_broken);
    tcase_add_test(tcase, test_a_ceiling_holds_without_a_baseline_and_with_an_incomparable_one);
    tcase_add_test(tcase, test_no_baseline_is_new_and_says_so);
    tcase_add_test(tcase, test_a_baseline_of_other_instruments_only_is_new_and_names_what_is_missing);
    tcase_add_test(tcase, test_a_metric_that_the_baseline_lacks_is_new);
    tcase_add_test(tcase, test_a_baseline_that_is_older_than_a_metric_is_not_judged_by_it);
    tcase_add_test(tcase, test_what_is_mapped_is_exact_where_the_rest_is_sampled);
    tcase_add_test(tcase, test_a_metric_of_the_baseline_that_was_not_measured_is_broken);
    tcase_add_test(tcase, test_a_change_of_one_instruments_tool_concerns_that_one_alone);
    tcase_add_test(tcase, test_a_baseline_of_another_environment_is_incomparable_and_never_a_pass);
    tcase_add_test(tcase, test_a_baseline_of_another_platform_only_is_incomparable_and_named);
    tcase_add_test(tcase, test_a_run_with_a_problem_is_broken_whatever_it_measured);
    tcase_add_test(tcase,
                   test_a_baseline_that_holds_nothing_of_an_instrument_that_measured_nothing_is_no_pass);
    tcase_add_test(tcase, test_verdicts_are_ordered_named_and_end_as_promised);
    tcase_add_test(tcase, test_a_result_counts_its_scenarios_and_is_as_bad_as_the_worst);
}

SUITE(compare_sites, 20)
{
    tcase_add_test(tcase, test_a_site_is_similar_where_one_frame_came_went_or_changed);
    tcase_add_test(tcase, test_call_sites_differ_by_what_grew_came_shrank_and_vanished_largest_first);
    tcase_add_test(tcase, test_a_site_may_be_split_and_joined_and_no_byte_counts_twice);
    tcase_add_test(tcase, test_deltas_keep_the_lines_of_now);
    tcase_add_test(tcase, test_one_call_site_may_add_its_allowance_and_not_a_byte_more);
    tcase_add_test(tcase, test_a_site_that_was_not_listed_may_have_had_the_cutoff);
    tcase_add_test(tcase, test_a_site_may_have_what_it_had_and_its_slack_and_a_new_one_nothing);
    tcase_add_test(tcase, test_a_site_may_have_as_much_more_by_chance_as_the_whole);
    tcase_add_test(tcase, test_a_site_at_the_cutoff_is_no_difference);
    tcase_add_test(tcase, test_an_allocation_reached_another_way_is_no_regression);
    tcase_add_test(tcase, test_one_loss_excuses_one_gain_of_its_size_only);
    tcase_add_test(tcase, test_another_allocation_of_the_same_size_is_a_regression);
    tcase_add_test(tcase, test_a_new_call_site_regresses_though_the_total_is_flat);
    tcase_add_test(tcase, test_a_baseline_that_knows_no_call_sites_judges_the_total_only);
    tcase_add_test(tcase, test_a_baseline_of_zero_knows_that_there_was_no_call_site);
    tcase_add_test(tcase, test_only_the_largest_twenty_differences_are_kept_that_explain_the_verdict);
    tcase_add_test(tcase, test_what_shrank_does_not_explain_a_regression);
}
