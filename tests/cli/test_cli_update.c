/* heapgate update: what it writes, when it must not, and what it says. */
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "project.h"
#include "run/host.h"
#include "runner.h"
#include "stand_in.h"

#define MASSIF "run: [echo, hi]\ninstruments: [massif]\n"
#define BOTH   "run: [echo, hi]\ninstruments: [massif, memcheck]\n"

static const char *baseline_of(const char *scenario)
{
    g_autofree char *path = g_strdup_printf("baselines/%s/%s.yaml", host_environment()->platform, scenario);
    return g_intern_string(path);
}

/* From now on every program is measured as this: "PEAK RETAINED [FUNCTION]". */
static void measure_as(TestProject *project, const char *figures)
{
    g_autofree char *behaviour = g_strconcat("\"$@\"; leave ", figures, NULL);
    stand_in_install(project, behaviour);
}

/* A project of the scenario "work" whose baseline holds these figures. */
static TestProject *captured_project(const char *scenario, const char *figures)
{
    TestProject *project = test_project_new();
    test_project_write(project, "scenarios/work.yaml", "%s", scenario);
    measure_as(project, figures);
    test_project_expect(project, 0, "update --runs 1 --reason 'first capture'", "written; commit it", NULL);
    return project;
}

/* The file's text is still this. */
static void expect_unwritten(const TestProject *project, const char *path, const char *before)
{
    g_autofree char *now = test_project_read(project, path);
    ck_assert_msg(strcmp(now, before) == 0, "%s was written:\n%.600s", path, now);
}

static void expect_in_baseline(const TestProject *project, const char *scenario, const char *text)
{
    g_autofree char *now = test_project_read(project, baseline_of(scenario));
    ck_assert_msg(strstr(now, text) != NULL, "\"%s\" is not in the baseline:\n%.1500s", text, now);
}

START_TEST(test_update_asks_for_a_reason_before_the_first_capture)
{
    g_autoptr(TestProject) project = test_project_new();
    test_project_write(project, "scenarios/work.yaml", MASSIF);
    measure_as(project, "300000 1000");
    test_project_expect(project, 2, "update --runs 1", "say why: heapgate update work --reason",
                        "nothing was written", NULL);
    ck_assert(!g_file_test(test_project_path(project, "reports"), G_FILE_TEST_EXISTS)); /* nor measured */
    test_project_expect(project, 2, "update --runs 1 --reason ''", "nothing was written", NULL);
    ck_assert(!g_file_test(test_project_path(project, "baselines"), G_FILE_TEST_EXISTS));
    test_project_expect(project, 0, "update --runs 1 --reason 'first capture'", baseline_of("work"),
                        "written; commit it", NULL);
    expect_in_baseline(project, "work", "reason: first capture\n");
    expect_in_baseline(project, "work", "value: 300000\n");
}
END_TEST

START_TEST(test_update_raises_only_with_a_reason_and_then_run_is_green)
{
    g_autoptr(TestProject) project = captured_project(MASSIF, "300000 1000");
    g_autofree char *before = test_project_read(project, baseline_of("work"));
    measure_as(project, "600000 1000");
    test_project_expect(project, 1, "run", "REGRESSED", "heapgate update work --reason", NULL);
    test_project_expect(project, 2, "update --runs 1", "peak                  293 KiB -> 586 KiB (+293 KiB)",
                        "retained              1000 B (unchanged)", "say why", "nothing was written", NULL);
    expect_unwritten(project, baseline_of("work"), before);
    test_project_expect(project, 0, "update --runs 1 --reason 'a bigger cache: #12'", "written; commit it",
                        NULL);
    expect_in_baseline(project, "work", "a bigger cache: #12");
    test_project_expect(project, 0, "run", "1 scenario passes", NULL);
}
END_TEST

