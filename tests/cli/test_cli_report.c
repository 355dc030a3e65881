/* heapgate report, run --recorded and what run prints, as users meet them. */
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <string.h>

#include "passing.h"
#include "report/report.h"
#include "runner.h"
#include "stand_in.h"

#define REPORTS "junit.xml", "summary.md", "annotations.txt", "result.json", "verdict.json"

/* A project whose last run's result is in kept.json. */
static TestProject *recorded_project(void)
{
    TestProject *project = PASSING(BOTH, "work");
    stand_in_install(project, "\"$@\"; leave 900000 1000 buy_more");
    test_project_expect(project, 1, "run", "REGRESSED", "buy_more", NULL);
    g_rename(test_project_path(project, "reports/result.json"), test_project_path(project, "kept.json"));
    runner_remove(test_project_path(project, "reports"));
    return project;
}

START_TEST(test_report_makes_every_report_again)
{
    static const char *const files[] = {REPORTS};
    g_autoptr(TestProject) project = recorded_project();
    test_project_expect(project, 0, "report kept.json", "REGRESSED", "buy_more", "1 of 1 scenario regressed",
                        NULL);
    test_project_expect(project, 0, "report kept.json --verbose", "1000 B", NULL);
    test_project_expect(project, 0, "report --output again kept.json", NULL);
    ck_assert(!g_file_test(test_project_path(project, "reports"), G_FILE_TEST_EXISTS));
    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_build_filename("again", files[i], NULL);
        g_autofree char *text = test_project_read(project, path);
        ck_assert_msg(strlen(text) > 20, "%s is all but empty", path);
    }
    for (const Report *const *report = reports_all(); *report != NULL; report++) {
        g_autofree char *words = g_strdup_printf("report kept.json --format %s", (*report)->name);
        g_autofree char *path = g_build_filename("again", (*report)->default_path, NULL);
        g_autofree char *written = test_project_read(project, path);
        test_project_expect(project, 0, words, NULL);
        ck_assert_msg(strcmp(project->output, written) == 0, "%s prints something else than it writes",
                      words);
    }
    test_project_expect(project, 2, "report kept.json --format yaml", "\"yaml\" is not a report",
                        "junit, summary", NULL);
    test_project_expect_shell(project, 3, "heapgate report kept.json >/dev/full",
                              "standard output cannot be written");
    test_project_expect_shell(project, 3, "heapgate report kept.json --format junit >/dev/full",
                              "heapgate: ");
    test_project_expect_shell(project, 3, "heapgate list >/dev/full", "standard output cannot be written");
}
END_TEST

START_TEST(test_report_refuses_results_that_are_none)
{
    static const char *const wrong[] = {
        "",
        "null",
        "[]",
        "{}",
        "{\"format\":\"heapgate-result\"}",
        "\377\376{",
        "{\"format\":\"heapgate-result\",\"version\":9}",
        "{\"a\":{\"a\":{\"a\":",
        "<?xml version=\"1.0\"?>",
    };
    g_autoptr(TestProject) project = recorded_project();
    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
        ck_assert(g_file_set_contents(test_project_path(project, "wrong.json"), wrong[i], -1, NULL));
        test_project_expect(project, 2, "report wrong.json --output out", "heapgate: wrong.json", NULL);
        test_project_expect(project, 2, "run --recorded wrong.json", "heapgate: wrong.json", NULL);
    }
    g_autofree char *whole = test_project_read(project, "kept.json");
    for (gssize part = 1; part < 8; part++) {
        gssize length = (gssize)strlen(whole) * part / 8;
        ck_assert(g_file_set_contents(test_project_path(project, "wrong.json"), whole, length, NULL));
        test_project_expect(project, 2, "report wrong.json", "heapgate: wrong.json:", NULL);
    }
    ck_assert(!g_file_test(test_project_path(project, "out"), G_FILE_TEST_EXISTS));
}
END_TEST

/* Whoever edits the verdicts of a record does not make it pass. */
START_TEST(test_report_of_an_edited_result_does_not_pass)
{
    g_autoptr(TestProject) project = recorded_project();
    g_autofree char *text = test_project_read(project, "kept.json");
    /* All but those of the comparisons, which lie deepest. */
    g_autoptr(GRegex) verdict = g_regex_new("^( {1,5}\"verdict\":)\"regressed\"", G_REGEX_MULTILINE, 0, NULL);
    g_autofree char *edited = g_regex_replace(verdict, text, -1, 0, "\\1\"pass\"", 0, NULL);
    ck_assert(strcmp(text, edited) != 0);
    test_project_write(project, "edited.json", "%s", edited);
    test_project_expect(project, 0, "report edited.json --format verdict", "\"verdict\":\"regressed\"",
                        "\"exit_status\":1", NULL);
}
END_TEST

