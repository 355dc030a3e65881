/* heapgate init and mark: a project's beginning, as users meet it. */
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "passing.h"
#include "runner.h"
#include "stand_in.h"

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
                        NULL);
    g_autofree char *config = test_project_read(project, "heapgate.yaml");
    g_autofree char *first = test_project_read(project, "scenarios/first.yaml");
    ck_assert_str_eq(config, "timeout: 7 s\n");
    ck_assert_str_eq(first, MASSIF);
}
END_TEST

START_TEST(test_init_that_cannot_write_all_has_begun_nothing)
{
    g_autoptr(TestProject) project = test_project_new();
    test_project_expect_shell(project, 0, "rmdir scenarios && echo text > .github && echo made", "made");
    test_project_expect(project, 3, "init", ".github/workflows/heapgate.yml cannot be written",
                        "heapgate.yaml: removed again", "scenarios/first.yaml: removed again", NULL);
    g_unlink(test_project_path(project, ".github"));
    test_project_expect(project, 0, "init", "heapgate.yaml: written", "first.yaml: written",
                        "heapgate.yml: written", NULL);
}
END_TEST

/* A link that leads nowhere is somebody's, too. */
START_TEST(test_init_replaces_no_link)
{
    g_autoptr(TestProject) project = test_project_new();
    test_project_expect_shell(project, 0, "ln -s nowhere heapgate.yaml && echo made", "made");
    test_project_expect(project, 0, "init", "heapgate.yaml: is there already", NULL);
    ck_assert(g_file_test(test_project_path(project, "heapgate.yaml"), G_FILE_TEST_IS_SYMLINK));
}
END_TEST

static gboolean is_there(const TestProject *project, const char *relative)
{
    return g_file_test(test_project_path(project, relative), G_FILE_TEST_EXISTS);
}

START_TEST(test_init_brings_nothing_back_that_was_deleted)
{
    static const char *const files[] = {"scenarios/first.yaml", ".github/workflows/heapgate.yml",
                                        "heapgate.yaml"};
    g_autoptr(TestProject) project = test_project_new();
    test_project_expect(project, 0, "init", "first.yaml: written", NULL);
    test_project_write(project, "scenarios/mine.yaml", MASSIF);
    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *says = g_strdup_printf("%s: not there, and not written", files[i]);
        g_unlink(test_project_path(project, files[i]));
        test_project_expect(project, 0, "init", says, NULL);
        ck_assert_msg(!is_there(project, files[i]), "%s is back", files[i]);
    }
}
END_TEST

