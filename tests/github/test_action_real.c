/* The action with heapgate itself, on a project of one small program: what a pull request would get. */
#include <gio/gio.h>
#include <string.h>

#include "job.h"
#include "runner.h"

static const char *const program_source = "#include <stdlib.h>\n"
                                          "static char *print_receipt(void)\n"
                                          "{\n"
                                          "    char *receipt = malloc(48);\n"
                                          "    receipt[0] = 1;\n"
                                          "    return receipt;\n"
                                          "}\n"
                                          "int main(void)\n"
                                          "{\n"
                                          "    for (int i = 0; i < 30; i++) {\n"
                                          "        char *volatile receipt = print_receipt();\n"
                                          "#ifndef LEAK\n"
                                          "        free(receipt);\n"
                                          "#endif\n"
                                          "    }\n"
                                          "    return 0;\n"
                                          "}\n";

static void run_in(const char *folder, const char *const *argv)
{
    g_autoptr(GSubprocessLauncher) launcher =
        g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE);
    g_subprocess_launcher_set_cwd(launcher, folder);
    g_autoptr(GSubprocess) process = g_subprocess_launcher_spawnv(launcher, argv, NULL);
    ck_assert_ptr_nonnull(process);
    g_autofree char *output = NULL;
    ck_assert(g_subprocess_communicate_utf8(process, NULL, NULL, &output, NULL, NULL));
    ck_assert_msg(g_subprocess_get_successful(process), "%s: %s", argv[0], output);
}

static void build_program(Job *job, const char *define)
{
    const char *argv[] = {"cc", "-g", "-O0", define, "-o", "receipts", "receipts.c", NULL};
    run_in(job->workspace, argv);
}

/* A project whose baseline was captured from the healthy program. */
static Job *adopted_project(void)
{
    Job *job = job_new();
    job_write(job, "workspace/receipts.c", program_source);
    job_write(job, "workspace/scenarios/receipts.yaml",
              "about: Thirty receipts\nrun: [./receipts]\ninstruments: [heap, massif, memcheck]\n");
    build_program(job, "-DHEALTHY");
    const char *update[] = {
        runner_path("build/heapgate"), "update", "--runs", "2", "--reason", "first capture", NULL};
    run_in(job->workspace, update);
    job_cache_binary(job, runner_path("build/heapgate"));
    return job;
}

START_TEST(test_an_unchanged_project_is_green)
{
    g_autoptr(Job) job = adopted_project();
    job_run(job);
    ck_assert_msg(strcmp(job_conclusion(job), "success") == 0, "%s", job_text(job, "log"));
    ck_assert_str_eq(job_output(job, "verdict"), "pass");
    ck_assert(job_uploaded(job, "heapgate-reports", "junit.xml"));
    ck_assert_ptr_nonnull(strstr(job_text(job, "summary"), "receipts"));
    ck_assert_ptr_null(strstr(job_text(job, "log"), "::error"));
}
END_TEST

START_TEST(test_a_leak_is_red_and_the_summary_and_an_annotation_name_the_function)
{
    g_autoptr(Job) job = adopted_project();
    build_program(job, "-DLEAK");
    job_run(job);
    ck_assert_msg(strcmp(job_conclusion(job), "failure") == 0, "%s", job_text(job, "log"));
    ck_assert_str_eq(job_step(job, "Verdict"), "failure");
    ck_assert_str_eq(job_output(job, "verdict"), "regressed");
    ck_assert_str_eq(job_output(job, "exit-status"), "1");
    ck_assert_ptr_nonnull(strstr(job_text(job, "summary"), "print_receipt"));
    ck_assert_ptr_nonnull(strstr(job_text(job, "log"), "::error"));
}
END_TEST

START_TEST(test_a_project_without_baselines_is_red_unless_told_otherwise)
{
    g_autoptr(Job) job = adopted_project();
    g_autofree char *baselines = g_build_filename(job->workspace, "baselines", NULL);
    runner_remove(baselines);
    if (_i == 1)
        job_input(job, "fail-on", "regressed");
    job_run(job);
    ck_assert_str_eq(job_output(job, "verdict"), "new");
    ck_assert_str_eq(job_conclusion(job), _i == 1 ? "success" : "failure");
}
END_TEST

START_TEST(test_a_pattern_that_matches_no_scenario_is_red)
{
    g_autoptr(Job) job = adopted_project();
    job_input(job, "scenarios", "no-such-scenario");
    job_run(job);
    ck_assert_str_eq(job_conclusion(job), "failure");
    ck_assert_str_eq(job_step(job, "Verdict"), "failure");
}
END_TEST

/* The project's file says where its reports are. */
START_TEST(test_reports_are_found_where_the_project_has_them)
{
    g_autoptr(Job) job = adopted_project();
    job_write(job, "workspace/heapgate.yaml", "reports: out/of run\n");
    build_program(job, "-DLEAK");
    job_run(job);
    ck_assert_msg(strcmp(job_output(job, "verdict"), "regressed") == 0, "%s", job_text(job, "log"));
    ck_assert_str_eq(job_output(job, "reports"), "out/of run");
    ck_assert_str_eq(job_output(job, "junit"), "out/of run/junit.xml");
    ck_assert(job_uploaded(job, "heapgate-reports", "junit.xml"));
    ck_assert_ptr_nonnull(strstr(job_text(job, "summary"), "print_receipt"));
}
END_TEST

SUITE(github_action_real, 120)
{
    tcase_add_test(tcase, test_an_unchanged_project_is_green);
    tcase_add_test(tcase, test_a_leak_is_red_and_the_summary_and_an_annotation_name_the_function);
    tcase_add_loop_test(tcase, test_a_project_without_baselines_is_red_unless_told_otherwise, 0, 2);
    tcase_add_test(tcase, test_reports_are_found_where_the_project_has_them);
    tcase_add_test(tcase, test_a_pattern_that_matches_no_scenario_is_red);
}