START_TEST(test_update_lowers_without_a_reason)
{
    g_autoptr(TestProject) project = captured_project(MASSIF, "600000 1000");
    measure_as(project, "300000 500");
    test_project_expect(project, 0, "run", "improved", "heapgate update --ratchet work", NULL);
    test_project_expect(project, 0, "update --runs 1", "586 KiB -> 293 KiB (-293 KiB)",
                        "1000 B -> 500 B (-500 B)", "written; commit it", NULL);
    expect_in_baseline(project, "work", "reason: improved\n");
    measure_as(project, "600000 1000");
    test_project_expect(project, 1, "run", "REGRESSED", NULL);
}
END_TEST

START_TEST(test_update_writes_nothing_where_nothing_changed)
{
    g_autoptr(TestProject) project = captured_project(BOTH, "300000 1000");
    g_autofree char *before = test_project_read(project, baseline_of("work"));
    test_project_expect(project, 0, "update", "peak                  293 KiB (unchanged)",
                        "lost                  1000 B (unchanged)", "work.yaml: unchanged", NULL);
    test_project_expect(project, 0, "update --runs 1 --reason 'no change'", "work.yaml: unchanged", NULL);
    test_project_expect(project, 0, "update --runs 1 --ratchet", "work.yaml: unchanged", NULL);
    expect_unwritten(project, baseline_of("work"), before);
}
END_TEST

START_TEST(test_update_ratchet_only_lowers)
{
    g_autoptr(TestProject) project = captured_project(MASSIF, "300000 1000");
    g_autofree char *before = test_project_read(project, baseline_of("work"));
    measure_as(project, "900000 1000");
    test_project_expect(project, 0, "update --runs 1 --ratchet --reason anyway", "unchanged", NULL);
    expect_unwritten(project, baseline_of("work"), before);
    measure_as(project, "900000 200");
    test_project_expect(project, 0, "update --runs 1 --ratchet", "1000 B -> 200 B", "written", NULL);
    expect_in_baseline(project, "work", "value: 300000\n");
    expect_in_baseline(project, "work", "value: 200\n");
    test_project_expect(project, 1, "run", "REGRESSED", "peak", NULL);
}
END_TEST

START_TEST(test_update_ratchet_begins_nothing)
{
    g_autoptr(TestProject) project = captured_project(MASSIF, "300000 1000");
    test_project_write(project, "scenarios/work.yaml", BOTH);
    test_project_expect(project, 2, "update --runs 1 --ratchet --reason more", "--ratchet only ever lowers",
                        "heapgate update work --reason", "nothing was written", NULL);
    g_unlink(test_project_path(project, baseline_of("work")));
    test_project_expect(project, 2, "update --runs 1 --ratchet", "nothing was written", NULL);
    ck_assert(!g_file_test(test_project_path(project, baseline_of("work")), G_FILE_TEST_EXISTS));
}
END_TEST

START_TEST(test_update_measures_as_often_as_it_is_told)
{
    g_autoptr(TestProject) project = test_project_new();
    test_project_write(project, "scenarios/work.yaml", BOTH);
    measure_as(project, "300000 0");
    test_project_expect(project, 0, "update --reason first", "massif, 3 runs", "memcheck, 2 runs", NULL);
    test_project_expect(project, 0, "update --runs 5", "massif, 5 runs", "memcheck, 5 runs", NULL);
    static const char *const wrong[] = {"0", "-1", "1001", "many", "99999999999999999999"};
    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autofree char *words = g_strdup_printf("update --runs=%s --reason x", wrong[i]);
        test_project_expect(project, 2, words, "runs", NULL);
    }
}
END_TEST

START_TEST(test_update_refuses_runs_that_disagree)
{
    g_autoptr(TestProject) project = captured_project(MASSIF, "300000 1000");
    g_autofree char *before = test_project_read(project, baseline_of("work"));
    g_autofree char *growing =
        g_strdup_printf("1000000 0; echo >>'%1$s'; leave $((1000000 * $(wc -l <'%1$s'))) 0",
                        test_project_path(project, "counter"));
    measure_as(project, growing);
    test_project_expect(project, 3, "update --reason more --jobs 1",
                        "work, massif: 5 runs gave a peak from 977 KiB to", "they do not agree",
                        "make the workflow deterministic", NULL);
    expect_unwritten(project, baseline_of("work"), before);
    /* A single run agrees with itself. */
    test_project_expect(project, 0, "update --reason more --runs 1", "written", NULL);
}
END_TEST

