/* The growth rule: every constant leak is called, no healthy series ever is. Most tests go through all
 * lengths, periods and phases that a workflow may have. */
#include "model/growth.h"

#include <math.h>

#include "runner.h"
#include "scenario/scenario.h"

enum { FEWEST = SCENARIO_FEWEST_COUNTED, MOST = 48, HEAP = 40 * 1024 * 1024 };

/* A series under construction: points[0] is before counting. */
typedef struct {
    gint64 bytes[512];
    guint points;
} Series;

static Series flat(guint counted, gint64 bytes)
{
    Series series = {.points = counted + 1};
    for (guint i = 0; i <= counted; i++)
        series.bytes[i] = bytes;
    return series;
}

/* What is called without a baseline, in bytes per iteration. */
static gint64 growth_of(const Series *series)
{
    GrowthFound found = growth_of_bytes(series->bytes, series->points);
    return found.evidence == GROWTH_SURE ? found.bytes_per_iteration : 0;
}

static void check_healthy(const Series *series, const char *what, guint a, guint b)
{
    ck_assert_msg(growth_of(series) == 0, "%s called: %u counted, %u, %u", what, series->points - 1, a, b);
}

static void check_leak(const Series *series, gint64 least, gint64 most, const char *what, guint a)
{
    gint64 found = growth_of(series);
    ck_assert_msg(found >= least && found <= most,
                  "%s: %u counted, %u: expected %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT
                  ", found %" G_GINT64_FORMAT,
                  what, series->points - 1, a, least, most, found);
}

START_TEST(test_a_leak_of_one_byte_or_one_block_is_called_exactly_whatever_the_heap)
{
    const gint64 leaks[] = {1, 16, 48, 4096, 1 << 20}, heaps[] = {0, 1000, HEAP, (gint64)1 << 40};
    for (guint counted = 4; counted <= MOST; counted++)
        for (gsize l = 0; l < G_N_ELEMENTS(leaks); l++)
            for (gsize h = 0; h < G_N_ELEMENTS(heaps); h++) {
                Series series = flat(counted, heaps[h]);
                for (guint i = 0; i <= counted; i++)
                    series.bytes[i] += leaks[l] * i;
                check_leak(&series, leaks[l], leaks[l], "a constant leak", 0);
            }
}
END_TEST

START_TEST(test_a_leak_in_every_second_or_third_iteration_is_called)
{
    for (guint counted = FEWEST; counted <= MOST; counted++)
        for (guint phase = 0; phase < 2; phase++) {
            Series series = flat(counted, HEAP);
            for (guint i = 0; i <= counted; i++)
                series.bytes[i] += 16 * ((i + phase) / 2);
            check_leak(&series, 7, 10, "every 2nd iteration", phase);
        }
    for (guint counted = 12; counted <= MOST; counted += 12)
        for (guint phase = 0; phase < 3; phase++) {
            Series series = flat(counted, HEAP);
            for (guint i = 0; i <= counted; i++)
                series.bytes[i] += 48 * ((i + phase) / 3);
            check_leak(&series, 16, 16, "every 3rd iteration", phase);
        }
}
END_TEST

START_TEST(test_a_leak_of_varying_size_is_called)
{
    for (guint counted = FEWEST; counted <= MOST; counted++) {
        Series series = flat(counted, HEAP);
        for (guint i = 1; i <= counted; i++)
            series.bytes[i] = series.bytes[i - 1] + 16 * (1 + i * 7 % 5);
        check_leak(&series, 16, 80, "a leak of 16 to 80 bytes", 0);
    }
}
END_TEST

START_TEST(test_a_leak_beside_working_memory_that_comes_and_goes_is_called)
{
    for (guint counted = FEWEST; counted <= MOST; counted++)
        for (guint phase = 0; phase < 2; phase++) {
            Series series = flat(counted, HEAP);
            for (guint i = 0; i <= counted; i++)
                series.bytes[i] += 16 * i + ((i + phase) % 2 == 0 ? 100000 : 0);
            ck_assert_int_gt(growth_of(&series), 0);
        }
}
END_TEST

/* A saw-tooth that falls once is called only if it falls within the first sixth of the counted iterations and
 * never again: until it falls, nobody can tell it from a leak. */
