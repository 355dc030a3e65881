/* The files that a scenario names: in the project, there, and of different names. */
#include <string.h>
#include <unistd.h>

#include "runner.h"
#include "scenario_text.h"

START_TEST(test_names_that_leave_the_project_are_refused)
{
    g_autofree char *link = g_build_filename(scenario_folder, "scenarios/out", NULL);
    g_autofree char *folder_link = g_build_filename(scenario_folder, "scenarios/etc", NULL);
    ck_assert_int_eq(symlink("/etc/passwd", link), 0);
    ck_assert_int_eq(symlink("/etc", folder_link), 0);
    const char *const names[] = {"../../etc/passwd",
                                 "/etc/passwd",
                                 "out",
                                 "etc/passwd",
                                 "../..",
                                 "/",
                                 "../../../../../../../../../../../etc/passwd",
                                 "etc/not/there"};
    const struct {
        const char *before, *after, *place;
    } keys[] = {{"stdin: ", "\n", "3:8"}, {"files: [", "]\n", "3:9"}, {"suppressions: [", "]\n", "3:16"}};
    for (gsize n = 0; n < G_N_ELEMENTS(names); n++)
        for (gsize k = 0; k < G_N_ELEMENTS(keys); k++) {
            g_autofree char *text = g_strconcat(MINIMAL, keys[k].before, names[n], keys[k].after, NULL);
            g_autofree char *expected = g_strdup_printf(
                "%s: \"%s\" lies outside the project; name a file below its root", keys[k].place, names[n]);
            scenario_text_check_refused(text, expected);
        }
}
END_TEST

START_TEST(test_a_neighbour_whose_name_begins_like_the_project_is_outside)
{
    g_autofree char *base = g_path_get_basename(scenario_folder);
    g_autofree char *text = g_strdup_printf(MINIMAL "stdin: ../../%s-other/a\n", base);
    scenario_text_check_refused(text, "3:8: \"../../");
}
END_TEST

START_TEST(test_programs_that_leave_the_project_are_refused_and_links_to_programs_are_kept)
{
    g_autofree char *link = g_build_filename(scenario_folder, "tools/python3", NULL);
    ck_assert_int_eq(symlink("/bin/sh", link), 0);
    scenario_text_check_refused("run: [../sh]\n",
                                "1:6: \"../sh\" lies outside the project; name a program below its root");
    scenario_text_check_refused(MINIMAL "prepare: [[tools/../../sh]]\n",
                                "3:11: \"tools/../../sh\" lies outside the project");
    g_autoptr(Scenario) linked = scenario_text_parse("run: [tools/python3]\ninstruments: [massif]\n");
    g_autofree char *expected = g_build_filename(scenario_project->root, "tools/python3", NULL);
    ck_assert_str_eq(linked->run[0], expected);
    g_autoptr(Scenario) absolute = scenario_text_parse("run: [/bin/sh]\ninstruments: [massif]\n");
    ck_assert_str_eq(absolute->run[0], "/bin/sh");
}
END_TEST

static void check_files(const char *text, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Scenario) scenario = scenario_text_parse(text);
    gboolean there = scenario_check_files(scenario, &error);
    ck_assert_int_eq(there, expected == NULL);
    if (expected == NULL)
        return;
    g_autofree char *whole = g_strconcat("scenarios/orders.yaml:", expected, NULL);
    scenario_text_check_message(error, whole, text);
}

START_TEST(test_files_that_are_not_there_are_told_where_they_are_named)
{
    const char *advice = " does not exist; correct the name or build it first";
    g_autofree char *stdin_text = g_strconcat("3:8: \"none.sql\"", advice, NULL);
    g_autofree char *files_text = g_strconcat("3:21: \"none.txt\"", advice, NULL);
    g_autofree char *suppressions_text = g_strconcat("4:3: \"none.supp\"", advice, NULL);
    check_files(MINIMAL "stdin: none.sql\n", stdin_text);
    check_files(MINIMAL "files: [orders.sql, none.txt]\n", files_text);
    check_files(MINIMAL "suppressions:\n- none.supp\n", suppressions_text);
    check_files(MINIMAL "stdin: orders.sql\nfiles: [../tools/run.sh, ../tools]\nsuppressions: [orders.sql]\n",
                NULL);
}
END_TEST

START_TEST(test_a_folder_in_the_place_of_a_file_is_told)
{
    check_files(MINIMAL "stdin: ../tools\n", "3:8: \"../tools\" is a folder; name a file");
    check_files(MINIMAL "suppressions: [.]\n", "3:16: \".\" is a folder; name a file");
}
END_TEST

START_TEST(test_two_files_of_one_name_cannot_share_the_working_folder)
{
    scenario_text_check_refused(
        MINIMAL "files: [orders.sql, ../tools/orders.sql]\n",
        "3:21: a file named \"orders.sql\" is listed already; the working folder can hold one");
    scenario_text_check_refused(MINIMAL "files: [..]\n", "3:9: \"..\" has no name of its own");
    scenario_text_check_refused(MINIMAL "files: [../tools/.]\n",
                                "3:9: \"../tools/.\" has no name of its own");
}
END_TEST

START_TEST(test_scenario_names_are_plain)
{
    const char *const names[] = {"a b.yaml", "größe.yaml", "-n.yaml", "a:b.yaml", "a\nb.yaml"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(scenario_project->scenarios, names[i], NULL);
        g_autoptr(GError) error = NULL;
        ck_assert_ptr_null(scenario_parse(scenario_project, path, MINIMAL, strlen(MINIMAL), &error));
        ck_assert_ptr_nonnull(
            strstr(error->message, ":1:1: the file's name is the scenario's: use letters, digits"));
    }
}
END_TEST

SUITE(scenario_files, 20)
{
    tcase_add_checked_fixture(tcase, scenario_text_setup, scenario_text_teardown);
    tcase_add_test(tcase, test_names_that_leave_the_project_are_refused);
    tcase_add_test(tcase, test_a_neighbour_whose_name_begins_like_the_project_is_outside);
    tcase_add_test(tcase, test_programs_that_leave_the_project_are_refused_and_links_to_programs_are_kept);
    tcase_add_test(tcase, test_files_that_are_not_there_are_told_where_they_are_named);
    tcase_add_test(tcase, test_a_folder_in_the_place_of_a_file_is_told);
    tcase_add_test(tcase, test_two_files_of_one_name_cannot_share_the_working_folder);
    tcase_add_test(tcase, test_scenario_names_are_plain);
}