START_TEST(test_update_refuses_real_runs_that_disagree)
{
    g_autoptr(TestProject) project = test_project_new();
    const char *counter = test_project_path(project, "counter");
    test_project_write(
        project, "scenarios/work.yaml",
        "shell: read n <%1$s; echo $((n * 8)) >%1$s; exec dd if=/dev/zero of=/dev/null bs=${n}k count=1\n"
        "instruments: [massif]\n",
        counter);
    test_project_write(project, "counter", "100\n");
    test_project_expect(project, 3, "update --reason first --runs 2 --jobs 1", "2 runs gave a peak from",
                        "they do not agree", NULL);
    ck_assert(!g_file_test(test_project_path(project, "baselines"), G_FILE_TEST_EXISTS));
}
END_TEST

START_TEST(test_update_writes_nothing_where_one_run_is_broken)
{
    g_autoptr(TestProject) project = captured_project(MASSIF, "300000 1000");
    g_autofree char *before = test_project_read(project, baseline_of("work"));
    g_autofree char *third =
        g_strdup_printf("200000 0; echo >>'%1$s'; [ $(wc -l <'%1$s') != 3 ] || kill -SEGV $$",
                        test_project_path(project, "counter"));
    measure_as(project, third);
    test_project_expect(project, 3, "update --jobs 1", "killed by signal 11", "no baseline was written",
                        NULL);
    expect_unwritten(project, baseline_of("work"), before);
}
END_TEST

START_TEST(test_update_writes_none_of_two_where_one_lacks_its_reason)
{
    g_autoptr(TestProject) project = captured_project(MASSIF, "300000 1000");
    test_project_write(project, "scenarios/abacus.yaml", "run: [echo, first]\ninstruments: [massif]\n");
    measure_as(project, "300000 1000");
    test_project_expect(project, 0, "update --runs 1 --reason 'first capture' abacus", NULL);
    g_autofree char *work = test_project_read(project, baseline_of("work"));
    g_autofree char *abacus = test_project_read(project, baseline_of("abacus"));
    /* abacus falls, which needs no reason; work rises. */
    stand_in_install(project, "case $2 in first) leave 100 100 ;; *) leave 900000 1000 ;; esac");
    test_project_expect(project, 2, "update --runs 1", "work: this raises the baseline",
                        "nothing was written", NULL);
    expect_unwritten(project, baseline_of("abacus"), abacus);
    expect_unwritten(project, baseline_of("work"), work);
    test_project_expect(project, 0, "update --runs 1 abacus", "written", NULL);
    expect_unwritten(project, baseline_of("work"), work);
}
END_TEST

START_TEST(test_update_replaces_a_damaged_baseline_with_a_reason)
{
    g_autoptr(TestProject) project = captured_project(MASSIF, "300000 1000");
    test_project_write(project, baseline_of("work"), "<<<<<<< ours\nformat: 1\n");
    test_project_expect(project, 2, "update --runs 1", "cannot be used: ", "say why", "nothing was written",
                        NULL);
    expect_unwritten(project, baseline_of("work"), "<<<<<<< ours\nformat: 1\n");
    test_project_expect(project, 0, "update --runs 1 --reason 'a merge went wrong'", "written", NULL);
    test_project_expect(project, 0, "run", "1 scenario passes", NULL);
}
END_TEST

/* Otherwise a run that is red for its call sites stays red whatever its owner says. */
START_TEST(test_update_takes_a_moved_call_site_over_with_a_reason)
{
    g_autoptr(TestProject) project = captured_project(MASSIF, "300000 1000 keep_original");
    g_autofree char *before = test_project_read(project, baseline_of("work"));
    measure_as(project, "300000 1000 keep_copy");
    test_project_expect(project, 1, "run", "1 call site is new or grown", "keep_copy", NULL);
    test_project_expect(project, 2, "update --runs 1", "keep_copy", "say why", "nothing was written", NULL);
    expect_unwritten(project, baseline_of("work"), before);
    test_project_expect(project, 0, "update --runs 1 --ratchet", "unchanged", NULL);
    expect_unwritten(project, baseline_of("work"), before);
    test_project_expect(project, 0, "update --runs 1 --reason moved", "written", NULL);
    test_project_expect(project, 0, "run", "1 scenario passes", NULL);
}
END_TEST

