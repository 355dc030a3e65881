/* Every command but show, diff and update, run as a user runs them. */
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cmd/command.h"
#include "project.h"
#include "report/report.h"
#include "run/host.h"
#include "runner.h"
#include "stand_in.h"

#define MASSIF  "run: [echo, hi]\ninstruments: [massif]\n"
#define BOTH    "run: [echo, hi]\ninstruments: [massif, memcheck]\n"
#define HEALTHY "\"$@\" && leave 300000 1000"
#define REPORTS "junit.xml", "summary.md", "annotations.txt", "result.json", "verdict.json"

static const char *baseline_of(const char *scenario)
{
    g_autofree char *path = g_strdup_printf("baselines/%s/%s.yaml", host_environment()->platform, scenario);
    return g_intern_string(path);
}

static void replace_in(TestProject *project, const char *path, const char *from, const char *to)
{
    g_autofree char *before = test_project_read(project, path);
    g_autoptr(GString) text = g_string_new(before);
    ck_assert_msg(g_string_replace(text, from, to, 0) > 0, "\"%s\" is not in %s:\n%.800s", from, path,
                  before);
    test_project_write(project, path, "%s", text->str);
}

/* Scenarios that pass under the stand-in; names end with NULL. */
static TestProject *passing_project(const char *scenario, const char *const *names)
{
    TestProject *project = test_project_new();
    stand_in_install(project, HEALTHY);
    for (; *names != NULL; names++) {
        g_autofree char *path = g_strdup_printf("scenarios/%s.yaml", *names);
        test_project_write(project, path, "%s", scenario);
    }
    test_project_expect(project, 0, "update --runs 1 --reason first", NULL);
    return project;
}
#define PASSING(scenario, ...) passing_project(scenario, (const char *const[]){__VA_ARGS__, NULL})

static void expect_shell(TestProject *project, int status, const char *script, const char *text)
{
    test_project_shell(project, script);
    ck_assert_msg(project->status == status, "%s: status %d, expected %d\n%.1500s", script, project->status,
                  status, project->output);
    ck_assert_msg(strstr(project->output, text) != NULL, "%s: \"%s\" is not in\n%.1500s", script, text,
                  project->output);
}

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
    expect_shell(project, 0, "cd src/deep && heapgate run", "1 scenario passes");
    ck_assert(!g_file_test(test_project_path(project, "src/deep/reports"), G_FILE_TEST_EXISTS));
    g_autofree char *elsewhere = g_strdup_printf("cd / && heapgate run -C '%s/src'", project->folder);
    expect_shell(project, 0, elsewhere, "1 scenario passes");
}
END_TEST

START_TEST(test_list_shows_scenarios_for_people_and_for_programs)
{
    g_autoptr(TestProject) project = PASSING(BOTH "about: 'Says \"hi\"'\ntags: [fast, db]\n", "work");
    test_project_write(project, "scenarios/other.yaml", MASSIF);
    replace_in(project, baseline_of("work"), "duration: ", "duration: 40");
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
        g_autofree char *text = test_project_read(project, baseline_of(recorded[i].name));
        g_autoptr(GRegex) duration = g_regex_new("duration: .*", 0, 0, NULL);
        g_autofree char *replacement = g_strdup_printf("duration: %s", recorded[i].duration);
        g_autofree char *edited = g_regex_replace_literal(duration, text, -1, 0, replacement, 0, NULL);
        test_project_write(project, baseline_of(recorded[i].name), "%s", edited);
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
    expect_shell(project, 3, "heapgate report kept.json >/dev/full", "standard output cannot be written");
    expect_shell(project, 3, "heapgate report kept.json --format junit >/dev/full", "heapgate: ");
    expect_shell(project, 3, "heapgate list >/dev/full", "standard output cannot be written");
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
    replace_in(project, baseline_of("work"), "value: 300000", "value: 900000");
    replace_in(project, baseline_of("work"), "bytes: 300000", "bytes: 900000");
    replace_in(project, baseline_of("work"), "work (prog.c)", "buy_more (prog.c)");
    test_project_expect(project, 0, "run --recorded kept.json", "1 scenario passes", NULL);
    test_project_expect(project, 0, "run --recorded reports/result.json", "1 scenario passes", NULL);
    test_project_expect(project, 0, "run --recorded kept.json -i massif work", "massif", NULL);
    replace_in(project, baseline_of("work"), "value: 1000\n", "value: 10\n");
    test_project_expect(project, 1, "run --recorded kept.json", "REGRESSED", "lost", "retained", NULL);
    g_unlink(test_project_path(project, baseline_of("work")));
    test_project_expect(project, 3, "run --recorded kept.json", "NEW", NULL);
}
END_TEST