START_TEST(test_run_recorded_compares_with_the_baselines_of_now)
{
    g_autoptr(TestProject) project = recorded_project();
    test_project_expect(project, 1, "run --recorded kept.json", "REGRESSED", "buy_more", NULL);
    test_project_replace(project, passing_baseline("work"), "value: 300000", "value: 900000");
    test_project_replace(project, passing_baseline("work"), "bytes: 300000", "bytes: 900000");
    test_project_replace(project, passing_baseline("work"), "work (prog.c)", "buy_more (prog.c)");
    test_project_expect(project, 0, "run --recorded kept.json", "1 scenario passes", NULL);
    test_project_expect(project, 0, "run --recorded reports/result.json", "1 scenario passes", NULL);
    test_project_expect(project, 0, "run --recorded kept.json -i massif work", "massif", NULL);
    test_project_replace(project, passing_baseline("work"), "value: 1000\n", "value: 10\n");
    test_project_expect(project, 1, "run --recorded kept.json", "REGRESSED", "lost", "retained", NULL);
    g_unlink(test_project_path(project, passing_baseline("work")));
    test_project_expect(project, 3, "run --recorded kept.json", "NEW", NULL);
}
END_TEST

START_TEST(test_run_prints_the_same_order_whatever_runs_side_by_side)
{
    g_autoptr(TestProject) project = PASSING(BOTH, "a", "b", "c", "d", "e");
    g_autoptr(GRegex) times = g_regex_new("[0-9.]+ m?s\\b", 0, 0, NULL);
    test_project_expect_shell(project, 0, "heapgate run --jobs 1 2>/dev/null", "5 scenarios pass");
    g_autofree char *alone = g_regex_replace_literal(times, project->output, -1, 0, "T", 0, NULL);
    test_project_expect_shell(project, 0, "heapgate run --jobs 4 2>/dev/null", "5 scenarios pass");
    g_autofree char *together = g_regex_replace_literal(times, project->output, -1, 0, "T", 0, NULL);
    ck_assert_str_eq(alone, together);
    test_project_expect_shell(project, 0, "heapgate run --jobs 4 2>&1 >/dev/null | wc -l", "10");
}
END_TEST

START_TEST(test_run_quiet_says_only_what_is_not_a_pass)
{
    g_autoptr(TestProject) project = PASSING(MASSIF, "good", "worse");
    test_project_expect(project, 0, "run --quiet", NULL);
    ck_assert_str_eq(project->output, "2 scenarios pass\n");
    test_project_replace(project, passing_baseline("worse"), "value: 300000", "value: 100");
    test_project_expect(project, 1, "run --quiet", "worse", "REGRESSED", "1 of 2 scenarios regressed", NULL);
    ck_assert_msg(strstr(project->output, "good") == NULL, "%s", project->output);
    test_project_expect(project, 1, "run --verbose", "good", "prog.c", NULL);
}
END_TEST

/* Standard output holds nothing else, whatever is said besides. */
START_TEST(test_run_json_prints_one_object_that_says_what_to_do)
{
    g_autoptr(TestProject) project = PASSING(MASSIF, "good", "work");
    test_project_write(project, "baselines/orphan.txt", "no scenario\n");
    stand_in_install(project, "\"$@\"; leave 900000 1000 buy_more");
    test_project_expect_shell(project, 1,
                              "heapgate run --json work 2>said >out; status=$?; cat out; exit $status", "{");
    g_autofree char *written = test_project_read(project, "reports/verdict.json");
    g_autofree char *said = test_project_read(project, "said");
    ck_assert_str_eq(project->output, written);
    ck_assert_msg(strstr(said, "work massif: measured in") != NULL, "%s", said);
    g_autoptr(JsonNode) root = json_from_string(project->output, NULL);
    ck_assert_msg(root != NULL && JSON_NODE_HOLDS_OBJECT(root), "%s", project->output);
    JsonObject *object = json_node_get_object(root);
    ck_assert_str_eq(json_object_get_string_member(object, "verdict"), "regressed");
    ck_assert_int_eq(json_object_get_int_member(object, "exit_status"), 1);
    ck_assert_int_eq(json_object_get_int_member(object, "version"), 1);
    JsonArray *findings = json_object_get_array_member(object, "findings");
    ck_assert_uint_eq(json_array_get_length(findings), 1);
    JsonObject *finding = json_array_get_object_element(findings, 0);
    ck_assert_str_eq(json_object_get_string_member(finding, "scenario"), "work");
    ck_assert_ptr_nonnull(
        strstr(json_object_get_string_member(finding, "advice"), "heapgate update work --reason"));
    ck_assert_ptr_nonnull(strstr(json_object_get_string_member(finding, "numbers"), ", was 293 KiB"));
    JsonArray *places = json_object_get_array_member(finding, "places");
    ck_assert_uint_gt(json_array_get_length(places), 0);
    JsonObject *place = json_array_get_object_element(places, 0);
    ck_assert_str_eq(json_object_get_string_member(place, "function"), "buy_more");
    ck_assert_int_eq(json_object_get_int_member(place, "delta"), 900000);
}
END_TEST

