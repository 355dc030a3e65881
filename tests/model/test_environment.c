#include "model/environment.h"

#include "runner.h"

static Environment sample = {.platform = "debian-12-x86_64", .architecture = "x86_64", .libc = "glibc 2.36"};

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
    g_free(now->architecture);
    now->architecture = g_strdup("aarch64");
    g_autofree char *one = environment_difference(&sample, now);
    ck_assert_str_eq(one, "architecture: x86_64 there, aarch64 here");
    now->python = g_strdup("CPython 3.11.2");
    g_clear_pointer(&now->libc, g_free);
    g_autofree char *three = environment_difference(&sample, now);
    ck_assert_str_eq(
        three,
        "architecture: x86_64 there, aarch64 here; libc: glibc 2.36 there, none here; Python: none there, "
        "CPython 3.11.2 here");
}
END_TEST

SUITE(environment, 10)
{
    tcase_add_test(tcase, test_an_environment_is_the_same_as_its_copy);
    tcase_add_test(tcase, test_every_difference_is_told_with_there_and_here);
}