START_TEST(test_run_prints_the_same_order_whatever_runs_side_by_side)
{
    g_autoptr(TestProject) project = PASSING(BOTH, "a", "b", "c", "d", "e");
    g_autoptr(GRegex) times = g_regex_new("[0-9.]+ m?s\\b", 0, 0, NULL);
    expect_shell(project, 0, "heapgate run --jobs 1 2>/dev/null", "5 scenarios pass");
    g_autofree char *alone = g_regex_replace_literal(times, project->output, -1, 0, "T", 0, NULL);
    expect_shell(project, 0, "heapgate run --jobs 4 2>/dev/null", "5 scenarios pass");
    g_autofree char *together = g_regex_replace_literal(times, project->output, -1, 0, "T", 0, NULL);
    ck_assert_str_eq(alone, together);
    expect_shell(project, 0, "heapgate run --jobs 4 2>&1 >/dev/null | wc -l", "10");
}
END_TEST

START_TEST(test_run_quiet_says_only_what_is_not_a_pass)
{
    g_autoptr(TestProject) project = PASSING(MASSIF, "good", "worse");
    test_project_expect(project, 0, "run --quiet", NULL);
    ck_assert_str_eq(project->output, "2 scenarios pass\n");
    replace_in(project, baseline_of("worse"), "value: 300000", "value: 100");
    test_project_expect(project, 1, "run --quiet", "worse", "REGRESSED", "1 of 2 scenarios regressed", NULL);
    ck_assert_msg(strstr(project->output, "good") == NULL, "%s", project->output);
    test_project_expect(project, 1, "run --verbose", "good", "prog.c", NULL);
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
        expect_shell(project, 0, cases[i].script, "1 scenario passes");
        ck_assert_msg((strstr(project->output, "\033[3") != NULL) == cases[i].coloured, "%s: %s",
                      cases[i].script, project->output);
    }
}
END_TEST

START_TEST(test_init_makes_a_project_that_runs)
{
    g_autoptr(TestProject) project = test_project_new();
    g_rmdir(test_project_path(project, "scenarios"));
    test_project_expect(project, 2, "run", "heapgate init makes a first scenario", NULL);
    test_project_expect(project, 0, "init", "heapgate.yaml: written", "scenarios/first.yaml: written",
                        ".github/workflows/heapgate.yml: written", "next: heapgate run", NULL);
    test_project_expect(project, 3, "run", "first", "NEW", "heapgate update first --reason", NULL);
    test_project_expect(project, 0, "update --runs 1 --reason 'first capture'", "written; commit it", NULL);
    test_project_expect(project, 0, "run", "1 scenario passes", NULL);
    test_project_expect(project, 0, "list", "first", NULL);
}
END_TEST

START_TEST(test_init_shows_how_to_gate_a_python_function)
{
    g_autoptr(TestProject) project = test_project_new();
    g_rmdir(test_project_path(project, "scenarios"));
    test_project_expect(project, 0, "init", "scenarios/first.yaml: written", NULL);
    g_autofree char *first = test_project_read(project, "scenarios/first.yaml");
    g_autoptr(GString) text = g_string_new(first);
    ck_assert_uint_eq(g_string_replace(text, "\nrun:", "\n# run:", 0), 1);
    ck_assert_uint_eq(g_string_replace(text, "\n# python:", "\npython:", 0), 1);
    test_project_write(project, "scenarios/first.yaml", "%s", text->str);
    test_project_expect(project, 0, "list", "first", NULL);
}
END_TEST

