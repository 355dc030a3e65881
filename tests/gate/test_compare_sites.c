/* The gate's judgement of call sites. */
#include "gate/limits.h"

#include <string.h>

#include "judged_case.h"
#include "runner.h"

enum { KIB = 1024, MIB = 1024 * 1024 };

static gboolean similar(const char *one, const char *two)
{
    g_autofree char *a = site_key(one), *b = site_key(two);
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
        g_ptr_array_unref(differ(one, 0, two, (Allowance){0}, &split));
        ck_assert_uint_eq(split, cases[c].regressed);
        add_site(join, "alloc text parse main", 1000 + 2 * more, 10);
        g_ptr_array_unref(differ(two, 0, join, (Allowance){0}, &joined));
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
    g_autofree char *load = site_key("load main"), *copy = site_key("copy main");
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

/* One call site holds what another one held before: so many sites regress, and so many differ. */
static void check_replaced(const char *old, const char *new, guint expected_regressed, guint expected_deltas)
{
    g_autoptr(CallSites) base = call_sites_new(), now = call_sites_new();
    add_site(base, old, MIB, 1);
    add_site(now, new, MIB, 1);
    guint regressed = 9;
    g_autoptr(GPtrArray) deltas = differ(base, 0, now, (Allowance){0}, &regressed);
    ck_assert_uint_eq(regressed, expected_regressed);
    ck_assert_uint_eq(deltas->len, expected_deltas);
}

START_TEST(test_an_allocation_reached_another_way_is_no_regression)
{
    check_replaced("alloc copy edit main", "alloc copy edit_node main", 0, 0);
}
END_TEST

START_TEST(test_another_allocation_of_the_same_size_is_a_regression)
{
    check_replaced("alloc copy edit main", "alloc print save main", 1, 2);
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

/* A peak that is the same in all, held by another function. */
static InstrumentResult *judge_moved(MetricId id, gint64 bytes)
{
    Case self = case_new();
    case_set_base(&self, id, 10 * MIB, 0);
    CallSites *sites = call_sites_new();
    baseline_instrument_find(self.base, id)->sites = call_sites_new();
    call_sites_add_key(baseline_instrument_find(self.base, id)->sites, "load (work.c) < main (work.c)",
                       10 * MIB, 1);
    add_site(sites, "load main", 10 * MIB - bytes, 1);
    add_site(sites, "cache main", bytes, 1);
    measurement_set(self.measurement, id, 10 * MIB, sites);
    return case_judge(&self);
}

START_TEST(test_a_new_call_site_regresses_though_the_total_is_flat)
{
    g_autoptr(InstrumentResult) result = judge_moved(METRIC_PEAK, 2 * MIB);
    g_autoptr(InstrumentResult) small = judge_moved(METRIC_PEAK, 16 * KIB);
    g_autoptr(InstrumentResult) growth = judge_moved(METRIC_GROWTH, 16);
    result_check(result, VERDICT_REGRESSED);
    result_check(small, VERDICT_PASS);
    result_check(growth, VERDICT_REGRESSED);
    const Comparison *peak = result_comparison(result, METRIC_PEAK);
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
        case_set_base(&self, METRIC_PEAK, 10 * MIB, 0);
        CallSites *sites = call_sites_new();
        add_site(sites, "load main", 10 * MIB + more * MIB, 1);
        measurement_set(self.measurement, METRIC_PEAK, 10 * MIB + more * MIB, sites);
        g_autoptr(InstrumentResult) result = case_judge(&self);
        result_check(result, more ? VERDICT_REGRESSED : VERDICT_PASS);
    }
}
END_TEST

START_TEST(test_a_baseline_of_zero_knows_that_there_was_no_call_site)
{
    Case self = case_new();
    case_set_base(&self, METRIC_RETAINED, 0, 0);
    allow_say(&self.allow, METRIC_RETAINED)->allowance.floor = MIB;
    CallSites *sites = call_sites_new();
    add_site(sites, "load main", 20 * KIB, 1);
    measurement_set(self.measurement, METRIC_RETAINED, 20 * KIB, sites);
    g_autoptr(InstrumentResult) result = case_judge(&self);
    result_check(result, VERDICT_REGRESSED);
}
END_TEST

/* 30 sites by which `total` differs from the baseline's 30 MiB. */
static InstrumentResult *judge_many(gint64 step)
{
    Case self = case_new();
    case_set_base(&self, METRIC_PEAK, 300 * MIB, 0);
    CallSites *sites = call_sites_new();
    baseline_instrument_find(self.base, METRIC_PEAK)->sites = call_sites_new();
    for (guint i = 0; i < 30; i++) {
        g_autofree char *stack = g_strdup_printf("f%02u main", i);
        add_site(baseline_instrument_find(self.base, METRIC_PEAK)->sites, stack, 10 * MIB, 1);
        add_site(sites, stack, 10 * MIB + step * (i + 1), 1);
    }
    measurement_set(self.measurement, METRIC_PEAK, call_sites_total_bytes(sites), sites);
    return case_judge(&self);
}

START_TEST(test_only_the_largest_twenty_differences_are_kept_that_explain_the_verdict)
{
    g_autoptr(InstrumentResult) grown = judge_many(100 * KIB);
    g_autoptr(InstrumentResult) shrunk = judge_many(-100 * KIB);
    g_autoptr(InstrumentResult) same = judge_many(1);
    const Comparison *more = result_comparison(grown, METRIC_PEAK),
                     *less = result_comparison(shrunk, METRIC_PEAK);
    ck_assert_int_eq(more->verdict, VERDICT_REGRESSED);
    ck_assert_uint_eq(more->deltas->len, 20);
    ck_assert_int_eq(((SiteDelta *)g_ptr_array_index(more->deltas, 0))->delta_bytes, 3000 * KIB);
    ck_assert_int_eq(((SiteDelta *)g_ptr_array_index(more->deltas, 19))->delta_bytes, 1100 * KIB);
    ck_assert_int_eq(less->verdict, VERDICT_IMPROVED);
    ck_assert_uint_eq(less->deltas->len, 20);
    ck_assert_int_eq(((SiteDelta *)g_ptr_array_index(less->deltas, 19))->delta_bytes, -3000 * KIB);
    ck_assert_int_eq(result_comparison(same, METRIC_PEAK)->verdict, VERDICT_PASS);
    ck_assert_uint_eq(result_comparison(same, METRIC_PEAK)->deltas->len, 0);
}
END_TEST

START_TEST(test_what_shrank_does_not_explain_a_regression)
{
    Case self = case_new();
    case_set_base(&self, METRIC_PEAK, 10 * MIB, 0);
    CallSites *sites = call_sites_new(),
              *base = baseline_instrument_find(self.base, METRIC_PEAK)->sites = call_sites_new();
    add_site(base, "load main", 10 * MIB, 1);
    add_site(sites, "load main", 5 * MIB, 1);
    add_site(sites, "store main", 15 * MIB, 1);
    measurement_set(self.measurement, METRIC_PEAK, 20 * MIB, sites);
    g_autoptr(InstrumentResult) result = case_judge(&self);
    const Comparison *peak = result_comparison(result, METRIC_PEAK);
    ck_assert_uint_eq(peak->deltas->len, 1);
    ck_assert_int_eq(((SiteDelta *)g_ptr_array_index(peak->deltas, 0))->delta_bytes, 15 * MIB);
}
END_TEST

/* Growth that is doubtful at "audit main", with a baseline that knows these doubtful sites; NULL: it is older
 * than that. */
static Verdict verdict_of_doubtful(const char *known, gint64 growth)
{
    Case self = case_new();
    case_set_base(&self, METRIC_GROWTH, growth, 0);
    if (known != NULL) {
        g_autofree char *key = site_key(known);
        baseline_instrument_find(self.base, METRIC_GROWTH)->doubtful = site_sizes_new();
        site_sizes_add(baseline_instrument_find(self.base, METRIC_GROWTH)->doubtful, site_sizes_hash(key), 5);
    }
    Figure *measured = measurement_set(self.measurement, METRIC_GROWTH, growth, call_sites_new());
    measured->doubtful = call_sites_new();
    add_site(measured->doubtful, "audit main", 5, 0);
    g_autoptr(InstrumentResult) result = case_judge(&self);
    const Comparison *comparison = result_comparison(result, METRIC_GROWTH);
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

/* What moved at "audit main" when the baseline was captured moves there now, or grows. */
START_TEST(test_what_moved_is_known_and_excuses_no_growth)
{
    for (int grows = 0; grows < 2; grows++) {
        Case self = case_new();
        case_set_base(&self, METRIC_GROWTH, 0, 0);
        BaselineFigure *base = baseline_instrument_find(self.base, METRIC_GROWTH);
        g_autofree char *key = site_key("audit main");
        base->sites = call_sites_new();
        base->doubtful = site_sizes_new();
        site_sizes_add(base->doubtful, site_sizes_hash(key), 0);
        CallSites *sites = call_sites_new();
        Figure *measured = measurement_set(self.measurement, METRIC_GROWTH, grows ? 5 : 0, sites);
        measured->moved = call_sites_new();
        add_site(grows ? sites : measured->moved, "audit main", 5, 0);
        g_autoptr(InstrumentResult) result = case_judge(&self);
        ck_assert_int_eq(result->verdict, grows ? VERDICT_REGRESSED : VERDICT_PASS);
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
        case_set_base(&self, METRIC_GROWTH, 140, 0);
        BaselineFigure *base = baseline_instrument_find(self.base, METRIC_GROWTH);
        g_autofree char *key = site_key("audit main");
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
        g_autoptr(InstrumentResult) result = case_judge(&self);
        ck_assert_msg(result->verdict == cases[c].verdict, "case %zu: %s", c, verdict_name(result->verdict));
    }
}
END_TEST

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
    tcase_add_test(tcase, test_what_moved_is_known_and_excuses_no_growth);
    tcase_add_test(tcase, test_doubtful_growth_is_red_only_where_the_baseline_did_not_have_it);
    tcase_add_test(tcase, test_accepted_growth_of_python_may_move_and_new_growth_may_not);
}