START_TEST(test_init_builds_what_a_project_builds_by)
{
    static const struct {
        const char *file, *build, *program;
    } rows[] = {
        {"Makefile", "      - run: make\n", "[./PROGRAM]"},
        {"CMakeLists.txt", "      - run: cmake -B build ", "[build/PROGRAM]"},
        {"meson.build", "      - run: meson setup ", "[build/PROGRAM]"},
        {"Cargo.toml", "      - run: CARGO_PROFILE_RELEASE_DEBUG=true cargo build",
         "[target/release/PROGRAM]"},
        {"README", "      # Build your programs here.\n", "[./PROGRAM]"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(TestProject) project = test_project_new();
        test_project_write(project, rows[i].file, "# mine\n");
        test_project_expect(project, 0, "init", "next: heapgate run", NULL);
        g_autofree char *workflow = test_project_read(project, ".github/workflows/heapgate.yml");
        g_autofree char *first = test_project_read(project, "scenarios/first.yaml");
        g_autofree char *config = test_project_read(project, "heapgate.yaml");
        ck_assert_msg(strstr(workflow, rows[i].build) != NULL, "%s: %s", rows[i].file, workflow);
        ck_assert_msg(strstr(first, rows[i].program) != NULL, "%s: %s", rows[i].file, first);
        ck_assert_msg(strstr(config, "instruments: [heap, memcheck]") != NULL, "%s", config);
    }
}
END_TEST

/* A folder with a link to the machine's Python where a virtual environment has its interpreter. */
START_TEST(test_init_of_a_python_project_drives_a_function_by_its_interpreter)
{
    g_autoptr(TestProject) project = test_project_new();
    test_project_write(project, "pyproject.toml", "[project]\nname = 'shop'\n");
    test_project_write(project, "Makefile", "all:\n");
    test_project_expect_shell(
        project, 0, "mkdir -p .venv/bin && ln -s /usr/bin/python3 .venv/bin/python && echo made", "made");
    test_project_expect(project, 0, "init", "scenarios/first.py: written",
                        "gate tests: .venv/bin/pip install /", "/python, mark one @pytest.mark.heapgate",
                        "heapgate exec -- .venv/bin/python -m pytest", NULL);
    g_autofree char *workflow = test_project_read(project, ".github/workflows/heapgate.yml");
    ck_assert_msg(strstr(workflow, "python3 -m venv .venv && .venv/bin/pip install -e .\n") != NULL, "%s",
                  workflow);
    ck_assert_msg(strstr(workflow, "heapgate exec -- .venv/bin/python -m pytest") != NULL, "%s", workflow);
    g_autofree char *config = test_project_read(project, "heapgate.yaml");
    ck_assert_msg(strstr(config, "instruments: [heap]\n") != NULL, "%s", config);
    test_project_expect(project, 3, "run", "first   heap", "NEW", "growth 0 B/iteration", NULL);
    test_project_expect(project, 0, "update --runs 2 --reason 'first capture'", "written; commit it", NULL);
    test_project_expect(project, 0, "run", "1 scenario passes", NULL);
}
END_TEST

START_TEST(test_init_of_a_python_project_without_a_virtual_environment_takes_the_system_python)
{
    g_autoptr(TestProject) project = test_project_new();
    test_project_write(project, "setup.py", "# mine\n");
    test_project_expect(project, 0, "init", "venv/bin/pip install", NULL);
    g_autofree char *first = test_project_read(project, "scenarios/first.yaml");
    ck_assert_msg(strstr(first, "interpreter: /usr/bin/python3, ") != NULL, "%s", first);
}
END_TEST

START_TEST(test_init_header_lets_others_build_without_heapgate)
{
    static const char source[] =
        "#ifdef __has_include\n"
        "#if __has_include(\"heapgate.h\")\n"
        "#include \"heapgate.h\"\n"
        "#endif\n"
        "#endif\n"
        "#ifndef HEAPGATE_H\n"
        "#define heapgate_mark(name) ((void)0)\n"
        "#define heapgate_iteration() ((void)0)\n"
        "#endif\n"
        "int main(void) { heapgate_iteration(); heapgate_mark(\"end\"); return 0; }\n";
    g_autoptr(TestProject) project = test_project_new();
    test_project_write(project, "a.c", "%s", source);
    test_project_expect(project, 0, "init --header", "heapgate.h: written", "next: #include \"heapgate.h\"",
                        NULL);
    test_project_expect_shell(project, 0,
                              "cc -Wall -Wextra -Werror -o a a.c && ./a && nm a | grep heapgate_tracer_mark",
                              "w heapgate_tracer_mark");
    test_project_expect_shell(
        project, 0, "rm heapgate.h && cc -Wall -Wextra -Werror -o a a.c && ./a && echo built", "built");
    /* What the header says of it is what was built here. */
    g_mkdir(test_project_path(project, "include"), 0777);
    test_project_expect(project, 0, "init --header", "include/heapgate.h: written", NULL);
    test_project_expect(project, 0, "init --header", "include/heapgate.h: is there already", NULL);
    test_project_expect_shell(
        project, 0,
        "sed -n 's/^ \\* \\{5\\}//p' include/heapgate.h | head -9 > said; head -9 a.c | diff said - "
        "&& echo same",
        "same");
    test_project_expect(project, 2, "init --header --hook", "either --hook or --header", NULL);
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
    test_project_expect_shell(
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
    test_project_expect_shell(project, 0, "git commit -q --allow-empty -m fine && git push far main",
                              "1 scenario passes");
    stand_in_install(project, "\"$@\"; leave 900000 1000 buy_more");
    test_project_expect_shell(project, 1, "git commit -q --allow-empty -m leak && git push far main",
                              "buy_more");
    test_project_expect_shell(project, 0, "git --git-dir=far.git log --format=%s -1 main", "fine");
    /* A push that could not be judged is refused, too. */
    stand_in_install(project, "\"$@\"");
    test_project_expect_shell(project, 1, "git push far main", "massif left no output");
    test_project_expect_shell(project, 0, "git --git-dir=far.git log --format=%s -1 main", "fine");
}
END_TEST

START_TEST(test_init_hook_serves_worktrees_and_folders_below)
{
    g_autoptr(TestProject) project = pushed_project();
    test_project_expect_shell(project, 0, "git worktree add -q tree && cd tree && heapgate init --hook",
                              "pre-push: written");
    stand_in_install(project, "\"$@\"; leave 900000 1000 buy_more");
    test_project_expect_shell(
        project, 1, "cd tree && git commit -q --allow-empty -m leak && git push far tree", "buy_more");
    test_project_expect_shell(project, 0, "rm .git/hooks/pre-push; cd scenarios && heapgate init --hook",
                              "pre-push: written");
    test_project_expect_shell(project, 1, "git commit -q --allow-empty -m leak && git push far main",
                              "buy_more");
}
END_TEST

/* A repository may hold a project in one of its folders. */
START_TEST(test_init_hook_finds_a_project_below_the_repository)
{
    g_autoptr(TestProject) project = pushed_project();
    test_project_expect_shell(
        project, 0, "mkdir part && git mv scenarios baselines part && git commit -qm part && echo done",
        "done");
    test_project_expect_shell(project, 0, "cd part && heapgate init --hook", "pre-push: written");
    test_project_expect_shell(project, 0, "git push far main", "1 scenario passes");
}
END_TEST

START_TEST(test_init_hook_leaves_other_hooks_alone)
{
    g_autoptr(TestProject) project = pushed_project();
    test_project_write(project, ".git/hooks/pre-push", "#!/bin/sh\nexit 0\n");
    test_project_expect(project, 2, "init --hook", "does something else", "add the line", NULL);
    g_autofree char *hook = test_project_read(project, ".git/hooks/pre-push");
    ck_assert_str_eq(hook, "#!/bin/sh\nexit 0\n");
    test_project_expect_shell(
        project, 2,
        "GIT_CEILING_DIRECTORIES=$PWD; export GIT_CEILING_DIRECTORIES; rm -rf .git && heapgate init --hook",
        "no git repository");
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

SUITE(cli_init, 90)
{
    tcase_add_test(tcase, test_init_makes_a_project_that_runs);
    tcase_add_test(tcase, test_init_shows_how_to_gate_a_python_function);
    tcase_add_test(tcase, test_init_overwrites_nothing);
    tcase_add_test(tcase, test_init_that_cannot_write_all_has_begun_nothing);
    tcase_add_test(tcase, test_init_replaces_no_link);
    tcase_add_test(tcase, test_init_brings_nothing_back_that_was_deleted);
    tcase_add_test(tcase, test_init_builds_what_a_project_builds_by);
    tcase_add_test(tcase, test_init_of_a_python_project_drives_a_function_by_its_interpreter);
    tcase_add_test(tcase,
                   test_init_of_a_python_project_without_a_virtual_environment_takes_the_system_python);
    tcase_add_test(tcase, test_init_header_lets_others_build_without_heapgate);
    tcase_add_test(tcase, test_init_hook_refuses_the_push_of_a_regression);
    tcase_add_test(tcase, test_init_hook_serves_worktrees_and_folders_below);
    tcase_add_test(tcase, test_init_hook_finds_a_project_below_the_repository);
    tcase_add_test(tcase, test_init_hook_leaves_other_hooks_alone);
    tcase_add_test(tcase, test_mark_outside_a_run_does_nothing);
    tcase_add_test(tcase, test_mark_in_a_shell_gives_iterations_and_growth);
}
