/* Workplaces: fresh, always of the same path length, gone afterwards. */
#include "run/workplace.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"
#include "runner.h"

static char *folder;
static Project *project;

static char *path_of(const char *relative)
{
    return g_build_filename(folder, relative, NULL);
}

static void write_file(const char *path, const char *text)
{
    g_autofree char *parent = g_path_get_dirname(path);
    ck_assert_int_eq(g_mkdir_with_parents(parent, 0700), 0);
    ck_assert(g_file_set_contents(path, text, -1, NULL));
}

static void setup(void)
{
    folder = runner_temporary();
    g_autofree char *orders = path_of("scenarios/data/orders.sql"), *tool = path_of("tools/t.sh");
    write_file(orders, "select 1;");
    write_file(tool, "exit 0");
    project = project_find(folder, NULL);
}

static void teardown(void)
{
    project_free(project);
    runner_remove(folder);
    g_free(folder);
}

static Scenario *scenario_of(const char *more)
{
    g_autofree char *text = g_strconcat("run: [a]\ninstruments: [massif]\n", more, NULL);
    g_autofree char *path = path_of("scenarios/s.yaml");
    Scenario *scenario = scenario_parse(project, path, text, strlen(text), NULL);
    ck_assert_ptr_nonnull(scenario);
    return scenario;
}

static Workplace *place_of(const Scenario *scenario)
{
    g_autoptr(GError) error = NULL;
    Workplace *place = workplace_new(scenario, &error);
    ck_assert_msg(place != NULL, "%s", error != NULL ? error->message : "");
    return place;
}

START_TEST(test_a_workplace_is_fresh_and_its_path_is_always_as_long)
{
    g_setenv("TMPDIR", folder, TRUE);
    g_autoptr(Scenario) scenario = scenario_of("");
    g_autoptr(Workplace) one = place_of(scenario), two = place_of(scenario);
    ck_assert_str_ne(one->folder.path, two->folder.path);
    ck_assert(g_str_has_prefix(one->folder.path, "/tmp/heapgate-"));
    ck_assert_uint_eq(strlen(one->folder.path), strlen("/tmp/heapgate-XXXXXX"));
    ck_assert_uint_eq(strlen(one->work), strlen(two->work));
    ck_assert(g_file_test(one->work, G_FILE_TEST_IS_DIR) && g_file_test(one->output, G_FILE_TEST_IS_DIR));
    ck_assert_ptr_null(strchr(one->output, ' '));
}
END_TEST

START_TEST(test_files_are_linked_under_their_own_names)
{
    g_autoptr(Scenario) scenario = scenario_of("files: [data/orders.sql, ../tools]\n");
    g_autoptr(Workplace) place = place_of(scenario);
    g_autofree char *orders = g_build_filename(place->work, "orders.sql", NULL);
    g_autofree char *tool = g_build_filename(place->work, "tools", "t.sh", NULL), *text = NULL,
                    *script = NULL;
    ck_assert(g_file_get_contents(orders, &text, NULL, NULL));
    ck_assert_str_eq(text, "select 1;");
    ck_assert(g_file_get_contents(tool, &script, NULL, NULL));
}
END_TEST

START_TEST(test_a_workplace_is_removed_with_all_it_holds_and_nothing_that_links_lead_to)
{
    g_autoptr(Scenario) scenario = scenario_of("files: [data/orders.sql, ../tools]\n");
    Workplace *place = place_of(scenario);
    g_autofree char *gone = g_strdup(place->folder.path),
                    *deep = g_build_filename(place->work, "a/b/c/d", NULL);
    g_autofree char *read_only = g_build_filename(place->work, "a", NULL);
    write_file(deep, "x");
    g_chmod(read_only, 0700);
    workplace_free(place);
    g_autofree char *orders = path_of("scenarios/data/orders.sql"), *tool = path_of("tools/t.sh");
    ck_assert(!g_file_test(gone, G_FILE_TEST_EXISTS));
    ck_assert(g_file_test(orders, G_FILE_TEST_EXISTS));
    ck_assert(g_file_test(tool, G_FILE_TEST_EXISTS));
    workplace_free(NULL);
}
END_TEST

START_TEST(test_the_last_words_are_the_end_of_standard_error)
{
    g_autoptr(Scenario) scenario = scenario_of("");
    g_autoptr(Workplace) place = place_of(scenario);
    g_autofree char *none = workplace_last_words(place);
    ck_assert_str_eq(none, "");
    write_file(place->stderr_path, "\n \n");
    g_autofree char *blank = workplace_last_words(place);
    ck_assert_str_eq(blank, "");
    write_file(place->stderr_path, "no such table: orders\n\n");
    g_autofree char *words = workplace_last_words(place);
    ck_assert_str_eq(words, "no such table: orders");
    GString *long_text = g_string_new(NULL);
    for (guint i = 0; i < 20000; i++)
        g_string_append(long_text, "größer ");
    g_string_append(long_text, "the end");
    write_file(place->stderr_path, long_text->str);
    g_string_free(long_text, TRUE);
    g_autofree char *tail = workplace_last_words(place);
    ck_assert(g_str_has_suffix(tail, "größer the end"));
    ck_assert_uint_le(strlen(tail), 610);
    ck_assert(g_utf8_validate(tail, -1, NULL));
}
END_TEST