START_TEST(test_no_saw_tooth_of_any_period_and_phase_is_called)
{
    for (guint counted = FEWEST; counted <= MOST; counted++)
        for (guint period = 1; 6 * period < 5 * counted; period++)
            for (guint phase = 0; phase < period; phase++) {
                Series up = flat(counted, HEAP), steep = flat(counted, 0);
                for (guint i = 0; i <= counted; i++) {
                    up.bytes[i] += 16 * ((i + phase) % period);
                    steep.bytes[i] += ((gint64)1 << MIN((i + phase) % period, 40)) - 1;
                }
                check_healthy(&up, "a saw-tooth", period, phase);
                check_healthy(&steep, "a steep saw-tooth", period, phase);
            }
}
END_TEST

START_TEST(test_no_saw_tooth_that_drains_slowly_or_stays_full_is_called)
{
    for (guint counted = FEWEST; counted <= MOST; counted++)
        for (guint period = 2; 6 * period < 5 * counted; period++)
            for (guint phase = 0; phase < period; phase++) {
                Series triangle = flat(counted, HEAP), square = flat(counted, HEAP);
                for (guint i = 0; i <= counted; i++) {
                    guint at = (i + phase) % period;
                    triangle.bytes[i] += 64 * MIN(at, period - at);
                    square.bytes[i] += at * 2 < period ? 0 : 4096;
                }
                check_healthy(&triangle, "a triangle", period, phase);
                check_healthy(&square, "a square wave", period, phase);
            }
}
END_TEST

START_TEST(test_no_cache_that_fills_and_stays_is_called)
{
    for (guint counted = FEWEST; counted <= MOST; counted++)
        for (guint filled = 0; filled <= counted * 3 / 4; filled++) {
            Series cache = flat(counted, HEAP), slowing = flat(counted, 0);
            for (guint i = 0; i <= counted; i++) {
                cache.bytes[i] += 4096 * (gint64)MIN(i, filled);
                slowing.bytes[i] = 100000 - (100000 >> MIN(i, MIN(filled, 17)));
            }
            check_healthy(&cache, "a cache", filled, 0);
            check_healthy(&slowing, "a cache that fills more and more slowly", filled, 0);
        }
}
END_TEST

/* A cache that is full and forgets: it stays near its limit. */
START_TEST(test_no_cache_that_evicts_at_its_limit_is_called)
{
    for (guint counted = FEWEST; counted <= MOST; counted++)
        for (guint limit = 1; limit <= counted / 2; limit++)
            for (guint evicts = 1; evicts <= limit; evicts++) {
                Series series = flat(counted, HEAP);
                guint held = 0;
                for (guint i = 0; i <= counted; i++) {
                    series.bytes[i] += 128 * held;
                    held = held == limit ? limit - evicts : held + 1;
                }
                check_healthy(&series, "a cache that evicts", limit, evicts);
            }
}
END_TEST

/* A list that gets `per_iteration` elements in each iteration, warm-up included; its capacity was `capacity`
 * once. */
static Series doubling_list(guint counted, guint warmup, guint per_iteration, double factor, double capacity)
{
    Series series = flat(counted, HEAP);
    for (guint i = 0; i <= counted; i++) {
        while (capacity < (double)(warmup + i) * per_iteration)
            capacity = ceil(capacity * factor);
        series.bytes[i] += 8 * (gint64)capacity;
    }
    return series;
}

static void check_doubling(double factor, guint warmup)
{
    enum { PHASES = 60 };
    for (guint counted = FEWEST; counted <= MOST; counted++)
        for (guint per_iteration = 1; per_iteration <= 1000; per_iteration *= 10)
            for (guint phase = 0; phase < PHASES; phase++) {
                double capacity = ceil(2 * per_iteration * pow(factor, (double)phase / PHASES));
                Series series = doubling_list(counted, warmup, per_iteration, factor, capacity);
                check_healthy(&series, "a list that doubles its capacity", per_iteration, phase);
            }
}

START_TEST(test_no_list_that_doubles_its_capacity_is_called_at_any_phase)
{
    for (guint warmup = 1; warmup <= 5; warmup++)
        check_doubling(2, warmup);
}
END_TEST

START_TEST(test_no_list_that_grows_by_half_its_capacity_is_called_at_any_phase)
{
    for (guint warmup = 1; warmup <= 6; warmup++)
        check_doubling(1.5, warmup);
}
END_TEST