/* To stop watching something loosens the gate as much as to raise it. */
START_TEST(test_a_scenario_may_keep_its_program_to_some_processors)
{
    g_autoptr(TestProject) project = test_project_new();
    test_project_write(project, "scenarios/work.yaml",
                       "shell: test $(nproc) -eq 1\ninstruments: [heap]\ncpus: 1\n");
    test_project_expect(project, 0, "update --runs 1 --reason first", "written", NULL);
    test_project_expect(project, 0, "run", "1 scenario passes", NULL);
}
END_TEST

START_TEST(test_update_drops_a_metric_only_with_a_reason)
{
    g_autoptr(TestProject) project = captured_project(MASSIF, "300000 1000");
    g_autofree char *text = test_project_read(project, baseline_of("work"));
    *strstr(text, "...\n") = '\0'; /* the end comes after what is added */
    test_project_write(project, baseline_of("work"),
                       "%s      growth:\n        value: 0\n        spread: 0\n...\n", text);
    g_autofree char *before = test_project_read(project, baseline_of("work"));
    test_project_expect(project, 3, "run", "BROKEN", NULL);
    test_project_expect(project, 2, "update --runs 1", "growth", "say why", "nothing was written", NULL);
    test_project_expect(project, 0, "update --runs 1 --ratchet", "unchanged", NULL);
    expect_unwritten(project, baseline_of("work"), before);
    test_project_expect(project, 0, "update --runs 1 --reason 'no iterations any more'", "growth", "written",
                        NULL);
    test_project_expect(project, 0, "run", "1 scenario passes", NULL);
}
END_TEST

START_TEST(test_update_asks_for_a_reason_in_another_environment)
{
    g_autoptr(TestProject) project = captured_project(MASSIF, "300000 1000");
    g_autofree char *text = test_project_read(project, baseline_of("work"));
    g_autoptr(GString) other = g_string_new(text);
    g_string_replace(other, "glibc ", "musl ", 0);
    test_project_write(project, baseline_of("work"), "%s", other->str);
    test_project_expect(project, 2, "update --runs 1", "environment: libc: musl", "say why", NULL);
    test_project_expect(project, 2, "update --runs 1 --ratchet --reason x", "nothing was written", NULL);
    expect_unwritten(project, baseline_of("work"), other->str);
    test_project_expect(project, 0, "update --runs 1 --reason 'new libc'", "written", NULL);
    test_project_expect(project, 0, "run", "1 scenario passes", NULL);
}
END_TEST

START_TEST(test_update_asks_for_a_reason_with_another_tool)
{
    g_autoptr(TestProject) project = captured_project(BOTH, "300000 1000");
    g_autofree char *text = test_project_read(project, baseline_of("work"));
    g_autoptr(GString) other = g_string_new(text);
    g_string_replace(other, "tool: Valgrind 3.19.0", "tool: Valgrind 3.18.1", 0);
    test_project_write(project, baseline_of("work"), "%s", other->str);
    test_project_expect(project, 2, "update --runs 1 --instrument massif",
                        "measured by Valgrind 3.19.0, 24 frames, was Valgrind 3.18.1", "say why", NULL);
    expect_unwritten(project, baseline_of("work"), other->str);
    test_project_expect(project, 0, "update --runs 1 --instrument massif --reason 'new Valgrind'", "written",
                        NULL);
    test_project_expect(project, 0, "run --instrument massif", "1 scenario passes", NULL);
    test_project_expect(project, 3, "run --instrument memcheck", "INCOMPARABLE", NULL);
}
END_TEST

