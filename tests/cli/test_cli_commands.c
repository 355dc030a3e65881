/* What all commands have in common, and list, run as a user runs them. */
#include <json-glib/json-glib.h>
#include <string.h>

#include "cmd/command.h"
#include "passing.h"
#include "runner.h"

START_TEST(test_a_message_moves_no_cursor_and_is_no_command_of_a_log)
{
    g_autoptr(TestProject) project = test_project_new();
    project->env = g_environ_setenv(project->env, "GITHUB_ACTIONS", "true", TRUE);
    project->env = g_environ_setenv(project->env, "LC_ALL", "C.UTF-8", TRUE);
    test_project_expect(project, 2, "'x\033[2J##[error]\n::error::y'",
                        "heapgate: \"x\xef\xbf\xbd[2J## [error] ::error::y\" is not a command", NULL);
    ck_assert_ptr_null(strstr(project->output, "##["));
    ck_assert_ptr_null(strstr(project->output, "\n::"));
}
END_TEST

START_TEST(test_command_explains_itself)
{
    g_autoptr(TestProject) project = test_project_new();
    for (const Command *const *command = commands_all(); *command != NULL; command++) {
        g_autofree char *usage = g_strdup_printf("heapgate %s", (*command)->name);
        g_autofree char *words = g_strdup_printf("%s --help", (*command)->name);
        g_autofree char *letter = g_strdup_printf("%s -h", (*command)->name);
        test_project_expect(project, 0, words, "Usage:", usage, (*command)->summary, (*command)->arguments,
                            NULL);
        test_project_expect(project, 0, letter, "Usage:", NULL);
        test_project_expect(project, 0, "--help", (*command)->name, (*command)->summary, NULL);
    }
    test_project_expect(project, 0, "--version", "heapgate 0.1.0", NULL);
    test_project_expect(project, 2, "", "Usage:", NULL);
}
END_TEST

START_TEST(test_command_refuses_what_it_does_not_know)
{
    g_autoptr(TestProject) project = test_project_new();
    test_project_expect(project, 2, "rnu", "\"rnu\" is not a command", "heapgate --help", NULL);
    test_project_expect(project, 2, "-- run", "is not a command", NULL);
    test_project_expect(project, 2, "--frobnicate", "is not a command", NULL);
    for (const Command *const *command = commands_all(); *command != NULL; command++) {
        g_autofree char *words = g_strdup_printf("%s --frobnicate", (*command)->name);
        g_autofree char *help = g_strdup_printf("see heapgate %s --help", (*command)->name);
        test_project_expect(project, 2, words, "--frobnicate", help, NULL);
    }
}
END_TEST

START_TEST(test_command_refuses_wrong_arguments)
{
    static const char *const wrong[] = {
        "report",
        "report a b",
        "show",
        "show a b",
        "diff a",
        "diff a b c",
        "mark",
        "mark a b",
        "mark ''",
        "init here",
        "report no-such-file",
        "report .",
        "run --jobs many",
        "run --jobs -1",
        "run --tag",
        "list --matrix 0",
        "list --matrix=-1",
        "list --matrix 257",
        "list --matrix x",
        "doctor no-such-scenario",
        "list no-such-scenario",
        "run -C /no/such/folder",
    };
    g_autoptr(TestProject) project = PASSING(MASSIF, "work");
    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++)
        test_project_expect(project, 2, wrong[i], "heapgate: ", NULL);
}
END_TEST

START_TEST(test_command_takes_what_follows_two_dashes_as_arguments)
{
    g_autoptr(TestProject) project = PASSING(MASSIF, "one", "two");
    test_project_expect(project, 2, "run -- --quiet", "no scenario in scenarios matches \"--quiet\"", NULL);
    test_project_expect(project, 0, "list -- one", "one", NULL);
    test_project_expect(project, 0, "list one -- two", "two", NULL);
    test_project_expect(project, 2, "report -- --help", "--help", NULL);
}
END_TEST

START_TEST(test_commands_find_the_project_from_a_folder_below_it)
{
    g_autoptr(TestProject) project = PASSING(MASSIF, "work");
    g_mkdir_with_parents(test_project_path(project, "src/deep"), 0777);
    test_project_expect_shell(project, 0, "cd src/deep && heapgate run", "1 scenario passes");
    ck_assert(!g_file_test(test_project_path(project, "src/deep/reports"), G_FILE_TEST_EXISTS));
    g_autofree char *elsewhere = g_strdup_printf("cd / && heapgate run -C '%s/src'", project->folder);
    test_project_expect_shell(project, 0, elsewhere, "1 scenario passes");
}
END_TEST

