/* Files in the place of a project's own, damaged ones, and baselines of others: a run that cannot use them
 * ends with exit status 2 or 3, and leaves no report that passes. */
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "refusals.h"
#include "run/host.h"
#include "runner.h"
#include "stand_in.h"

/* Whatever a pull request puts in the place of a file: it is told, not read, and nobody waits for it. */
START_TEST(test_run_reads_nothing_but_files_of_the_project)
{
    static const struct {
        const char *script, *problem;
    } cases[] = {
        {"mkfifo", "it is a pipe; put a file in its place"},
        {"ln -s /dev/zero", "it is a device; put a file in its place"},
        {"ln -s /etc/passwd", "it leads out of the project; put a copy in its place"},
        {"ln -s /nowhere", "No such file"},
        {"mkdir", "it is a folder; put a file in its place"},
    };
    const char *const places[] = {SCENARIO, refusal_baseline(), "heapgate.yaml"};
    g_autoptr(TestProject) project = refusal_project(MASSIF);
    test_project_write(project, "heapgate.yaml", "{}\n");
    const char *place = places[_i % 3];
    g_autofree char *script = g_strdup_printf("mv %s kept && %s %s", place, cases[_i / 3].script, place);
    ck_assert_int_eq(test_project_shell(project, script), 0);
    test_project_expect(project, 2, "run", place, "cannot be read: ", cases[_i / 3].problem, NULL);
    ck_assert_ptr_null(refusal_find_pass(project));
}
END_TEST

START_TEST(test_links_out_of_the_project_are_not_written_through)
{
    g_autoptr(TestProject) project = refusal_project(MASSIF);
    g_autofree char *outside = runner_temporary();
    g_autofree char *script =
        g_strdup_printf("rm -r baselines reports && mkdir baselines reports '%s/work.massif' && "
                        "ln -s '%s' baselines/%s && ln -s '%s' reports/raw",
                        outside, outside, host_environment()->platform, outside);
    ck_assert_int_eq(test_project_shell(project, script), 0);
    test_project_expect(project, 2, "update --runs 1 --reason first",
                        "leads out of the project, so it is not written", NULL);
    stand_in_install(project, "exit 7");
    test_project_run(project, "run");
    g_autofree char *kept = g_build_filename(outside, "work.massif", NULL);
    g_autoptr(GDir) entries = g_dir_open(kept, 0, NULL);
    ck_assert_ptr_nonnull(entries);
    ck_assert_ptr_null(g_dir_read_name(entries));
    runner_remove(outside);
}
END_TEST

START_TEST(test_a_pipe_in_the_place_of_the_last_result_is_not_waited_for)
{
    g_autoptr(TestProject) project = refusal_project(MASSIF);
    ck_assert_int_eq(test_project_shell(project, "rm reports/result.json && mkfifo reports/result.json"), 0);
    test_project_expect(project, 0, "list --matrix=2", "work", NULL);
    test_project_expect(project, 0, "run", "1 scenario passes", NULL);
}
END_TEST

START_TEST(test_run_names_baselines_that_gate_nothing)
{
    g_autoptr(TestProject) project = refusal_project(MASSIF);
    ck_assert_ptr_null(strstr(project->output, "has no scenario"));
    g_autofree char *script = g_strdup_printf("cp %s baselines/deleted.yaml && mkdir -p baselines/other && "
                                              "mv baselines/deleted.yaml baselines/other/",
                                              refusal_baseline());
    ck_assert_int_eq(test_project_shell(project, script), 0);
    test_project_expect(project, 0, "run work", "1 scenario passes",
                        "baselines/other/deleted.yaml has no scenario, so it gates nothing: delete it", NULL);
}
END_TEST

START_TEST(test_run_writes_no_reports_outside_of_the_project)
{
    g_autoptr(TestProject) project = refusal_project(MASSIF);
    g_autofree char *outside = runner_temporary();
    g_autofree char *script = g_strdup_printf("rm -r reports && ln -s '%s' reports", outside);
    ck_assert_int_eq(test_project_shell(project, script), 0);
    test_project_expect(project, 2, "run", "reports leads out of the project", NULL);
    g_autoptr(GDir) entries = g_dir_open(outside, 0, NULL);
    ck_assert_ptr_null(g_dir_read_name(entries));
    runner_remove(outside);
}
END_TEST

/* The program that is measured puts a baseline of ten times as much in the place of its own. */
START_TEST(test_a_measured_program_cannot_choose_its_baseline)
{
    g_autoptr(TestProject) project = refusal_project(MASSIF);
    const char *path = test_project_path(project, refusal_baseline());
    g_autofree char *larger = g_strdup_printf(
        "\"$@\"; leave 300000 1000; sed -i 's/\\b300000\\b/3000000/g' '%s'; leave 2000000 1000", path);
    stand_in_install(project, larger);
    test_project_expect(project, 1, "run", "peak", "regressed", NULL);
    g_autofree char *changed = test_project_read(project, refusal_baseline());
    ck_assert_ptr_nonnull(strstr(changed, "3000000"));
}
END_TEST

START_TEST(test_run_refuses_a_project_whose_files_are_damaged)
{
    g_autoptr(TestProject) project = refusal_project(MASSIF);
    test_project_write(project, SCENARIO, "run: [echo\n");
    refusal_expect(project, 2, "run", SCENARIO ":", "expected");
    g_clear_pointer(&project, test_project_free);
    project = refusal_project(MASSIF);
    test_project_write(project, SCENARIO, "runs: [echo]\n");
    refusal_expect(project, 2, "run", SCENARIO ":1:1: unknown key \"runs\"", "expected one of");
    g_clear_pointer(&project, test_project_free);
    project = refusal_project(MASSIF);
    test_project_write(project, "heapgate.yaml", "timeouts: 3 s\n");
    refusal_expect(project, 2, "run", "heapgate.yaml:1:1: unknown key \"timeouts\"", "expected one of");
}
END_TEST