START_TEST(test_update_of_one_instrument_keeps_the_other)
{
    g_autoptr(TestProject) project = captured_project(BOTH, "300000 1000");
    measure_as(project, "200000 800");
    test_project_expect(project, 0, "update --runs 1 --instrument massif", "written", NULL);
    expect_in_baseline(project, "work", "value: 200000\n");
    expect_in_baseline(project, "work", "lost:\n        value: 1000\n");
    test_project_expect(project, 0, "run", "improved", NULL);
}
END_TEST

START_TEST(test_update_keeps_the_old_baseline_where_it_cannot_write)
{
    g_autoptr(TestProject) project = captured_project(MASSIF, "300000 1000");
    const char *path = baseline_of("work");
    g_autofree char *folder = g_path_get_dirname(test_project_path(project, path));
    g_unlink(test_project_path(project, path));
    g_rmdir(folder);
    ck_assert(g_file_set_contents(folder, "a file where the folder should be\n", -1, NULL));
    test_project_expect(project, 3, "update --runs 1 --reason x", "cannot be written", "Not a directory",
                        NULL);
}
END_TEST

START_TEST(test_update_writes_any_reason_so_that_it_can_be_read_again)
{
    static const char *const reasons[] = {
        "'a: b # c'", "\"it's \\\"quoted\\\"\"", "'- [x]'",  "'{'",
        "'null'",     "'line one\nline two'",    "'\t\001'", "'Größe 🐘'",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(reasons); i++) {
        g_autoptr(TestProject) project = captured_project(MASSIF, "300000 1000");
        project->env = g_environ_setenv(project->env, "LC_ALL", "C.UTF-8", TRUE);
        measure_as(project, "600000 1000");
        g_autofree char *words = g_strdup_printf("update --runs 1 --reason %s", reasons[i]);
        test_project_expect(project, 0, words, "written", NULL);
        test_project_expect(project, 0, "run", "1 scenario passes", NULL);
    }
}
END_TEST

START_TEST(test_update_writes_any_function_so_that_it_can_be_read_again)
{
    static const char *const functions[] = {
        "'operator<(a,_b)::{lambda()#1}'",
        "\"$(printf 'f\\377\\001')\"",
        "'\"quoted\":'",
        "'?'",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(functions); i++) {
        g_autofree char *figures = g_strconcat("300000 1000 ", functions[i], NULL);
        g_autoptr(TestProject) project = captured_project(MASSIF, figures);
        test_project_expect(project, 0, "run", "1 scenario passes", NULL);
    }
}
END_TEST

START_TEST(test_update_lists_call_sites_that_a_reviewer_can_read)
{
    g_autoptr(TestProject) project = test_project_new();
    test_project_write(project, "scenarios/work.yaml",
                       "run: [%s, leaky]\ninstruments: [memcheck]\nworkflow: {warmup: 4, iterations: 24}\n",
                       runner_path("build/tests/fixtures/lost_block"));
    test_project_expect(project, 2, "update --runs 1 --reason 'known leak'",
                        "this captures a growth of 40 B/iteration", "--accept-growth", "nothing was written",
                        NULL);
    test_project_expect(project, 0, "update --runs 1 --accept-growth --reason 'known leak'",
                        "lost                  960 B (new)", "growth                40 B/iteration (new)",
                        NULL);
    expect_in_baseline(project, "work",
                       "- bytes: 960\n          blocks: 24\n          stack: print_receipt (lost_block.c) < "
                       "main (lost_block.c)\n");
}
END_TEST