START_TEST(test_init_overwrites_nothing)
{
    g_autoptr(TestProject) project = test_project_new();
    test_project_write(project, "heapgate.yaml", "timeout: 7 s\n");
    test_project_write(project, "scenarios/first.yaml", MASSIF);
    test_project_expect(project, 0, "init", "heapgate.yaml: is there already", "first.yaml: is there already",
                        "heapgate.yml: written", NULL);
    g_autofree char *config = test_project_read(project, "heapgate.yaml");
    g_autofree char *first = test_project_read(project, "scenarios/first.yaml");
    ck_assert_str_eq(config, "timeout: 7 s\n");
    ck_assert_str_eq(first, MASSIF);
}
END_TEST

/* A repository of a project that passes, pushed to a bare one beside it. */
static TestProject *pushed_project(void)
{
    TestProject *project = PASSING(MASSIF, "work");
    project->env = g_environ_setenv(project->env, "GIT_CONFIG_GLOBAL", "/dev/null", TRUE);
    project->env = g_environ_setenv(project->env, "GIT_CONFIG_NOSYSTEM", "1", TRUE);
    for (int i = 0; i < 2; i++) {
        const char *who = i == 0 ? "AUTHOR" : "COMMITTER";
        g_autofree char *name = g_strdup_printf("GIT_%s_NAME", who),
                        *mail = g_strdup_printf("GIT_%s_EMAIL", who);
        project->env = g_environ_setenv(project->env, name, "Tester", TRUE);
        project->env = g_environ_setenv(project->env, mail, "tester@example.org", TRUE);
    }
    expect_shell(
        project, 0,
        "git init -q --bare far.git && git init -q -b main && printf "
        "'far.git\\nreports\\nbin\\ntree\\n' >.gitignore"
        " && git add . && git commit -qm first && git remote add far \"$PWD/far.git\" && git push -q far "
        "main; echo $?",
        "0");
    return project;
}

START_TEST(test_init_hook_refuses_the_push_of_a_regression)
{
    g_autoptr(TestProject) project = pushed_project();
    test_project_expect(project, 0, "init --hook", "hooks/pre-push: written", NULL);
    test_project_expect(project, 0, "init --hook", "is there already", NULL);
    expect_shell(project, 0, "git commit -q --allow-empty -m fine && git push far main", "1 scenario passes");
    stand_in_install(project, "\"$@\"; leave 900000 1000 buy_more");
    expect_shell(project, 1, "git commit -q --allow-empty -m leak && git push far main", "buy_more");
    expect_shell(project, 0, "git --git-dir=far.git log --format=%s -1 main", "fine");
    /* A push that could not be judged is refused, too. */
    stand_in_install(project, "\"$@\"");
    expect_shell(project, 1, "git push far main", "massif left no output");
    expect_shell(project, 0, "git --git-dir=far.git log --format=%s -1 main", "fine");
}
END_TEST

START_TEST(test_init_hook_serves_worktrees_and_folders_below)
{
    g_autoptr(TestProject) project = pushed_project();
    expect_shell(project, 0, "git worktree add -q tree && cd tree && heapgate init --hook",
                 "pre-push: written");
    stand_in_install(project, "\"$@\"; leave 900000 1000 buy_more");
    expect_shell(project, 1, "cd tree && git commit -q --allow-empty -m leak && git push far tree",
                 "buy_more");
    expect_shell(project, 0, "rm .git/hooks/pre-push; cd scenarios && heapgate init --hook",
                 "pre-push: written");
    expect_shell(project, 1, "git commit -q --allow-empty -m leak && git push far main", "buy_more");
}
END_TEST

/* A repository may hold a project in one of its folders. */
START_TEST(test_init_hook_finds_a_project_below_the_repository)
{
    g_autoptr(TestProject) project = pushed_project();
    expect_shell(project, 0,
                 "mkdir part && git mv scenarios baselines part && git commit -qm part && echo done", "done");
    expect_shell(project, 0, "cd part && heapgate init --hook", "pre-push: written");
    expect_shell(project, 0, "git push far main", "1 scenario passes");
}
END_TEST

