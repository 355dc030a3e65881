/* Programs that should say hello, and those that did not. */
#include "run/expected.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "instrument/heap.h"
#include "runner.h"

static int program(const char *path)
{
    int fd = open(path, O_PATH | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    return fd;
}

static int blind(void)
{
    return program(runner_path("build/tests/tracer/static_child"));
}

static const UnseenProgram *only(const GPtrArray *missing)
{
    ck_assert_uint_eq(missing->len, 1);
    return g_ptr_array_index(missing, 0);
}

START_TEST(test_expected_programs_that_greet_are_not_missing)
{
    g_autoptr(Expected) self = expected_new();
    int fd = blind();
    expected_exec(self, 10, fd);
    expected_greeted(self, 10);
    expected_greeted(self, 11); /* a spawned child may be faster than its parent's word */
    expected_spawn(self, 11, fd);
    expected_spawn(self, 12, fd);
    expected_greeted(self, 12);
    expected_exec(self, 13, fd);
    expected_stays(self, 13);
    ck_assert_uint_eq(expected_missing(self)->len, 0);
    close(fd);
}
END_TEST

START_TEST(test_expected_programs_that_do_not_greet_are_missing_once_each)
{
    g_autoptr(Expected) self = expected_new();
    int fd = blind();
    expected_greeted(self, 10); /* as what it was before */
    expected_exec(self, 10, fd);
    expected_spawn(self, 11, fd);
    const UnseenProgram *missing = only(expected_missing(self));
    ck_assert_str_eq(missing->path, runner_path("build/tests/tracer/static_child"));
    ck_assert(missing->certain);
    ck_assert_ptr_nonnull(strstr(missing->reason, "linked statically"));
    close(fd);
}
END_TEST

START_TEST(test_expected_programs_take_the_place_of_an_exec_that_failed)
{
    g_autoptr(Expected) self = expected_new();
    int fd = blind(), shell = program("/bin/sh");
    expected_exec(self, 10, fd);
    expected_exec(self, 10, shell);
    const UnseenProgram *missing = only(expected_missing(self));
    ck_assert(!missing->certain); /* a shell could have been seen: killed too early, perhaps */
    close(fd);
    close(shell);
}
END_TEST

static void write_program(const char *path, const char *text, int mode)
{
    ck_assert(g_file_set_contents(path, text, -1, NULL));
    ck_assert_int_eq(chmod(path, (mode_t)mode), 0);
}

START_TEST(test_a_file_says_why_it_is_blind)
{
    g_autofree char *folder = runner_temporary(), *script = g_build_filename(folder, "script", NULL),
                    *again = g_build_filename(folder, "again", NULL),
                    *plain = g_build_filename(folder, "plain", NULL),
                    *privileged = g_build_filename(folder, "privileged", NULL), *bytes = NULL;
    gsize length = 0;
    g_autofree char *line = g_strdup_printf("#! %s -x\n", runner_path("build/tests/tracer/static_child")),
                    *second = g_strdup_printf("#!%s\n", script);
    write_program(script, line, 0755);
    write_program(again, second, 0755);
    write_program(plain, "#!/bin/sh\n", 0755);
    ck_assert(g_file_get_contents("/bin/sh", &bytes, &length, NULL));
    ck_assert(g_file_set_contents(privileged, bytes, (gssize)length, NULL));
    ck_assert_int_eq(chmod(privileged, 04755), 0);
    const struct {
        const char *path, *reason;
        gboolean certain;
    } files[] = {
        {script, "static_child cannot be traced: it is linked statically", TRUE},
        {again, "static_child cannot be traced: it is linked statically", TRUE},
        {privileged, "set-uid", TRUE},
        {plain, "did not load", FALSE},
        {"/bin/sh", "did not load", FALSE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        gboolean certain = !files[i].certain;
        g_autofree char *reason = heap_blind_reason(files[i].path, &certain);
        ck_assert_msg(strstr(reason, files[i].reason) != NULL, "%s: %s", files[i].path, reason);
        ck_assert_int_eq(certain, files[i].certain);
    }
    runner_remove(folder);
}
END_TEST

SUITE(run_expected, 20)
{
    tcase_add_test(tcase, test_expected_programs_that_greet_are_not_missing);
    tcase_add_test(tcase, test_expected_programs_that_do_not_greet_are_missing_once_each);
    tcase_add_test(tcase, test_expected_programs_take_the_place_of_an_exec_that_failed);
    tcase_add_test(tcase, test_a_file_says_why_it_is_blind);
}