START_TEST(test_list_shows_scenarios_for_people_and_for_programs)
{
    g_autoptr(TestProject) project = PASSING(BOTH "about: 'Says \"hi\"'\ntags: [fast, db]\n", "work");
    test_project_write(project, "scenarios/other.yaml", MASSIF);
    test_project_replace(project, passing_baseline("work"), "duration: ", "duration: 40");
    test_project_expect(project, 0, "list", "work", "massif memcheck", "Says \"hi\"", "[fast db]",
                        "no baseline", NULL);
    test_project_expect(project, 0, "list --json --tag db", NULL);
    g_autoptr(JsonNode) root = json_from_string(project->output, NULL);
    ck_assert_msg(root != NULL && JSON_NODE_HOLDS_ARRAY(root), "%s", project->output);
    JsonArray *list = json_node_get_array(root);
    ck_assert_uint_eq(json_array_get_length(list), 1);
    JsonObject *work = json_array_get_object_element(list, 0);
    ck_assert_str_eq(json_object_get_string_member(work, "name"), "work");
    ck_assert_str_eq(json_object_get_string_member(work, "about"), "Says \"hi\"");
    ck_assert_str_eq(json_object_get_string_member(work, "file"), "scenarios/work.yaml");
    ck_assert_uint_eq(json_array_get_length(json_object_get_array_member(work, "instruments")), 2);
    ck_assert_str_eq(json_array_get_string_element(json_object_get_array_member(work, "tags"), 1), "db");
    ck_assert_int_gt(json_object_get_int_member(work, "duration_ms"), 0);
}
END_TEST

/* "a b | c": the shards of --matrix N, sorted as printed; (transfer full). */
static char *shards(TestProject *project, const char *words)
{
    test_project_expect(project, 0, words, NULL);
    g_autoptr(JsonNode) root = json_from_string(project->output, NULL);
    ck_assert_msg(root != NULL && JSON_NODE_HOLDS_OBJECT(root), "%s", project->output);
    JsonArray *include = json_object_get_array_member(json_node_get_object(root), "include");
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < json_array_get_length(include); i++) {
        JsonObject *shard = json_array_get_object_element(include, i);
        ck_assert_int_eq(json_object_get_int_member(shard, "shard"), i + 1);
        g_string_append_printf(text, "%s%s", i > 0 ? " | " : "",
                               json_object_get_string_member(shard, "scenarios"));
    }
    return g_string_free(text, FALSE);
}

START_TEST(test_list_matrix_balances_shards_by_recorded_durations)
{
    static const struct {
        const char *name, *duration;
    } recorded[] = {{"a", "5000 ms"}, {"b", "60 s"}, {"c", "30 s"}, {"d", "31 s"}};
    g_autoptr(TestProject) project = PASSING(MASSIF, "a", "b", "c", "d");
    for (gsize i = 0; i < G_N_ELEMENTS(recorded); i++) {
        g_autofree char *text = test_project_read(project, passing_baseline(recorded[i].name));
        g_autoptr(GRegex) duration = g_regex_new("duration: .*", 0, 0, NULL);
        g_autofree char *replacement = g_strdup_printf("duration: %s", recorded[i].duration);
        g_autofree char *edited = g_regex_replace_literal(duration, text, -1, 0, replacement, 0, NULL);
        test_project_write(project, passing_baseline(recorded[i].name), "%s", edited);
    }
    const struct {
        const char *words, *shards;
    } cases[] = {
        {"list --matrix 1", "b d c a"},        {"list --matrix 2", "b a | d c"},
        {"list --matrix 3", "b | d | c a"},    {"list --matrix 4", "b | d | c | a"},
        {"list --matrix 50", "b | d | c | a"}, {"list --matrix 256 a", "a"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *found = shards(project, cases[i].words);
        ck_assert_msg(strcmp(found, cases[i].shards) == 0, "%s: %s, expected %s", cases[i].words, found,
                      cases[i].shards);
    }
}
END_TEST

SUITE(cli_commands, 90)
{
    tcase_add_test(tcase, test_a_message_moves_no_cursor_and_is_no_command_of_a_log);
    tcase_add_test(tcase, test_command_explains_itself);
    tcase_add_test(tcase, test_command_refuses_what_it_does_not_know);
    tcase_add_test(tcase, test_command_refuses_wrong_arguments);
    tcase_add_test(tcase, test_command_takes_what_follows_two_dashes_as_arguments);
    tcase_add_test(tcase, test_commands_find_the_project_from_a_folder_below_it);
    tcase_add_test(tcase, test_list_shows_scenarios_for_people_and_for_programs);
    tcase_add_test(tcase, test_list_matrix_balances_shards_by_recorded_durations);
}
