/* Sizes of call sites by a hash of their keys. */
#include "gate/site_sizes.h"

#include "runner.h"

START_TEST(test_sizes_are_found_by_key_and_the_larger_of_two_counts)
{
    g_autoptr(SiteSizes) sizes = site_sizes_new();
    gint64 size = 0;
    site_sizes_add(sizes, site_sizes_hash("copy < main"), 48);
    site_sizes_add(sizes, site_sizes_hash("copy < main"), 16);
    ck_assert(site_sizes_find(sizes, site_sizes_hash("copy < main"), &size));
    ck_assert_int_eq(size, 48);
    ck_assert(!site_sizes_find(sizes, site_sizes_hash("copy < edit"), &size));
    ck_assert(!site_sizes_find(NULL, site_sizes_hash("copy < main"), NULL));
    ck_assert_uint_eq(site_sizes_count(sizes), 1);
}
END_TEST

START_TEST(test_text_says_the_same_again_in_order_of_hashes)
{
    g_autoptr(SiteSizes) sizes = site_sizes_new(), none = site_sizes_new();
    for (gint64 i = 20; i > 0; i--) {
        g_autofree char *key = g_strdup_printf("site %" G_GINT64_FORMAT, i);
        site_sizes_add(sizes, site_sizes_hash(key), i * 1000);
    }
    g_autofree char *text = site_sizes_format(sizes), *empty = site_sizes_format(none);
    g_autoptr(SiteSizes) read = site_sizes_parse(text), read_none = site_sizes_parse(empty);
    g_autofree char *again = site_sizes_format(read);
    ck_assert_str_eq(text, again);
    ck_assert_str_eq(empty, "");
    ck_assert_uint_eq(site_sizes_count(read), 20);
    ck_assert_uint_eq(site_sizes_count(read_none), 0);
}
END_TEST

START_TEST(test_other_text_is_refused)
{
    static const char *const wrong[] = {"x",
                                        "0123456789",
                                        "0123456789 -1",
                                        "0123456789 1 2",
                                        "012345678 1",
                                        "01234567890 1",
                                        "012345678g 1",
                                        "0123456789 9223372036854775807",
                                        "0123456789 1 0123456789"};
    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(SiteSizes) read = site_sizes_parse(wrong[i]);
        ck_assert_msg(read == NULL, "%s", wrong[i]);
    }
}
END_TEST

START_TEST(test_what_is_larger_or_missing_is_counted)
{
    g_autoptr(SiteSizes) one = site_sizes_new(), two = site_sizes_new();
    site_sizes_add(one, 1, 100), site_sizes_add(two, 1, 100);
    site_sizes_add(one, 2, 110), site_sizes_add(two, 2, 100);
    site_sizes_add(one, 3, 10);
    ck_assert_uint_eq(site_sizes_larger(one, two, 0), 2);
    ck_assert_uint_eq(site_sizes_larger(one, two, 9), 2);
    ck_assert_uint_eq(site_sizes_larger(one, two, 10), 0);
    ck_assert_uint_eq(site_sizes_missing(one, two), 1);
    ck_assert_uint_eq(site_sizes_missing(two, one), 0);
}
END_TEST

SUITE(site_sizes, 10)
{
    tcase_add_test(tcase, test_sizes_are_found_by_key_and_the_larger_of_two_counts);
    tcase_add_test(tcase, test_text_says_the_same_again_in_order_of_hashes);
    tcase_add_test(tcase, test_other_text_is_refused);
    tcase_add_test(tcase, test_what_is_larger_or_missing_is_counted);
}
