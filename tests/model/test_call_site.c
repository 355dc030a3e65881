#include "model/call_site.h"

#include "runner.h"

static Frame frame(const char *function, const char *file, guint line)
{
    return (Frame){.function = function, .file = file, .line = line};
}

START_TEST(test_key_survives_line_and_directory_changes)
{
    Frame one[] = {frame("leak", "/home/a/t.c", 6), frame("main", "t.c", 8)};
    Frame two[] = {frame("leak.constprop.0", "src/t.c", 60), frame("main", "t.c", 80),
                   frame("(below main)", NULL, 0)};
    g_autofree char *a = call_site_key(one, 2), *b = call_site_key(two, 3);
    ck_assert_str_eq(a, "leak (t.c) < main (t.c)");
    ck_assert_str_eq(a, b);
}
END_TEST

START_TEST(test_key_folds_recursion_of_any_depth)
{
    Frame deep[] = {frame("leaf", "r.c", 1), frame("odd", "r.c", 2),  frame("even", "r.c", 3),
                    frame("odd", "r.c", 2),  frame("even", "r.c", 3), frame("main", "r.c", 9)};
    Frame shallow[] = {deep[0], deep[1], deep[2], deep[5]};
    g_autofree char *a = call_site_key(deep, 6), *b = call_site_key(shallow, 4);
    ck_assert_str_eq(a, b);
    ck_assert_str_eq(a, "leaf (r.c) < odd (r.c) < even (r.c) < main (r.c)");
}
END_TEST

START_TEST(test_key_names_what_has_no_symbol_by_its_module_without_version)
{
    Frame bare[] = {
        {.object = "/usr/lib/libsqlite3.so.0.8.6"}, {.function = "sqlite3_step", .object = "/x/l.so"}, {0}};
    g_autofree char *key = call_site_key(bare, 3);
    ck_assert_str_eq(key, "??? (libsqlite3.so) < sqlite3_step (l.so) < ???");
}
END_TEST

START_TEST(test_call_sites_sum_equal_stacks_and_sort_by_bytes)
{
    g_autoptr(CallSites) sites = call_sites_new();
    Frame small[] = {frame("a", "t.c", 1)}, large[] = {frame("b", "t.c", 2)};
    call_sites_add(sites, small, 1, 10, 1);
    call_sites_add(sites, large, 1, 100, 2);
    call_sites_add(sites, small, 1, 5, 1);
    ck_assert_uint_eq(call_sites_count(sites), 2);
    call_sites_sort(sites);
    ck_assert_str_eq(call_sites_get(sites, 0)->key, "b (t.c)");
    ck_assert_int_eq(call_sites_get(sites, 1)->bytes, 15);
    ck_assert_int_eq(call_sites_get(sites, 1)->blocks, 2);
    ck_assert_int_eq(call_sites_total_bytes(sites), 115);
    ck_assert_ptr_eq(call_sites_find(sites, "b (t.c)"), call_sites_get(sites, 0));
}
END_TEST

/* As strcmp of the whole keys, also where one part begins another. */
START_TEST(test_equal_sites_are_in_the_order_of_their_keys)
{
    static const char *const functions[][2] = {
        {"b", "c"}, {"a b", "c"}, {"a", "x"}, {"a", NULL}, {"a!", "c"}};
    static const char *const sorted[] = {"a", "a < x", "a b < c", "a! < c", "b < c"};
    g_autoptr(CallSites) sites = call_sites_new();
    for (gsize i = 0; i < G_N_ELEMENTS(functions); i++) {
        const Frame frames[] = {{.function = functions[i][0]}, {.function = functions[i][1]}};
        call_sites_add(sites, frames, functions[i][1] != NULL ? 2 : 1, 5, 1);
    }
    call_sites_sort(sites);
    for (guint i = 0; i < G_N_ELEMENTS(sorted); i++) {
        ck_assert_str_eq(call_sites_get(sites, i)->key, sorted[i]);
        ck_assert_int_eq(call_sites_index(sites, sorted[i]), (int)i);
    }
}
END_TEST

/* A C++ operator's name has in it what stands between two frames. */
START_TEST(test_sites_are_one_where_their_keys_are_one_text)
{
    const Frame whole = {.function = "operator < (T)", .file = "t.cc"};
    const Frame parts[] = {{.function = "operator"}, {.function = "(T)", .file = "t.cc"}};
    g_autoptr(CallSites) sites = call_sites_new();
    call_sites_add(sites, &whole, 1, 3, 1);
    call_sites_add(sites, parts, 2, 4, 1);
    call_sites_add_key(sites, "operator < (T) (t.cc)", 5, 1);
    ck_assert_uint_eq(call_sites_count(sites), 1);
    ck_assert_int_eq(call_sites_bytes(sites, 0), 12);
    ck_assert_int_eq(call_sites_blocks(sites, 0), 3);
}
END_TEST

START_TEST(test_a_sorted_table_takes_more_sites_and_keeps_what_was_shown)
{
    const Frame frames[] = {{.function = "inner", .file = "a.c", .line = 3},
                            {.function = "recurse", .file = "a.c", .line = 9},
                            {.function = "recurse", .file = "a.c", .line = 9},
                            {.function = "main", .file = "b.c", .line = 1}};
    g_autoptr(CallSites) sites = call_sites_new();
    call_sites_add(sites, &frames[1], 1, 1, 1);
    call_sites_add(sites, frames, 4, 7, 1);
    const CallSite *shown = call_sites_get(sites, 1);
    call_sites_sort(sites);
    for (guint i = 0; i < 100; i++) {
        g_autofree char *function = g_strdup_printf("f%u", i);
        const Frame more = {.function = function};
        call_sites_add(sites, &more, 1, 1, 0);
    }
    call_sites_add(sites, frames, 4, 2, 1);
    ck_assert_uint_eq(call_sites_count(sites), 102);
    ck_assert_ptr_eq(call_sites_get(sites, 0), shown);
    ck_assert_int_eq(shown->bytes, 9);
    ck_assert_str_eq(shown->key, "inner (a.c) < recurse (a.c) < main (b.c)");
    g_autoptr(GPtrArray) known = g_ptr_array_new();
    call_sites_frames(sites, 0, known);
    ck_assert_uint_eq(known->len, 3);
    ck_assert_uint_eq(((const Frame *)g_ptr_array_index(known, 1))->line, 9);
}
END_TEST

SUITE(call_site, 10)
{
    tcase_add_test(tcase, test_equal_sites_are_in_the_order_of_their_keys);
    tcase_add_test(tcase, test_sites_are_one_where_their_keys_are_one_text);
    tcase_add_test(tcase, test_a_sorted_table_takes_more_sites_and_keeps_what_was_shown);
    tcase_add_test(tcase, test_key_survives_line_and_directory_changes);
    tcase_add_test(tcase, test_key_folds_recursion_of_any_depth);
    tcase_add_test(tcase, test_key_names_what_has_no_symbol_by_its_module_without_version);
    tcase_add_test(tcase, test_call_sites_sum_equal_stacks_and_sort_by_bytes);
}