/* What is kept of the last job only: its size is anything. Short runs cannot tell a few unlucky sizes from a
 * leak. */
START_TEST(test_sizes_without_order_are_hardly_ever_called)
{
    enum { SERIES = 4000 };
    const struct {
        guint counted, most;
    } cases[] = {{8, SERIES / 10}, {12, SERIES / 10}, {17, SERIES / 100}, {27, SERIES / 400}, {47, 0}};
    g_autoptr(GRand) random = g_rand_new_with_seed(2);
    for (gsize c = 0; c < G_N_ELEMENTS(cases); c++) {
        guint called = 0;
        for (guint s = 0; s < SERIES; s++) {
            Series series = flat(cases[c].counted, HEAP);
            for (guint i = 0; i < series.points; i++)
                series.bytes[i] += g_rand_int_range(random, 0, 1 << 20);
            called += growth_of(&series) > 0;
        }
        ck_assert_msg(called <= cases[c].most, "%u counted: %u of %u called", cases[c].counted, called,
                      SERIES);
    }
}
END_TEST

START_TEST(test_what_doubles_in_every_iteration_is_called)
{
    Series series = flat(12, HEAP);
    for (guint i = 0; i <= 12; i++)
        series.bytes[i] += (gint64)16 << i;
    ck_assert_int_gt(growth_of(&series), 0);
}
END_TEST

START_TEST(test_what_shrinks_or_stays_is_never_called)
{
    for (guint counted = 4; counted <= MOST; counted++) {
        Series series = flat(counted, HEAP);
        check_healthy(&series, "a flat series", 0, 0);
        for (guint i = 0; i <= counted; i++)
            series.bytes[i] -= 16 * i;
        check_healthy(&series, "a shrinking series", 0, 0);
    }
}
END_TEST

START_TEST(test_series_shorter_than_five_points_never_grow)
{
    const gint64 bytes[] = {0, 16, 32, 48, 64};
    for (guint points = 0; points < 5; points++)
        ck_assert_int_eq(growth_of_bytes(bytes, points).bytes_per_iteration, 0);
    ck_assert_int_eq(growth_of_bytes(bytes, 5).bytes_per_iteration, 16);
}
END_TEST

/* The leak that a series would have shown. */
static gint64 bound_of(const Series *series)
{
    const GrowthSeries live = {.bytes = series->bytes, .oldest_freed = GROWTH_AGE_UNKNOWN};
    return growth_bound_of_series(&live, series->points, 1);
}

START_TEST(test_the_bound_of_a_series_is_called_when_it_leaks)
{
    for (guint counted = FEWEST; counted <= MOST; counted++)
        for (guint period = 1; period <= 20; period++) {
            Series series = flat(counted, HEAP);
            for (guint i = 0; i <= counted; i++)
                series.bytes[i] += 1000 * (i % period) + 7000 * (i * i % 11 == 3);
            if (growth_of(&series) > 0)
                continue;
            gint64 bound = bound_of(&series);
            for (guint i = 0; i <= counted; i++)
                series.bytes[i] += bound * i;
            check_leak(&series, 1, 2 * bound + 7000, "its bound", period);
        }
}
END_TEST

START_TEST(test_a_rare_leak_where_nothing_goes_is_sure_in_a_long_run_and_doubtful_in_a_short_one)
{
    const struct {
        guint counted, every;
        GrowthEvidence evidence;
    } cases[] = {{17, 3, GROWTH_SURE},      {17, 5, GROWTH_DOUBTFUL}, {17, 8, GROWTH_NONE},
                 {57, 5, GROWTH_SURE},      {57, 10, GROWTH_SURE},    {97, 10, GROWTH_SURE},
                 {37, 10, GROWTH_DOUBTFUL}, {57, 25, GROWTH_NONE}};
    for (gsize c = 0; c < G_N_ELEMENTS(cases); c++) {
        Series series = flat(cases[c].counted, HEAP);
        for (guint i = 0; i <= cases[c].counted; i++)
            series.bytes[i] += 16 * ((i + cases[c].every / 2) / cases[c].every);
        ck_assert_msg(growth_of_bytes(series.bytes, series.points).evidence == cases[c].evidence,
                      "every %u in %u: %d", cases[c].every, cases[c].counted,
                      growth_of_bytes(series.bytes, series.points).evidence);
    }
}
END_TEST