START_TEST(test_run_json_of_a_pass_is_short_and_of_an_error_empty)
{
    g_autoptr(TestProject) project = PASSING(MASSIF, "work");
    test_project_expect_shell(project, 0, "heapgate run --json 2>said",
                              "{\"verdict\":\"pass\",\"exit_status\":0,");
    ck_assert_ptr_nonnull(strstr(project->output, "\"findings\":[]"));
    test_project_write(project, "scenarios/work.yaml", "runs: [echo]\n");
    ck_assert_int_eq(test_project_shell(project, "heapgate run --json 2>said"), 2);
    ck_assert_str_eq(project->output, "");
}
END_TEST

/* The table's rows are as wide as the terminal allows, and whole where there is none. */
START_TEST(test_the_table_keeps_to_the_terminal)
{
    g_autoptr(TestProject) project = PASSING(MASSIF, "work");
    if (test_project_shell(project, "script -qec true /dev/null") != 0) {
        runner_skip("test_the_table_keeps_to_the_terminal",
                    "script (bsdutils) is not there, or no pseudo-terminal can be opened");
        return;
    }
    static const char count[] =
        "grep -A3 '^  work ' | awk '{ sub(/\\r$/, \"\"); if (length > most) most = length } "
        "END { print (most > 50 ? \"wide\" : \"narrow\") }'";
    const struct {
        const char *command, *found;
    } cases[] = {
        {"NO_COLOR=1 script -qec 'stty cols 50; heapgate run' /dev/null", "narrow"},
        {"NO_COLOR=1 script -qec 'stty cols 200; heapgate run' /dev/null", "wide"},
        {"COLUMNS=50 heapgate run", "narrow"},
        {"unset COLUMNS; heapgate run", "wide"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *script = g_strdup_printf("%s | %s", cases[i].command, count);
        test_project_expect_shell(project, 0, script, cases[i].found);
    }
}
END_TEST

START_TEST(test_colour_is_for_terminals_that_want_it)
{
    g_autoptr(TestProject) project = PASSING(MASSIF, "work");
    static const struct {
        const char *script;
        gboolean coloured;
    } cases[] = {
        {"unset NO_COLOR; TERM=xterm script -qec 'heapgate run' /dev/null", TRUE},
        {"NO_COLOR= TERM=xterm script -qec 'heapgate run' /dev/null", TRUE},
        {"NO_COLOR=1 TERM=xterm script -qec 'heapgate run 2>/dev/null' /dev/null", FALSE},
        {"unset NO_COLOR; TERM=dumb script -qec 'heapgate run' /dev/null", FALSE},
        {"unset NO_COLOR; TERM=xterm heapgate run", FALSE},
    };
    if (test_project_shell(project, "script -qec true /dev/null") != 0) {
        runner_skip("test_colour_is_for_terminals_that_want_it",
                    "script (bsdutils) is not there, or no pseudo-terminal can be opened");
        return;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        test_project_expect_shell(project, 0, cases[i].script, "1 scenario passes");
        ck_assert_msg((strstr(project->output, "\033[3") != NULL) == cases[i].coloured, "%s: %s",
                      cases[i].script, project->output);
    }
}
END_TEST

SUITE(cli_report, 90)
{
    tcase_add_test(tcase, test_report_makes_every_report_again);
    tcase_add_test(tcase, test_report_refuses_results_that_are_none);
    tcase_add_test(tcase, test_report_of_an_edited_result_does_not_pass);
    tcase_add_test(tcase, test_run_recorded_compares_with_the_baselines_of_now);
    tcase_add_test(tcase, test_run_prints_the_same_order_whatever_runs_side_by_side);
    tcase_add_test(tcase, test_run_quiet_says_only_what_is_not_a_pass);
    tcase_add_test(tcase, test_run_json_prints_one_object_that_says_what_to_do);
    tcase_add_test(tcase, test_run_json_of_a_pass_is_short_and_of_an_error_empty);
    tcase_add_test(tcase, test_the_table_keeps_to_the_terminal);
    tcase_add_test(tcase, test_colour_is_for_terminals_that_want_it);
}
