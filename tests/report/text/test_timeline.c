#include "report/text/timeline.h"

#include <string.h>

#include "report/text/chart.h"
#include "runner.h"

/* A heap that rises and falls, below a resident size that stays. */
static Measurement *measured(const char *unit)
{
    enum { MIB = 1024 * 1024 };
    static const TimelinePoint points[] = {{0, 0, 4 * MIB}, {500, 2 * MIB, 4 * MIB}, {1000, MIB, 3 * MIB}};
    Measurement *measurement = measurement_new("heap");
    measurement->time_unit = g_strdup(unit);
    g_array_append_vals(measurement->timeline, points, G_N_ELEMENTS(points));
    return measurement;
}

START_TEST(test_timeline_draws_the_heap_before_resident_memory)
{
    g_autoptr(Measurement) measurement = measured("ms");
    g_autoptr(GString) text = g_string_new(NULL);
    timeline_draw(measurement->timeline, "ms", 4, text);
    g_auto(GStrv) lines = g_strsplit(text->str, "\n", -1);
    ck_assert_uint_eq(g_strv_length(lines), 8);
    ck_assert_msg(g_str_has_prefix(lines[0], "  4.00 MiB |::::"), "%s", text->str);
    ck_assert_ptr_null(strchr(lines[0], '#'));
    ck_assert_ptr_nonnull(strstr(lines[2], "::::####")); /* 1 MiB to 2 MiB */
    ck_assert_ptr_nonnull(strstr(lines[3], "::::####"));
    ck_assert_ptr_nonnull(strstr(lines[5], "1000 ms"));
    ck_assert_str_eq(lines[6], "            # heap   : resident memory");
}
END_TEST

START_TEST(test_timeline_without_resident_memory_needs_no_legend)
{
    g_autoptr(Measurement) measurement = measured("B");
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < measurement->timeline->len; i++)
        g_array_index(measurement->timeline, TimelinePoint, i).rss_bytes = 0;
    timeline_draw(measurement->timeline, NULL, 4, text);
    ck_assert(g_str_has_prefix(text->str, "  2.00 MiB |"));
    ck_assert_ptr_null(strstr(text->str, "resident"));
    g_string_truncate(text, 0);
    g_array_set_size(measurement->timeline, 1);
    timeline_draw(measurement->timeline, NULL, 4, text);
    ck_assert_str_eq(text->str, "");
}
END_TEST

START_TEST(test_timeline_line_has_a_block_for_each_part_of_the_run)
{
    g_autoptr(Measurement) measurement = measured("ms"), other = measured("instructions");
    g_autofree char *line = timeline_line(measurement), *none = timeline_line(other);
    ck_assert_msg(g_str_has_prefix(line, "heap over 1.0 s: ▁▁"), "%s", line);
    ck_assert_msg(g_str_has_suffix(line, "██▅; resident at most 4.00 MiB"), "%s", line);
    ck_assert_ptr_null(none);
}
END_TEST

/* Merged points keep the highest of both series. */
START_TEST(test_chart_keeps_the_highest_of_both_series)
{
    g_autoptr(Chart) chart = chart_new();
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < 100000; i++)
        chart_add_two(chart, i, 10, i == 77777 ? 5000 : 10);
    chart_render(chart, 8, 2, "i", text);
    ck_assert_msg(g_str_has_prefix(text->str, "  4.88 KiB |      :\n"), "%s", text->str);
}
END_TEST

SUITE(report_timeline, 10)
{
    tcase_add_test(tcase, test_timeline_draws_the_heap_before_resident_memory);
    tcase_add_test(tcase, test_timeline_without_resident_memory_needs_no_legend);
    tcase_add_test(tcase, test_timeline_line_has_a_block_for_each_part_of_the_run);
    tcase_add_test(tcase, test_chart_keeps_the_highest_of_both_series);
}
