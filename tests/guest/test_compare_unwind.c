/* The truth over real programs; tests/guest/compare-unwind.sh does the work. */
#include <glib.h>
#include <stdio.h>

#include "runner.h"

START_TEST(test_compare_unwind_finds_every_stack_of_real_programs_equal)
{
    const char *arguments[] = {runner_path("tests/guest/compare-unwind.sh"), runner_path("build"), NULL};
    g_autofree char *output = NULL, *problems = NULL;
    int status = -1;
    g_autoptr(GError) error = NULL;
    g_setenv("COMPARE_EVERY", "5", TRUE);
    g_spawn_sync(runner_root(), (char **)arguments, NULL, G_SPAWN_DEFAULT, NULL, NULL, &output, &problems,
                 &status, &error);
    ck_assert_msg(error == NULL && status == 0, "%s%s", output, problems);
    printf("%s", output);
}
END_TEST

SUITE(compare_unwind, 300)
{
    tcase_add_test(tcase, test_compare_unwind_finds_every_stack_of_real_programs_equal);
}