START_TEST(test_init_hook_leaves_other_hooks_alone)
{
    g_autoptr(TestProject) project = pushed_project();
    test_project_write(project, ".git/hooks/pre-push", "#!/bin/sh\nexit 0\n");
    test_project_expect(project, 2, "init --hook", "does something else", "add the line", NULL);
    g_autofree char *hook = test_project_read(project, ".git/hooks/pre-push");
    ck_assert_str_eq(hook, "#!/bin/sh\nexit 0\n");
    expect_shell(
        project, 2,
        "GIT_CEILING_DIRECTORIES=$PWD; export GIT_CEILING_DIRECTORIES; rm -rf .git && heapgate init --hook",
        "no git repository");
}
END_TEST

START_TEST(test_doctor_finds_limits_under_which_no_books_are_kept)
{
#ifdef __SANITIZE_ADDRESS__
    runner_skip("test_doctor_finds_limits_under_which_no_books_are_kept",
                "AddressSanitizer needs more address space than that itself");
    return;
#endif
    g_autoptr(TestProject) project = PASSING(MASSIF, "work");
    struct rlimit old, limit;
    getrlimit(RLIMIT_DATA, &old);
    limit = (struct rlimit){(rlim_t)1 << 30, old.rlim_max};
    ck_assert_int_eq(setrlimit(RLIMIT_DATA, &limit), 0);
    test_project_expect(project, 3, "doctor", "MISSING  limit on data: 1.00 GiB", "mend: ulimit -d unlimited",
                        NULL);
    setrlimit(RLIMIT_DATA, &old);
}
END_TEST

START_TEST(test_doctor_finds_what_is_missing_and_how_to_mend_it)
{
    g_autoptr(TestProject) project = PASSING(MASSIF, "work");
    gboolean debug = test_project_run(project, "doctor") == 0;
    if (!debug)
        runner_skip("test_doctor_finds_what_is_missing_and_how_to_mend_it",
                    "libc's debug information is missing");
    test_project_expect(project, debug ? 0 : 3, "doctor", "ok       Valgrind: 3.19.0",
                        "ok       work: program, files and baseline are there", NULL);
    g_unlink(test_project_path(project, baseline_of("work")));
    test_project_expect(project, 3, "doctor", "MISSING  work: no baseline",
                        "mend: heapgate update work --reason \"first capture\"", NULL);
    test_project_write(project, "scenarios/work.yaml",
                       "run: [jqq, .]\ninstruments: [massif]\nstdin: gone.json\n");
    test_project_expect(project, 3, "doctor work", "MISSING  work: jqq", "mend: apt-get install jqq",
                        "\"gone.json\" does not exist", NULL);
    test_project_write(project, "scenarios/work.yaml", "run: [build/prog]\ninstruments: [massif]\n");
    test_project_expect(project, 3, "doctor", "build/prog", "mend: build your project first", NULL);
    test_project_write(project, baseline_of("work"), "format: [\n");
    test_project_expect(project, 3, "doctor", "work.yaml:", "capture it again", NULL);
    project->env = g_environ_setenv(project->env, "PATH", test_project_path(project, "scenarios"), TRUE);
    test_project_expect(project, 3, "doctor", "MISSING  Valgrind: not installed",
                        "mend: apt-get install valgrind", NULL);
    test_project_write(project, "scenarios/work.yaml", "runs: [jq]\n");
    test_project_expect(project, 2, "doctor", "unknown key \"runs\"", NULL);
}
END_TEST

START_TEST(test_mark_outside_a_run_does_nothing)
{
    g_autoptr(TestProject) project = test_project_new();
    project->env = g_environ_unsetenv(project->env, "HEAPGATE_INSTRUMENT");
    project->env = g_environ_unsetenv(project->env, "HEAPGATE_MARKS");
    test_project_expect(project, 0, "mark iteration", NULL);
    ck_assert_str_eq(project->output, "");
    project->env = g_environ_setenv(project->env, "HEAPGATE_INSTRUMENT", "massif", TRUE);
    test_project_expect(project, 0, "mark iteration", NULL);
}
END_TEST

