#include "model/metric.h"

#include <string.h>

#include "model/measurement.h"
#include "runner.h"

START_TEST(test_every_metric_has_a_name_a_title_and_a_sentence)
{
    guint rank = 0;
    for (const Metric *metric = metrics_all(); metric->name != NULL; metric++) {
        ck_assert_ptr_eq(metric_get(metric->id), metric);
        ck_assert_ptr_nonnull(metric->title);
        ck_assert(g_str_has_suffix(metric->summary, "."));
        ck_assert_uint_eq(strspn(metric->name, "abcdefghijklmnopqrstuvwxyz_"), strlen(metric->name));
        ck_assert_int_eq(metric_find(metric->name), metric->id);
        ck_assert_msg(strstr(metric->change, "%s") != strrchr(metric->change, '%'), "%s", metric->change);
        for (const Metric *other = metrics_all(); other < metric; other++)
            ck_assert_uint_ne(metric->rank, other->rank);
        rank = MAX(rank, metric->rank);
    }
    ck_assert_uint_eq(rank, METRIC_TOTAL_ALLOCATED + 1);
    /* What files of other tools count is none that a scenario may name. */
    for (int id = METRIC_COPIED; id <= METRIC_UNITS; id++) {
        ck_assert_int_eq(metric_get((MetricId)id)->id, id);
        ck_assert_int_eq(metric_find(metric_get((MetricId)id)->name), -1);
        ck_assert(!metric_is_measured_by((MetricId)id, "heap"));
    }
    ck_assert_int_eq(metric_find("rss"), -1);
    ck_assert_int_eq(metric_find(""), -1);
}
END_TEST

/* A leak has no slack by default: neither in per cent nor in bytes. */
START_TEST(test_what_leaks_has_no_allowance_by_default)
{
    const MetricId exact[] = {METRIC_RETAINED, METRIC_GROWTH, METRIC_LOST, METRIC_POSSIBLY_LOST,
                              METRIC_ERRORS};
    for (gsize i = 0; i < G_N_ELEMENTS(exact); i++) {
        ck_assert_double_eq(metric_get(exact[i])->default_percent, 0);
        ck_assert_int_eq(metric_get(exact[i])->default_floor, 0);
    }
}
END_TEST

START_TEST(test_values_are_printed_in_their_unit)
{
    const struct {
        MetricId id;
        gint64 value;
        const char *text, *with_sign;
    } cases[] = {{METRIC_PEAK, 2013266, "1.92 MiB", "+1.92 MiB"},
                 {METRIC_GROWTH, 48, "48 B/iteration", "+48 B/iteration"},
                 {METRIC_GROWTH, -48, "-48 B/iteration", "-48 B/iteration"},
                 {METRIC_ERRORS, 3, "3", "+3"},
                 {METRIC_ERRORS, -3, "-3", "-3"},
                 {METRIC_ERRORS, 0, "0", "0"},
                 {METRIC_ALLOCATIONS, 999, "999", "+999"},
                 {METRIC_ALLOCATIONS, 1204, "1,204", "+1,204"},
                 {METRIC_TEMPORARY, -123456, "-123,456", "-123,456"},
                 {METRIC_TEMPORARY, 1234567, "1,234,567", "+1,234,567"},
                 {METRIC_TOTAL_ALLOCATED, 2013266, "1.92 MiB", "+1.92 MiB"},
                 {METRIC_LOST, 0, "0 B", "0 B"},
                 {METRIC_PEAK, G_MAXINT64, "8388608 TiB", "+8388608 TiB"},
                 {METRIC_PEAK, G_MININT64, "-8388608 TiB", "-8388608 TiB"}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = metric_format(cases[i].id, cases[i].value);
        g_autofree char *with_sign = metric_format_signed(cases[i].id, cases[i].value);
        ck_assert_str_eq(text, cases[i].text);
        ck_assert_str_eq(with_sign, cases[i].with_sign);
    }
}
END_TEST

START_TEST(test_a_measurement_keeps_its_first_problem_and_its_last_value)
{
    g_autoptr(Measurement) measurement = measurement_new("massif");
    measurement_set_problem(measurement, "first %d", 1);
    measurement_set_problem(measurement, "second");
    ck_assert_str_eq(measurement->problem, "first 1");
    CallSites *one = call_sites_new(), *two = call_sites_new();
    call_sites_add_key(two, "small (a.c)", 1, 0);
    call_sites_add_key(two, "large (a.c)", 2, 0);
    measurement_set(measurement, METRIC_PEAK, 1, one);
    measurement_set(measurement, METRIC_PEAK, 3, two);
    ck_assert_ptr_nonnull(measurement_find(measurement, METRIC_PEAK));
    ck_assert_int_eq(measurement_value(measurement, METRIC_PEAK), 3);
    ck_assert_str_eq(call_sites_get(measurement_find(measurement, METRIC_PEAK)->sites, 0)->key,
                     "large (a.c)");
    ck_assert_ptr_null(measurement_find(measurement, METRIC_GROWTH));
    measurement_free(NULL);
}
END_TEST

SUITE(metric, 10)
{
    tcase_add_test(tcase, test_every_metric_has_a_name_a_title_and_a_sentence);
    tcase_add_test(tcase, test_what_leaks_has_no_allowance_by_default);
    tcase_add_test(tcase, test_values_are_printed_in_their_unit);
    tcase_add_test(tcase, test_a_measurement_keeps_its_first_problem_and_its_last_value);
}