/* How much work there was is held from the first capture on and judged once a scenario asks for it. */
START_TEST(test_allocations_are_captured_always_and_judged_when_allowed_something)
{
    const char *program = runner_path("build/tests/fixtures/lost_block");
    g_autoptr(TestProject) project = test_project_new();
    test_project_write(project, "scenarios/work.yaml", "run: [%s, healthy]\ninstruments: [heap]\n", program);
    test_project_expect(project, 0, "update --runs 1 --reason first", "temporary allocations 24 (new)", NULL);
    expect_in_baseline(project, "work",
                       "allocations:\n        value: 24\n        spread: 0\n      temporary:");
    g_autofree char *text = test_project_read(project, baseline_of("work"));
    g_auto(GStrv) parts = g_strsplit(text, "allocations:\n        value: 24", 2);
    test_project_write(project, baseline_of("work"), "%sallocations:\n        value: 20%s", parts[0],
                       parts[1]);
    test_project_expect(project, 0, "run", "1 scenario passes", NULL);
    test_project_expect(project, 0, "update --runs 1", "20 -> 24 (+4)", "work.yaml: unchanged", NULL);
    test_project_write(project, "scenarios/work.yaml",
                       "run: [%s, healthy]\ninstruments: [heap]\nallow: {allocations: {percent: 10}}\n",
                       program);
    test_project_expect(project, 1, "run",
                        "allocations 24 (was 20, allowed 22); the baseline lists no call sites", NULL);
    test_project_expect(project, 2, "update --runs 1", "say why", NULL);
    test_project_expect(project, 0, "update --runs 1 --reason judged", "work.yaml: written", NULL);
    expect_in_baseline(project, "work", "- count: 24\n          stack: print_receipt");
    test_project_expect(project, 0, "run", "allocations 24", "1 scenario passes", NULL);
}
END_TEST

START_TEST(test_a_ceiling_on_temporary_allocations_names_who_makes_them)
{
    g_autoptr(TestProject) project = test_project_new();
    test_project_write(project, "scenarios/work.yaml",
                       "run: [%s, healthy]\ninstruments: [heap]\nallow: {ceiling: {temporary: 10}}\n",
                       runner_path("build/tests/fixtures/lost_block"));
    test_project_expect(project, 0, "update --runs 1 --reason first", "written", NULL);
    test_project_expect(project, 1, "run", "temporary allocations 24 is above the ceiling of 10",
                        "print_receipt", NULL);
}
END_TEST

SUITE(cli_update, 60)
{
    tcase_add_test(tcase, test_update_asks_for_a_reason_before_the_first_capture);
    tcase_add_test(tcase, test_allocations_are_captured_always_and_judged_when_allowed_something);
    tcase_add_test(tcase, test_a_ceiling_on_temporary_allocations_names_who_makes_them);
    tcase_add_test(tcase, test_update_raises_only_with_a_reason_and_then_run_is_green);
    tcase_add_test(tcase, test_update_lowers_without_a_reason);
    tcase_add_test(tcase, test_update_writes_nothing_where_nothing_changed);
    tcase_add_test(tcase, test_update_ratchet_only_lowers);
    tcase_add_test(tcase, test_update_ratchet_begins_nothing);
    tcase_add_test(tcase, test_update_measures_as_often_as_it_is_told);
    tcase_add_test(tcase, test_update_refuses_runs_that_disagree);
    tcase_add_test(tcase, test_update_refuses_real_runs_that_disagree);
    tcase_add_test(tcase, test_update_writes_nothing_where_one_run_is_broken);
    tcase_add_test(tcase, test_update_writes_none_of_two_where_one_lacks_its_reason);
    tcase_add_test(tcase, test_update_replaces_a_damaged_baseline_with_a_reason);
    tcase_add_test(tcase, test_update_takes_a_moved_call_site_over_with_a_reason);
    tcase_add_test(tcase, test_a_scenario_may_keep_its_program_to_some_processors);
    tcase_add_test(tcase, test_update_drops_a_metric_only_with_a_reason);
    tcase_add_test(tcase, test_update_asks_for_a_reason_in_another_environment);
    tcase_add_test(tcase, test_update_asks_for_a_reason_with_another_tool);
    tcase_add_test(tcase, test_update_of_one_instrument_keeps_the_other);
    tcase_add_test(tcase, test_update_keeps_the_old_baseline_where_it_cannot_write);
    tcase_add_test(tcase, test_update_writes_any_reason_so_that_it_can_be_read_again);
    tcase_add_test(tcase, test_update_writes_any_function_so_that_it_can_be_read_again);
    tcase_add_test(tcase, test_update_lists_call_sites_that_a_reviewer_can_read);
}