static gboolean may_trace(TestProject *project)
{
    return test_project_shell(project,
                              "cat /proc/sys/kernel/yama/ptrace_scope 2>/dev/null | grep -q '[123]'") != 0 ||
           geteuid() == 0;
}

/* A shell that keeps 1000 bytes more in every pass. */
START_TEST(test_mark_in_a_shell_gives_iterations_and_growth)
{
    g_autoptr(TestProject) project = test_project_new();
    if (!may_trace(project)) {
        runner_skip("test_mark_in_a_shell_gives_iterations_and_growth",
                    "vgdb may not trace other processes here");
        return;
    }
    const char *chosen = g_getenv("HEAPGATE_BINARY");
    g_autofree char *folder = g_path_get_dirname(chosen != NULL ? chosen : runner_path("build/heapgate"));
    test_project_write(project, "scenarios/work.yaml",
                       "shell: |\n"
                       "  for i in 1 2 3 4 5 6 7 8 9 10; do\n"
                       "    eval \"kept_$i=%01000d\"\n"
                       "    heapgate mark iteration || exit 9\n"
                       "  done\n"
                       "  heapgate mark end\n"
                       "env: {PATH: '%s:/usr/bin:/bin'}\n"
                       "instruments: [massif, memcheck]\n"
                       "workflow: {warmup: 2, iterations: 10}\n",
                       0, folder);
    test_project_expect(project, 3, "run", "NEW", "growth", NULL);
    g_autoptr(Result) result = test_project_result(project);
    const Measurement *massif = test_result_find(result, "work", "massif")->measurement;
    const Measurement *memcheck = test_result_find(result, "work", "memcheck")->measurement;
    ck_assert_msg(massif->problem == NULL, "massif: %s", massif->problem);
    ck_assert_msg(memcheck->problem == NULL, "memcheck: %s", memcheck->problem);
    ck_assert_uint_eq(massif->iterations, 8);
    ck_assert_uint_eq(memcheck->iterations, 8);
    ck_assert_msg(measurement_value(massif, METRIC_GROWTH) > 1000 &&
                      measurement_value(massif, METRIC_GROWTH) < 1100,
                  "a growth of %" G_GINT64_FORMAT, measurement_value(massif, METRIC_GROWTH));
    ck_assert_int_eq(measurement_value(memcheck, METRIC_GROWTH), 0);
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
    tcase_add_test(tcase, test_report_makes_every_report_again);
    tcase_add_test(tcase, test_report_refuses_results_that_are_none);
    tcase_add_test(tcase, test_report_of_an_edited_result_does_not_pass);
    tcase_add_test(tcase, test_run_recorded_compares_with_the_baselines_of_now);
    tcase_add_test(tcase, test_run_prints_the_same_order_whatever_runs_side_by_side);
    tcase_add_test(tcase, test_run_quiet_says_only_what_is_not_a_pass);
    tcase_add_test(tcase, test_colour_is_for_terminals_that_want_it);
    tcase_add_test(tcase, test_init_makes_a_project_that_runs);
    tcase_add_test(tcase, test_init_shows_how_to_gate_a_python_function);
    tcase_add_test(tcase, test_init_overwrites_nothing);
    tcase_add_test(tcase, test_init_hook_refuses_the_push_of_a_regression);
    tcase_add_test(tcase, test_init_hook_serves_worktrees_and_folders_below);
    tcase_add_test(tcase, test_init_hook_finds_a_project_below_the_repository);
    tcase_add_test(tcase, test_init_hook_leaves_other_hooks_alone);
    tcase_add_test(tcase, test_doctor_finds_limits_under_which_no_books_are_kept);
    tcase_add_test(tcase, test_doctor_finds_what_is_missing_and_how_to_mend_it);
    tcase_add_test(tcase, test_mark_outside_a_run_does_nothing);
    tcase_add_test(tcase, test_mark_in_a_shell_gives_iterations_and_growth);
}
