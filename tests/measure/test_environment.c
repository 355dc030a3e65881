#include "measure/environment.h"

#include "runner.h"

static Environment sample = {
    .platform = "debian-12-x86_64", .architecture = "x86_64", .libc = "glibc 2.36", .valgrind = "3.19.0"};

START_TEST(test_an_environment_is_the_same_as_its_copy)
{
    g_autoptr(Environment) copy = environment_copy(&sample);
    ck_assert_ptr_null(environment_difference(&sample, copy));
    ck_assert_ptr_ne(copy->platform, sample.platform);
    environment_free(NULL);
}
END_TEST

START_TEST(test_every_difference_is_told_with_there_and_here)
{
    g_autoptr(Environment) now = environment_copy(&sample);
    g_free(now->valgrind);
    now->valgrind = g_strdup("3.22.0");
    g_autofree char *one = environment_difference(&sample, now);
    ck_assert_str_eq(one, "Valgrind: 3.19.0 there, 3.22.0 here");
    now->python = g_strdup("CPython 3.11.2");
    g_clear_pointer(&now->libc, g_free);
    g_autofree char *three = environment_difference(&sample, now);
    ck_assert_str_eq(
        three, "libc: glibc 2.36 there, none here; Valgrind: 3.19.0 there, 3.22.0 here; Python: none there, "
               "CPython 3.11.2 here");
}
END_TEST

SUITE(environment, 10)
{
    tcase_add_test(tcase, test_an_environment_is_the_same_as_its_copy);
    tcase_add_test(tcase, test_every_difference_is_told_with_there_and_here);
}
