/* Places: lines of the project, and of nothing else. */
#include "report/place.h"

#include <glib/gstdio.h>

#include "runner.h"

static char *root;

static void make(const char *path)
{
    g_autofree char *file = g_build_filename(root, path, NULL), *folder = g_path_get_dirname(file);
    ck_assert_int_eq(g_mkdir_with_parents(folder, 0700), 0);
    ck_assert(g_file_set_contents(file, "", 0, NULL));
}

static void set_up(void)
{
    root = g_dir_make_tmp("heapgate-place-XXXXXX", NULL);
    make("src/core/app.c");
    make("src/main.c");
    make("tools/main.c");
    make(".git/objects/hidden.c");
    g_autofree char *link = g_build_filename(root, "linked.c", NULL);
    ck_assert_int_eq(symlink("/etc/passwd", link), 0);
}

static void tear_down(void)
{
    runner_remove(root);
    g_free(root);
}

static void check(const char *file, const char *expected)
{
    const Frame frame = {.function = "work", .file = file, .line = 7};
    g_autoptr(Places) places = places_new(root);
    guint line = 0;
    g_autofree char *found = places_find(places, &frame, 1, &line);
    ck_assert_msg(g_strcmp0(found, expected) == 0, "%s: %s", file, found != NULL ? found : "none");
    ck_assert(found == NULL || line == 7);
}

START_TEST(test_a_file_is_found_by_every_name_that_compilers_and_valgrind_give_it)
{
    g_autofree char *whole = g_build_filename(root, "src/core/app.c", NULL);
    g_autofree char *built = g_build_filename(root, "build/../src/core/app.c", NULL);
    check(whole, "src/core/app.c");
    check(built, "src/core/app.c");
    check("src/core/app.c", "src/core/app.c");
    check("../src/core/app.c", "src/core/app.c");
    check("../../core/app.c", "src/core/app.c");
    check("app.c", "src/core/app.c");
}
END_TEST

START_TEST(test_what_is_not_in_the_project_or_not_certain_is_no_place)
{
    check("./string/strdup.c", NULL);
    check("strdup.c", NULL);
    check("/usr/include/c++/12/bits/new_allocator.h", NULL);
    check("main.c", NULL); /* two of them */
    check("src/main.c", "src/main.c");
    check("../core/main.c", NULL);
    check("pp.c", NULL);
    check("hidden.c", NULL);
    check("linked.c", NULL);
    check("../../../../etc/passwd", NULL);
    check("src", NULL);
    check("", NULL);
}
END_TEST

START_TEST(test_the_innermost_line_of_the_project_counts)
{
    const Frame frames[] = {{.function = "strdup", .file = "strdup.c", .line = 42},
                            {.function = "work", .file = "app.c", .line = 12},
                            {.function = "main", .file = "src/main.c", .line = 18}};
    g_autoptr(Places) places = places_new(root), none = places_new("/no/such/folder");
    guint line = 0;
    g_autofree char *found = places_find(places, frames, G_N_ELEMENTS(frames), &line);
    ck_assert_str_eq(found, "src/core/app.c");
    ck_assert_uint_eq(line, 12);
    g_autofree char *elsewhere = places_find(none, frames + 1, 2, &line);
    ck_assert_str_eq(elsewhere, "app.c"); /* it cannot be looked up there */
}
END_TEST

SUITE(report_place, 10)
{
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, test_a_file_is_found_by_every_name_that_compilers_and_valgrind_give_it);
    tcase_add_test(tcase, test_what_is_not_in_the_project_or_not_certain_is_no_place);
    tcase_add_test(tcase, test_the_innermost_line_of_the_project_counts);
}
