/* Which scenarios are read and chosen, and what stops a run before it begins. */
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "runner.h"
#include "scenario_text.h"

START_TEST(test_a_file_that_cannot_be_read_or_is_far_too_large_is_told)
{
    g_autofree char *path = g_build_filename(scenario_project->scenarios, "none.yaml", NULL);
    g_autoptr(GError) missing = NULL, large = NULL;
    ck_assert_ptr_null(scenario_load(scenario_project, path, &missing));
    scenario_text_check_message(missing, "scenarios/none.yaml cannot be read: ", "");
    g_autofree char *filled = g_strnfill(1024 * 1024 + 1, '#');
    scenario_text_write("scenarios/none.yaml", filled);
    ck_assert_ptr_null(scenario_load(scenario_project, path, &large));
    scenario_text_check_message(
        large, "scenarios/none.yaml cannot be read: it is larger than 1 MiB, which no scenario is", "");
}
END_TEST

/* Names of the scenarios chosen, joined by blanks; or the message. */
static char *chosen_by(const char *patterns, const char *tags)
{
    g_auto(GStrv) pattern_list = patterns != NULL ? g_strsplit(patterns, " ", -1) : NULL;
    g_auto(GStrv) tag_list = tags != NULL ? g_strsplit(tags, " ", -1) : NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) scenarios = scenarios_load(scenario_project, (const char *const *)pattern_list,
                                                    (const char *const *)tag_list, &error);
    if (scenarios == NULL)
        return g_strdup(error->message);
    GString *names = g_string_new(NULL);
    for (guint i = 0; i < scenarios->len; i++)
        g_string_append_printf(names, "%s%s", i > 0 ? " " : "",
                               ((Scenario *)g_ptr_array_index(scenarios, i))->name);
    return g_string_free(names, FALSE);
}

static void check_chosen(const char *patterns, const char *tags, const char *expected)
{
    g_autofree char *chosen = chosen_by(patterns, tags);
    ck_assert_str_eq(chosen, expected);
}

START_TEST(test_scenarios_are_chosen_by_glob_and_tag_and_sorted_by_name)
{
    scenario_text_write("scenarios/xml-b.yaml", MINIMAL "tags: [slow, xml]\n");
    scenario_text_write("scenarios/sql.yaml", MINIMAL "tags: [fast]\n");
    scenario_text_write("scenarios/xml-a.yaml", MINIMAL "tags: [fast, xml]\n");
    scenario_text_write("scenarios/.hidden.yaml", "[");
    scenario_text_write("scenarios/notes.txt", "[");
    check_chosen(NULL, NULL, "sql xml-a xml-b");
    check_chosen("xml-*", NULL, "xml-a xml-b");
    check_chosen("xml-? sql", NULL, "sql xml-a xml-b");
    check_chosen("sql sql", NULL, "sql");
    check_chosen(NULL, "fast", "sql xml-a");
    check_chosen(NULL, "xml fast", "sql xml-a xml-b");
    check_chosen("xml-*", "fast", "xml-a");
}
END_TEST

START_TEST(test_choosing_nothing_is_an_error_and_never_a_pass)
{
    check_chosen(
        NULL, NULL,
        "scenarios holds no scenario (NAME.yaml), so nothing would be measured; heapgate init makes a first "
        "one");
    scenario_text_write("scenarios/sql.yaml", MINIMAL "tags: [fast]\n");
    check_chosen("sql xlm-*", NULL, "no scenario in scenarios matches \"xlm-*\"; heapgate list shows them");
    check_chosen(
        NULL, "slow",
        "no scenario carries the tag slow, so nothing would be measured; heapgate list shows the tags");
}
END_TEST

