#include "model/text.h"

#include <string.h>

#include "runner.h"

START_TEST(test_a_line_of_others_moves_no_cursor_and_is_one_line)
{
    g_autofree char *line = text_line("a\033[2Jb\nc\r\xff"
                                      "d\xe2\x80\xae");
    ck_assert_str_eq(line, "a\xef\xbf\xbd[2Jb c\xef\xbf\xbd\xef\xbf\xbd"
                           "d\xef\xbf\xbd");
}
END_TEST

START_TEST(test_the_base_name_of_a_path_is_what_stands_behind_its_last_slash)
{
    ck_assert_str_eq(text_base_name("/usr/lib/libx.so"), "libx.so");
    ck_assert_str_eq(text_base_name("app.c"), "app.c");
    ck_assert_str_eq(text_base_name("folder/"), "folder/");
    ck_assert_str_eq(text_base_name(NULL), "");
}
END_TEST

START_TEST(test_text_cannot_be_a_command_in_a_log)
{
    static const struct {
        const char *text, *safe;
    } cases[] = {
        {"::error::x", ": :error::x"},
        {"a\n \t::stop-commands::x\n", "a\n \t: :stop-commands::x\n"},
        {"a\r::debug::x", "a\r: :debug::x"},
        {"peak in ##[group]f", "peak in ## [group]f"},
        {"###[x", "### [x"},
        {"\xc2\xa0::error::x", "\xc2\xa0: :error::x"},
        {"\xe2\x80\x8b:\xe2\x80\x8b:error::x", "\xe2\x80\x8b: \xe2\x80\x8b:error::x"},
        {"##\xe2\x80\x8b[x", "##\xe2\x80\x8b [x"},
        {"  std::vector ::f # [x] ##", "  std::vector ::f # [x] ##"},
        {"", ""},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *safe = text_defuse(cases[i].text);
        ck_assert_str_eq(safe, cases[i].safe);
    }
}
END_TEST

SUITE(text, 10)
{
    tcase_add_test(tcase, test_a_line_of_others_moves_no_cursor_and_is_one_line);
    tcase_add_test(tcase, test_the_base_name_of_a_path_is_what_stands_behind_its_last_slash);
    tcase_add_test(tcase, test_text_cannot_be_a_command_in_a_log);
}