START_TEST(test_what_is_said_to_be_seen_rarely_is_seen_at_every_phase)
{
    for (guint counted = 8; counted <= 100; counted++) {
        guint every = growth_rarest(counted);
        ck_assert_uint_gt(every, 1);
        for (guint phase = 0; phase < every; phase++) {
            Series series = flat(counted, HEAP);
            for (guint i = 0; i <= counted; i++)
                series.bytes[i] += 16 * ((i + phase) / every);
            ck_assert_msg(growth_of_bytes(series.bytes, series.points).evidence >= GROWTH_DOUBTFUL,
                          "one of %u in %u, phase %u", every, counted, phase);
        }
    }
}
END_TEST

/* What the site of a ring holds, with `leaks` blocks of 16 bytes kept in each iteration besides; each entry
 * of the ring lives for `age` iterations. */
typedef struct {
    gint64 bytes[64], blocks[64], born_bytes[64], born_blocks[64];
} RingSeries;

static GrowthFound growth_of_ring(guint counted, guint age, gint64 leaks, RingSeries *ring)
{
    for (guint i = 0; i <= counted; i++) {
        ring->bytes[i] = 100 * MIN(i, age) + 16 * leaks * i + i * 37 % 11;
        ring->blocks[i] = MIN(i, age) + leaks * i;
        ring->born_blocks[i] = leaks * i + (i + age > counted ? i + age - counted : 0);
        ring->born_bytes[i] = 16 * leaks * i + (i + age > counted ? 100 * (i + age - counted) : 0);
    }
    const GrowthSeries series = {ring->bytes, ring->blocks, ring->born_bytes, ring->born_blocks, age};
    return growth_of_series(&series, counted + 1);
}

START_TEST(test_what_lives_longer_than_anything_that_was_freed_is_called_and_a_ring_is_not)
{
    for (guint counted = 20; counted <= 60; counted++)
        for (guint age = 0; age <= counted / 2; age++) {
            RingSeries ring;
            ck_assert_msg(growth_of_ring(counted, age, 0, &ring).evidence == GROWTH_NONE,
                          "%u counted: a ring of %u is called", counted, age);
            GrowthFound leaking = growth_of_ring(counted, age, 1, &ring);
            ck_assert_msg(leaking.evidence == GROWTH_SURE, "%u counted, age %u: not called", counted, age);
        }
}
END_TEST

SUITE(growth, 60)
{
    tcase_add_test(tcase, test_a_leak_of_one_byte_or_one_block_is_called_exactly_whatever_the_heap);
    tcase_add_test(tcase, test_a_leak_in_every_second_or_third_iteration_is_called);
    tcase_add_test(tcase, test_a_leak_of_varying_size_is_called);
    tcase_add_test(tcase, test_a_leak_beside_working_memory_that_comes_and_goes_is_called);
    tcase_add_test(tcase, test_no_saw_tooth_of_any_period_and_phase_is_called);
    tcase_add_test(tcase, test_no_saw_tooth_that_drains_slowly_or_stays_full_is_called);
    tcase_add_test(tcase, test_no_cache_that_fills_and_stays_is_called);
    tcase_add_test(tcase, test_no_cache_that_evicts_at_its_limit_is_called);
    tcase_add_test(tcase, test_no_list_that_doubles_its_capacity_is_called_at_any_phase);
    tcase_add_test(tcase, test_no_list_that_grows_by_half_its_capacity_is_called_at_any_phase);
    tcase_add_test(tcase, test_sizes_without_order_are_hardly_ever_called);
    tcase_add_test(tcase, test_what_doubles_in_every_iteration_is_called);
    tcase_add_test(tcase, test_what_shrinks_or_stays_is_never_called);
    tcase_add_test(tcase, test_series_shorter_than_five_points_never_grow);
    tcase_add_test(tcase, test_the_bound_of_a_series_is_called_when_it_leaks);
    tcase_add_test(tcase,
                   test_a_rare_leak_where_nothing_goes_is_sure_in_a_long_run_and_doubtful_in_a_short_one);
    tcase_add_test(tcase, test_what_is_said_to_be_seen_rarely_is_seen_at_every_phase);
    tcase_add_test(tcase, test_what_lives_longer_than_anything_that_was_freed_is_called_and_a_ring_is_not);
}