START_TEST(test_run_refuses_a_baseline_that_cannot_be_read)
{
    static const struct {
        const char *text, *problem, *remedy;
    } baselines[] = {
        {"", "work.yaml:1:1: expected keys and values", "found nothing"},
        {"format: 2\ninstruments: [", "work.yaml:", "expected"},
        {"format: 99\nscenario: work\n", "expected baseline format 3, found 99", "heapgate update"},
        {"format: 2\nscenario: other\n", "expected the baseline of work", "\"other\""},
        {"format: 2\nscenario: work\n", "holds nothing to compare with",
         "expected \"scenario\" and \"instruments\""},
        {"format: 2\nscenario: work\ninstruments:\n  massif:\n    metrics:\n      peak: {value: many}\n",
         "work.yaml:6:21", "expected"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(baselines); i++) {
        g_autoptr(TestProject) project = refusal_project(MASSIF);
        test_project_write(project, refusal_baseline(), "%s", baselines[i].text);
        refusal_expect(project, 2, "run", baselines[i].problem, baselines[i].remedy);
    }
}
END_TEST

/* Replaces a text in the baseline. */
static void edit_baseline(TestProject *project, const char *from, const char *to)
{
    g_autofree char *before = test_project_read(project, refusal_baseline());
    g_autoptr(GString) text = g_string_new(before);
    ck_assert_msg(g_string_replace(text, from, to, 0) > 0, "\"%s\" is not in the baseline", from);
    test_project_write(project, refusal_baseline(), "%s", text->str);
}

START_TEST(test_run_refuses_a_baseline_of_another_environment)
{
    g_autoptr(TestProject) project = refusal_project(MASSIF);
    edit_baseline(project, "tool: Valgrind 3.19.0", "tool: Valgrind 3.18.1");
    refusal_expect(project, 3, "run",
                   "another environment: Valgrind 3.18.1, 24 frames there, Valgrind 3.19.0, 24 frames here",
                   "heapgate update work --reason");
    edit_baseline(project, "    tool: Valgrind 3.18.1, 24 frames\n", "");
    refusal_expect(project, 3, "run", "unknown there, Valgrind 3.19.0, 24 frames here",
                   "heapgate update work --reason");
}
END_TEST

START_TEST(test_run_refuses_a_baseline_of_another_platform)
{
    g_autoptr(TestProject) project = refusal_project(MASSIF);
    g_autofree char *folder = g_path_get_dirname(test_project_path(project, refusal_baseline()));
    ck_assert_int_eq(g_rename(folder, test_project_path(project, "baselines/plan-9-mips")), 0);
    refusal_expect(project, 3, "run", "(there is one for plan-9-mips)", "heapgate update work --reason");
}
END_TEST

START_TEST(test_run_refuses_to_pass_without_a_baseline)
{
    g_autoptr(TestProject) project = refusal_project("run: [echo, hi]\ninstruments: [massif, memcheck]\n");
    edit_baseline(project, "memcheck:", "another:");
    refusal_expect(project, 3, "run", "the baseline holds nothing of memcheck",
                   "heapgate update work --reason");
    g_unlink(test_project_path(project, refusal_baseline()));
    refusal_expect(project, 3, "run", "no baseline", "heapgate update work --reason \"first capture\"");
}
END_TEST

START_TEST(test_run_refuses_a_baseline_that_is_a_folder_or_forbidden)
{
    g_autoptr(TestProject) project = refusal_project(MASSIF);
    /* Root reads everything, but for root without his capabilities. */
    const char *shell = geteuid() != 0 ? "exec heapgate run"
                                       : "exec setpriv --bounding-set=-all --inh-caps=-all heapgate run";
    g_chmod(test_project_path(project, refusal_baseline()), 0);
    refusal_expect_of_shell(project, 2, shell, "Permission denied", "capture it again with heapgate update");
    g_unlink(test_project_path(project, refusal_baseline()));
    g_mkdir(test_project_path(project, refusal_baseline()), 0777);
    refusal_expect(project, 2, "run", "it is a folder", "capture it again with heapgate update");
}
END_TEST

SUITE(cli_refused_files, 60)
{
    tcase_add_loop_test(tcase, test_run_reads_nothing_but_files_of_the_project, 0, 15);
    tcase_add_test(tcase, test_links_out_of_the_project_are_not_written_through);
    tcase_add_test(tcase, test_a_pipe_in_the_place_of_the_last_result_is_not_waited_for);
    tcase_add_test(tcase, test_run_names_baselines_that_gate_nothing);
    tcase_add_test(tcase, test_run_writes_no_reports_outside_of_the_project);
    tcase_add_test(tcase, test_a_measured_program_cannot_choose_its_baseline);
    tcase_add_test(tcase, test_run_refuses_a_project_whose_files_are_damaged);
    tcase_add_test(tcase, test_run_refuses_a_baseline_that_cannot_be_read);
    tcase_add_test(tcase, test_run_refuses_a_baseline_of_another_environment);
    tcase_add_test(tcase, test_run_refuses_a_baseline_of_another_platform);
    tcase_add_test(tcase, test_run_refuses_to_pass_without_a_baseline);
    tcase_add_test(tcase, test_run_refuses_a_baseline_that_is_a_folder_or_forbidden);
}
