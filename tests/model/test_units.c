#include "model/units.h"

#include "runner.h"

START_TEST(test_bytes_are_read_with_their_units)
{
    const struct {
        const char *text;
        gint64 bytes;
    } cases[] = {{"0 B", 0},           {"48 B", 48},         {"64 KiB", 65536},
                 {"1.5 MiB", 1572864}, {"2GiB", 2147483648}, {"512", 512}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        gint64 bytes = -1;
        ck_assert_msg(units_parse_bytes(cases[i].text, &bytes, NULL), "%s", cases[i].text);
        ck_assert_int_eq(bytes, cases[i].bytes);
    }
}
END_TEST

START_TEST(test_wrong_sizes_are_errors_that_show_the_right_form)
{
    const char *wrong[] = {"", "-1 B", "64 KB", "lots", "1e30 GiB", "nan", "inf", "12 B x"};
    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
        gint64 bytes = -1;
        g_autoptr(GError) error = NULL;
        ck_assert_msg(!units_parse_bytes(wrong[i], &bytes, &error), "%s", wrong[i]);
        ck_assert_ptr_nonnull(strstr(error->message, "64 KiB"));
    }
}
END_TEST

START_TEST(test_durations_need_a_unit)
{
    gint64 us = 0;
    ck_assert(units_parse_duration("120 s", &us, NULL));
    ck_assert_int_eq(us, 120000000);
    ck_assert(units_parse_duration("500 ms", &us, NULL));
    ck_assert_int_eq(us, 500000);
    ck_assert(!units_parse_duration("120", &us, NULL));
}
END_TEST

START_TEST(test_bytes_are_printed_with_three_figures)
{
    const struct {
        gint64 bytes;
        const char *text;
    } cases[] = {
        {0, "0 B"},    {1023, "1023 B"}, {1024, "1.00 KiB"}, {2013266, "1.92 MiB"}, {104857600, "100 MiB"},
        {-48, "-48 B"}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = units_format_bytes(cases[i].bytes);
        ck_assert_str_eq(text, cases[i].text);
    }
    g_autofree char *plus = units_format_signed_bytes(48), *change = units_format_change(200, 175);
    ck_assert_str_eq(plus, "+48 B");
    ck_assert_str_eq(change, "-12.5 %");
}
END_TEST

SUITE(units, 10)
{
    tcase_add_test(tcase, test_bytes_are_read_with_their_units);
    tcase_add_test(tcase, test_wrong_sizes_are_errors_that_show_the_right_form);
    tcase_add_test(tcase, test_durations_need_a_unit);
    tcase_add_test(tcase, test_bytes_are_printed_with_three_figures);
}