START_TEST(test_last_words_may_hold_any_bytes)
{
    g_autoptr(Scenario) scenario = scenario_of("");
    g_autoptr(Workplace) place = place_of(scenario);
    ck_assert(g_file_set_contents(place->stderr_path,
                                  "before\0\xff"
                                  "after\n",
                                  14, NULL));
    g_autofree char *words = workplace_last_words(place);
    ck_assert(g_utf8_validate(words, -1, NULL));
    ck_assert_msg(g_str_has_suffix(words, "after"), "%s", words);
}
END_TEST

START_TEST(test_raw_files_are_kept_but_for_marks_links_and_what_was_kept_before)
{
    g_autoptr(Scenario) scenario = scenario_of("");
    g_autoptr(Workplace) place = place_of(scenario);
    g_autofree char *target = path_of("reports/raw/s.massif"), *stale = path_of("reports/raw/s.massif/stale");
    write_file(stale, "of an earlier run");
    g_autofree char *out = g_build_filename(place->output, "massif.1.out", NULL);
    g_autofree char *mark = g_build_filename(place->output, "mark.1.2.iteration", NULL);
    g_autofree char *link = g_build_filename(place->output, "massif.2.out", NULL);
    write_file(out, "massif");
    write_file(mark, "mark");
    write_file(place->stdout_path, "said");
    write_file(place->stderr_path, "complained");
    ck_assert_int_eq(symlink("/etc/passwd", link), 0);
    workplace_keep(place, target);
    g_autoptr(GDir) names = g_dir_open(target, 0, NULL);
    ck_assert_ptr_nonnull(names);
    guint count = 0;
    for (const char *name = g_dir_read_name(names); name != NULL; name = g_dir_read_name(names), count++)
        ck_assert_msg(strcmp(name, "massif.1.out") == 0 || strcmp(name, "stdout") == 0 ||
                          strcmp(name, "stderr") == 0,
                      "%s", name);
    ck_assert_uint_eq(count, 3);
}
END_TEST

static void check_foreign(const Workplace *place, const char *expected)
{
    g_autofree char *foreign = workplace_find_foreign(place, "vgdb-");
    ck_assert_msg(g_strcmp0(foreign, expected) == 0, "%s, not %s", foreign, expected);
}

START_TEST(test_pipes_are_foreign_but_for_the_instruments_own_in_its_folder)
{
    g_autoptr(Scenario) scenario = scenario_of("files: [data/orders.sql]\n");
    g_autoptr(Workplace) place = place_of(scenario);
    g_autofree char *own = g_build_filename(place->output, "own-to-7", NULL);
    g_autofree char *beside = g_build_filename(place->folder.path, "own-to-7", NULL);
    ck_assert_int_eq(mkfifo(own, 0600), 0);
    g_autofree char *with = workplace_find_foreign(place, "own-");
    g_autofree char *without = workplace_find_foreign(place, NULL);
    ck_assert_ptr_null(with);
    ck_assert_str_eq(without, "output/own-to-7");
    ck_assert_int_eq(mkfifo(beside, 0600), 0);
    g_autofree char *elsewhere = workplace_find_foreign(place, "own-");
    ck_assert_str_eq(elsewhere, "own-to-7");
    g_unlink(own);
    g_unlink(beside);
    ck_assert_int_eq(symlink("/dev/zero", own), 0);
    g_autofree char *no_pipe = workplace_find_foreign(place, "own-");
    ck_assert_str_eq(no_pipe, "output/own-to-7");
}
END_TEST

START_TEST(test_what_is_no_file_is_foreign_where_heapgate_reads)
{
    static const char *const places[] = {"stdout", "stderr", "python", "output/massif.1.out"};
    g_autoptr(Scenario) scenario = scenario_of("files: [data/orders.sql]\n");
    g_autoptr(Workplace) place = place_of(scenario);
    g_autofree char *own = g_build_filename(place->work, "pipe", NULL);
    g_autofree char *folder_inside = g_build_filename(place->output, "folder", NULL);
    g_autofree char *of_valgrind = g_build_filename(place->output, "vgdb-to-vgdb-from-7-by-me-on-here", NULL);
    write_file(place->stderr_path, "complained");
    ck_assert_int_eq(mkfifo(own, 0600), 0); /* the program's own folder */
    ck_assert_int_eq(mkfifo(of_valgrind, 0600), 0);
    ck_assert_int_eq(g_mkdir(folder_inside, 0700), 0);
    check_foreign(place, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(places) * 2; i++) {
        g_autofree char *path = g_build_filename(place->folder.path, places[i / 2], NULL);
        g_unlink(path);
        ck_assert_int_eq(i % 2 == 0 ? mkfifo(path, 0600) : symlink("/dev/zero", path), 0);
        check_foreign(place, places[i / 2]);
        g_unlink(path);
    }
    check_foreign(place, NULL);
}
END_TEST

SUITE(run_workplace, 20)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_a_workplace_is_fresh_and_its_path_is_always_as_long);
    tcase_add_test(tcase, test_files_are_linked_under_their_own_names);
    tcase_add_test(tcase, test_a_workplace_is_removed_with_all_it_holds_and_nothing_that_links_lead_to);
    tcase_add_test(tcase, test_the_last_words_are_the_end_of_standard_error);
    tcase_add_test(tcase, test_last_words_may_hold_any_bytes);
    tcase_add_test(tcase, test_raw_files_are_kept_but_for_marks_links_and_what_was_kept_before);
    tcase_add_test(tcase, test_pipes_are_foreign_but_for_the_instruments_own_in_its_folder);
    tcase_add_test(tcase, test_what_is_no_file_is_foreign_where_heapgate_reads);
}