/* What somebody may have meant to be a scenario is never passed over in silence. */
START_TEST(test_files_that_look_like_scenarios_and_are_none_are_told)
{
    static const struct {
        const char *file, *text, *expected;
    } strays[] = {
        {"scenarios/other.yml", "run: [x]\n",
         "scenarios/other.yml is not measured: the name of a scenario's file ends"},
        {"scenarios/OTHER.YAML", "run: [x]\n", "scenarios/OTHER.YAML is not measured: the name"},
        {"scenarios/ui/dialog.yaml", "about: a dialog\nrun: [x]\n",
         "scenarios/ui/dialog.yaml is not measured: scenarios lie in scenarios itself"},
        {"scenarios/ui/flow.yaml", "shell: x\n", "scenarios/ui/flow.yaml is not measured: scenarios lie"},
        {"scenarios/ui/more/dialog.yml", "python: a:b\n",
         "scenarios/ui/more/dialog.yml is not measured: scenarios lie"},
    };
    static const char *const others[] = {"scenarios/data/settings.yaml", "scenarios/data/broken.yml",
                                         "scenarios/.hidden.yml", "scenarios/own/scenarios/first.yaml"};
    scenario_text_write("scenarios/orders.yaml", MINIMAL);
    scenario_text_write(others[0], "name: run\nlist: [1]\n");
    scenario_text_write(others[1], "a: [\n");
    scenario_text_write(others[2], MINIMAL);
    scenario_text_write(others[3], MINIMAL);
    for (gsize i = 0; i < G_N_ELEMENTS(strays); i++) {
        check_chosen(NULL, NULL, "orders");
        scenario_text_write(strays[i].file, strays[i].text);
        g_autofree char *message = chosen_by(NULL, NULL),
                        *path = g_build_filename(scenario_folder, strays[i].file, NULL);
        ck_assert_msg(g_str_has_prefix(message, strays[i].expected), "%s", message);
        ck_assert_int_eq(g_remove(path), 0);
    }
    scenario_text_write("ui/dialog.yaml", MINIMAL);
    g_autofree char *link = g_build_filename(scenario_folder, "scenarios", "linked", NULL);
    g_autofree char *loop = g_build_filename(scenario_folder, "scenarios", "loop", NULL);
    ck_assert_int_eq(symlink(".", loop), 0);
    check_chosen(NULL, NULL, "orders");
    ck_assert_int_eq(symlink("../ui", link), 0);
    g_autofree char *message = chosen_by(NULL, NULL);
    ck_assert_msg(g_str_has_prefix(message, "scenarios/linked/dialog.yaml is not measured"), "%s", message);
}
END_TEST

START_TEST(test_one_scenario_that_is_wrong_stops_the_run)
{
    scenario_text_write("scenarios/good.yaml", MINIMAL);
    scenario_text_write("scenarios/wrong.yaml", "run: [");
    g_autofree char *message = chosen_by(NULL, NULL);
    ck_assert_msg(g_str_has_prefix(message, "scenarios/wrong.yaml:2:1: this is not YAML"), "%s", message);
    check_chosen("good", NULL, "good");
}
END_TEST

START_TEST(test_a_scenarios_folder_that_is_not_there_is_told)
{
    g_free(scenario_project->scenarios);
    scenario_project->scenarios = g_build_filename(scenario_project->root, "none", NULL);
    g_autofree char *message = chosen_by(NULL, NULL);
    ck_assert_msg(strstr(message, "heapgate init makes a first scenario") != NULL, "%s", message);
}
END_TEST

SUITE(scenario_selection, 20)
{
    tcase_add_checked_fixture(tcase, scenario_text_setup, scenario_text_teardown);
    tcase_add_test(tcase, test_a_file_that_cannot_be_read_or_is_far_too_large_is_told);
    tcase_add_test(tcase, test_scenarios_are_chosen_by_glob_and_tag_and_sorted_by_name);
    tcase_add_test(tcase, test_choosing_nothing_is_an_error_and_never_a_pass);
    tcase_add_test(tcase, test_files_that_look_like_scenarios_and_are_none_are_told);
    tcase_add_test(tcase, test_one_scenario_that_is_wrong_stops_the_run);
    tcase_add_test(tcase, test_a_scenarios_folder_that_is_not_there_is_told);
}
