#include "view/view.h"

#include <string.h>

#include "report/text/chart.h"
#include "view/difference.h"
#include "runner.h"

START_TEST(test_view_table_is_whole)
{
    guint rows = 0;
    for (const View *const *view = views_all(); *view != NULL; view++, rows++) {
        ck_assert_uint_gt(strlen((*view)->name), 0);
        ck_assert_uint_gt(strlen((*view)->looks), 0);
        ck_assert((*view)->recognise != NULL && (*view)->show != NULL && (*view)->figures != NULL);
        for (const View *const *other = views_all(); *other != *view; other++)
            ck_assert_str_ne((*other)->name, (*view)->name);
    }
    ck_assert_uint_eq(rows, 4);
}
END_TEST

static char *drawn(const Chart *chart)
{
    GString *output = g_string_new(NULL);
    chart_render(chart, 8, 2, "i", output);
    return g_string_free(output, FALSE);
}

START_TEST(test_chart_draws_values_at_their_times)
{
    g_autoptr(Chart) chart = chart_new();
    chart_add(chart, 0, 0);
    chart_add(chart, 40, 100);
    chart_add(chart, 60, 30);
    chart_add(chart, 80, 0);
    g_autofree char *text = drawn(chart);
    ck_assert_str_eq(text, "     100 B |    ##\n"
                           "           |    ###\n"
                           "       0 B +--------\n"
                           "            0   80 i\n");
}
END_TEST

START_TEST(test_chart_keeps_the_highest_of_any_number_of_points)
{
    g_autoptr(Chart) chart = chart_new();
    for (guint i = 0; i < 100000; i++)
        chart_add(chart, i, i == 77777 ? 5000 : 10);
    g_autofree char *text = drawn(chart);
    ck_assert_msg(g_str_has_prefix(text, "  4.88 KiB |      #\n"), "%s", text);
}
END_TEST

START_TEST(test_chart_draws_times_that_run_backwards_in_their_order)
{
    g_autoptr(Chart) chart = chart_new();
    chart_add(chart, 9, 5);
    chart_add(chart, 3, 10);
    g_autofree char *text = drawn(chart);
    ck_assert_ptr_nonnull(strstr(text, "in the order of the file"));
    g_autoptr(Chart) one = chart_new();
    chart_add(one, 1, 1);
    g_autofree char *none = drawn(one);
    ck_assert_str_eq(none, "");
}
END_TEST

static GPtrArray *figures_with(const char *name, gint64 value, CallSites *sites)
{
    GPtrArray *figures = g_ptr_array_new_with_free_func((GDestroyNotify)figure_free);
    g_ptr_array_add(figures, figure_new(name, METRIC_PEAK, value, sites));
    return figures;
}

START_TEST(test_difference_takes_unknown_call_sites_for_unknown_not_for_gone)
{
    CallSites *sites = call_sites_new();
    Frame frame = {.function = "keep", .file = "t.c", .line = 3};
    call_sites_add(sites, &frame, 1, 100, 1);
    g_autoptr(GPtrArray) before = figures_with("peak", 100, sites), after = figures_with("peak", 120, NULL);
    g_autoptr(GPtrArray) differences = differences_new(before, after);
    const FigureDifference *difference = g_ptr_array_index(differences, 0);
    ck_assert_int_eq(difference->delta, 20);
    ck_assert(!difference->comparable);
    ck_assert_uint_eq(difference->sites->len, 0);
}
END_TEST

START_TEST(test_difference_tells_of_figures_only_one_file_has)
{
    g_autoptr(GPtrArray) before = figures_with("old", 100, NULL), after = figures_with("new", 120, NULL);
    g_autoptr(GPtrArray) differences = differences_new(before, after);
    ck_assert_uint_eq(differences->len, 2);
    g_autoptr(GString) text = g_string_new(NULL);
    differences_show_text(differences, "a", "b", 20, text);
    ck_assert_ptr_nonnull(strstr(text->str, "new: 120 B, was not there: +120 B\n"));
    ck_assert_ptr_nonnull(strstr(text->str, "old: not there, was 100 B: -100 B"));
}
END_TEST

SUITE(view, 10)
{
    tcase_add_test(tcase, test_view_table_is_whole);
    tcase_add_test(tcase, test_chart_draws_values_at_their_times);
    tcase_add_test(tcase, test_chart_keeps_the_highest_of_any_number_of_points);
    tcase_add_test(tcase, test_chart_draws_times_that_run_backwards_in_their_order);
    tcase_add_test(tcase, test_difference_takes_unknown_call_sites_for_unknown_not_for_gone);
    tcase_add_test(tcase, test_difference_tells_of_figures_only_one_file_has);
}
