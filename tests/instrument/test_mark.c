/* What marks look like on their way: the harness, heapgate.h and the Python module say the same. */
#include "instrument/mark.h"

#include <string.h>
#include <unistd.h>

#include "guest/ledger_mark.h"
#include "include/heapgate.h"
#include "runner.h"

/* Longer than a name may be, and with what a name may not hold. */
#define LONG_NAME  "a name/" DIGITS_30 DIGITS_30
#define DIGITS_30  "012345678901234567890123456789"
#define PLAIN_NAME "a_name_" DIGITS_30 "012345678901234567890123456"

static void check_file(const char *path, const char *name)
{
    gint64 pid = 0;
    ck_assert_msg(g_str_has_prefix(path, "/tmp/marks/"), "%s", path);
    ck_assert_msg(g_strcmp0(mark_file_name(path, &pid), name) == 0, "%s", path);
    ck_assert_int_gt(pid, 0);
}

static void check_line(const char *text, const char *name)
{
    MarkLine line;
    ck_assert_msg(mark_line_parse(text, &line), "%s", text);
    ck_assert_str_eq(line.name, name);
    ck_assert_int_eq(line.lost, 1);
    ck_assert_int_eq(line.possibly_lost, 20);
    ck_assert_int_eq(line.reachable, 300);
    ck_assert_int_eq(line.suppressed, 4000);
}

START_TEST(test_the_tracers_names_are_those_of_the_harness)
{
    static const char *const names[] = {"opened", "", LONG_NAME, "\xc3\xa9 \n<x>"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        LedgerMark mark = {0};
        ledger_mark_name(&mark, names[i]);
        g_autofree char *set = g_strndup(mark.name, sizeof mark.name);
        g_autofree char *plain = mark_plain_name(*names[i] != '\0' ? names[i] : "_");
        ck_assert_str_eq(set, plain);
    }
}
END_TEST

START_TEST(test_a_mark_that_the_harness_writes_is_read)
{
    ck_assert_uint_eq(strlen(PLAIN_NAME), MARK_NAME_SIZE);
    g_autofree char *name = mark_plain_name(LONG_NAME);
    ck_assert_str_eq(name, PLAIN_NAME);
    g_autofree char *path = mark_file_path("/tmp/marks", getpid(), name);
    check_file(path, name);
    MarkLine line = {.lost = 1, .possibly_lost = 20, .reachable = 300, .suppressed = 4000};
    g_strlcpy(line.name, name, sizeof line.name);
    g_autofree char *text = mark_line_format(&line);
    check_line(text, name);
    ck_assert(g_str_has_suffix(text, " 4000\n"));
}
END_TEST

START_TEST(test_a_mark_that_the_header_writes_is_read)
{
    const unsigned long counts[] = {1, 20, 300, 4000};
    char path[HEAPGATE_LINE_SIZE_], text[HEAPGATE_LINE_SIZE_];
    heapgate_put_mark_file_(path, "/tmp/marks", LONG_NAME);
    check_file(path, PLAIN_NAME);
    heapgate_put_mark_line_(text, LONG_NAME, counts);
    check_line(text, PLAIN_NAME);
    ck_assert(g_str_has_suffix(text, "\n"));
}
END_TEST

START_TEST(test_a_mark_that_the_python_module_writes_is_read)
{
    const char *argv[] = {"/usr/bin/python3", "-c",
                          "from heapgate import marks, valgrind\n"
                          "name = marks.plain_name('" LONG_NAME "')\n"
                          "print(valgrind._mark_file('/tmp/marks', name))\n"
                          "print(valgrind._mark_line(name, 1, 20, 300, 4000), end='')\n",
                          NULL};
    g_autofree char *output = NULL, *module = g_strdup(runner_path("build/python"));
    g_auto(GStrv) environment = g_environ_setenv(g_get_environ(), "PYTHONPATH", module, TRUE);
    environment = g_environ_setenv(environment, "PYTHONDONTWRITEBYTECODE", "1", TRUE);
    g_autoptr(GError) error = NULL;
    int status = 0;
    gboolean ran = g_spawn_sync(NULL, (char **)argv, environment, G_SPAWN_DEFAULT, NULL, NULL, &output, NULL,
                                &status, &error);
    ck_assert_msg(ran && status == 0, "%s", error != NULL ? error->message : "python3 failed");
    g_auto(GStrv) lines = g_strsplit(output, "\n", 2);
    check_file(lines[0], PLAIN_NAME);
    check_line(lines[1], PLAIN_NAME);
}
END_TEST

START_TEST(test_what_is_no_mark_is_not_read_as_one)
{
    static const char *const paths[] = {"mark.1.2.",       "mark.1.name",      "marker.1.2.end",
                                        "mark.x.2.end",    "mark.1.x.end",     "mark..2.end",
                                        "/mark.1.2/other", "massif.1.exit.ms", ""};
    static const char *const texts[] = {"heapgate-mark end 1 2 3",
                                        "heapgate-mark  1 2 3 4",
                                        "heapgate-mark end 1 2 3 4 5",
                                        "heapgate-mark end 1 2 3 -4",
                                        "heapgate-mark end 1 2 x 4",
                                        "a heapgate-mark end 1 2 3 4",
                                        "heapgate-mark end 1 2 3 99999999999999999999",
                                        ""};
    MarkLine line;
    for (gsize i = 0; i < G_N_ELEMENTS(paths); i++)
        ck_assert_msg(mark_file_name(paths[i], NULL) == NULL, "%s", paths[i]);
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        ck_assert_msg(!mark_line_parse(texts[i], &line), "%s", texts[i]);
}
END_TEST

START_TEST(test_marks_of_one_process_are_found_in_the_order_in_which_they_were_set)
{
    static const char *const names[] = {"mark.12.00000000000000000003.end", "mark.1.00000000000000000002.b",
                                        "mark.1.00000000000000000001.a", "vgdb-pipe"};
    g_autofree char *folder = runner_temporary();
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(folder, names[i], NULL);
        ck_assert(g_file_set_contents(path, "", 0, NULL));
    }
    g_autoptr(GPtrArray) own = mark_files(folder, 1), all = mark_files(folder, 0);
    ck_assert_uint_eq(own->len, 2);
    ck_assert_str_eq(mark_file_name(g_ptr_array_index(own, 0), NULL), "a");
    ck_assert_str_eq(mark_file_name(g_ptr_array_index(own, 1), NULL), "b");
    ck_assert_uint_eq(all->len, 3);
    runner_remove(folder);
}
END_TEST

SUITE(mark, 20)
{
    tcase_add_test(tcase, test_the_tracers_names_are_those_of_the_harness);
    tcase_add_test(tcase, test_a_mark_that_the_harness_writes_is_read);
    tcase_add_test(tcase, test_a_mark_that_the_header_writes_is_read);
    tcase_add_test(tcase, test_a_mark_that_the_python_module_writes_is_read);
    tcase_add_test(tcase, test_what_is_no_mark_is_not_read_as_one);
    tcase_add_test(tcase, test_marks_of_one_process_are_found_in_the_order_in_which_they_were_set);
}
