/* A dead pointer decides whether memcheck calls a block lost or possibly lost; no verdict hangs on it. */
#include "gate/compare.h"

#include "runner.h"

/* A call site, and what it lost and may have lost. */
typedef struct {
    const char *function;
    gint64 lost, possibly_lost;
} Site;

static CallSites *sites_of(const Site *sites, gboolean possibly)
{
    CallSites *self = call_sites_new();
    for (; sites->function != NULL; sites++) {
        const Frame frames[] = {{.function = sites->function, .file = "work.c"},
                                {.function = "main", .file = "work.c"}};
        gint64 bytes = possibly ? sites->possibly_lost : sites->lost;
        if (bytes > 0)
            call_sites_add(self, frames, G_N_ELEMENTS(frames), bytes, 1);
    }
    return self;
}

static void set_base(BaselineInstrument *base, MetricId id, CallSites *sites)
{
    BaselineFigure *figure = baseline_figure_new(id);
    figure->value = figure->highest = call_sites_total_bytes(sites);
    figure->sites = sites;
    baseline_instrument_put(base, figure);
}

/* The verdict of one run after another one was captured. */
static InstrumentResult *verdict_of(const Site *then, const Site *now)
{
    g_autoptr(Baseline) baseline = baseline_new("work");
    BaselineInstrument *base = baseline_instrument_new("memcheck");
    Measurement *measurement = measurement_new("memcheck");
    Allow allow;
    allow_init(&allow);
    g_ptr_array_add(baseline->instruments, base);
    for (int possibly = 0; possibly < 2; possibly++) {
        MetricId id = possibly ? METRIC_POSSIBLY_LOST : METRIC_LOST;
        CallSites *sites = sites_of(now, possibly);
        set_base(base, id, sites_of(then, possibly));
        measurement_set(measurement, id, call_sites_total_bytes(sites), sites);
    }
    const Reference reference = {baseline, NULL, baseline->environment, &allow};
    InstrumentResult *result = compare(&reference, measurement);
    allow_clear(&allow);
    return result;
}

static void check_both_ways(const Site *one, const Site *other)
{
    for (int back = 0; back < 2; back++) {
        g_autoptr(InstrumentResult) result = back ? verdict_of(other, one) : verdict_of(one, other);
        ck_assert_msg(result->verdict <= VERDICT_IMPROVED, "%s", verdict_name(result->verdict));
    }
}

/* Checks that this site alone is red, with so many bytes more. */
static void check_red(const Site *then, const Site *now, MetricId id, const char *function, gint64 bytes)
{
    g_autoptr(InstrumentResult) result = verdict_of(then, now);
    const Comparison *comparison = instrument_result_find(result, id);
    ck_assert_int_eq(comparison->verdict, VERDICT_REGRESSED);
    ck_assert_uint_eq(comparison->deltas->len, 1);
    const SiteDelta *delta = g_ptr_array_index(comparison->deltas, 0);
    ck_assert(g_str_has_prefix(delta->key, function));
    ck_assert_int_eq(delta->delta_bytes, bytes);
}

START_TEST(test_a_block_that_moves_between_lost_and_possibly_lost_is_no_regression)
{
    check_both_ways((const Site[]){{"keep", 16, 0}, {"other", 5, 7}, {0}},
                    (const Site[]){{"keep", 0, 16}, {"other", 5, 7}, {0}});
    /* One of several blocks of a site. */
    check_both_ways((const Site[]){{"keep", 160, 32}, {0}}, (const Site[]){{"keep", 144, 48}, {0}});
}
END_TEST

START_TEST(test_what_a_lost_block_led_to_moves_with_it)
{
    check_both_ways((const Site[]){{"list", 176, 0}, {0}},
                    (const Site[]){{"list", 0, 16}, {"node", 0, 100}, {"text", 0, 60}, {0}});
}
END_TEST

START_TEST(test_what_is_lost_besides_is_a_regression_with_its_name)
{
    const Site then[] = {{"keep", 16, 0}, {0}};
    check_red(then, (const Site[]){{"keep", 0, 32}, {0}}, METRIC_POSSIBLY_LOST, "keep", 16);
    check_red(then, (const Site[]){{"keep", 0, 16}, {"leak", 0, 1}, {0}}, METRIC_POSSIBLY_LOST, "leak", 1);
    /* What went away and what came have nothing in common. */
    check_red(then, (const Site[]){{"leak", 0, 16}, {0}}, METRIC_POSSIBLY_LOST, "leak", 16);
    check_red((const Site[]){{"keep", 0, 16}, {0}}, (const Site[]){{"leak", 16, 0}, {0}}, METRIC_LOST, "leak",
              16);
    /* A lost block's site has all that was lost with it: nothing of that is lost elsewhere. */
    check_red((const Site[]){{"pool", 0, 1000}, {0}}, (const Site[]){{"pool", 100, 0}, {"leak", 900, 0}, {0}},
              METRIC_LOST, "leak", 900);
    /* What led to nothing that moved takes nothing with it. */
    check_red((const Site[]){{"pool", 100, 0}, {"mended", 1000, 0}, {0}},
              (const Site[]){{"pool", 0, 1100}, {0}}, METRIC_POSSIBLY_LOST, "pool", 1000);
    /* Nothing moved: the other metric has what it had. */
    check_red((const Site[]){{"keep", 16, 16}, {0}}, (const Site[]){{"keep", 16, 32}, {0}},
              METRIC_POSSIBLY_LOST, "keep", 16);
}
END_TEST

SUITE(flips, 20)
{
    tcase_add_test(tcase, test_a_block_that_moves_between_lost_and_possibly_lost_is_no_regression);
    tcase_add_test(tcase, test_what_a_lost_block_led_to_moves_with_it);
    tcase_add_test(tcase, test_what_is_lost_besides_is_a_regression_with_its_name);
}
