/* The action's own steps, executed as GitHub's runner would, with a stand-in for heapgate: every way a run
 * can end. */
#include "job.h"
#include "runner.h"

#include <glib/gstdio.h>
#include <string.h>

/* A heapgate that writes these reports and ends with this status; SCRIPT is what `run` does before. */
static void fake(Job *job, const char *verdict_json, int status, const char *script)
{
    g_autofree char *program = g_strdup_printf("#!/bin/sh\n"
                                               "[ \"$1\" = --version ] && echo heapgate 0.1.0 && exit 0\n"
                                               "[ \"$1\" = list ] && exit 2\n"
                                               "%s\n"
                                               "mkdir -p reports && cd reports\n"
                                               "printf '%%s\\n' \"$@\" > arguments.txt\n"
                                               "echo '# the summary' > summary.md\n"
                                               "echo '::error title=grown::48 B more' > annotations.txt\n"
                                               "echo '<testsuites/>' > junit.xml\n"
                                               "%s%s%s\n"
                                               "exit %d\n",
                                               script, verdict_json != NULL ? "echo '" : "",
                                               verdict_json != NULL ? verdict_json : "",
                                               verdict_json != NULL ? "' > verdict.json" : "", status);
    job_write(job, "source/fake-heapgate", program);
}

#define COUNTS(regressed, new_, incomparable, broken)                                                        \
    "\"counts\":{\"pass\":1,\"improved\":0,\"new\":" #new_ ",\"regressed\":" #regressed                      \
    ",\"incomparable\":" #incomparable ",\"broken\":" #broken "}"

START_TEST(test_a_green_run_is_green_and_leaves_its_reports)
{
    g_autoptr(Job) job = job_new();
    fake(job, "{\"verdict\":\"pass\"," COUNTS(0, 0, 0, 0) "}", 0, "");
    job_run(job);
    ck_assert_str_eq(job_conclusion(job), "success");
    ck_assert_str_eq(job_output(job, "verdict"), "pass");
    ck_assert_str_eq(job_output(job, "exit-status"), "0");
    ck_assert_str_eq(job_output(job, "junit"), "./reports/junit.xml");
    ck_assert_str_eq(job_text(job, "summary"), "# the summary\n");
    ck_assert(job_uploaded(job, "heapgate-reports", "junit.xml"));
}
END_TEST

START_TEST(test_a_regressed_run_is_red_in_the_last_step_alone)
{
    g_autoptr(Job) job = job_new();
    fake(job, "{\"verdict\":\"regressed\"," COUNTS(1, 0, 0, 0) "}", 1, "");
    job_run(job);
    ck_assert_str_eq(job_conclusion(job), "failure");
    ck_assert_str_eq(job_step(job, "Run the scenarios"), "success");
    ck_assert_str_eq(job_step(job, "Verdict"), "failure");
    ck_assert_str_eq(job_output(job, "verdict"), "regressed");
    ck_assert_str_eq(job_output(job, "exit-status"), "1");
    ck_assert_str_eq(job_text(job, "summary"), "# the summary\n");
    ck_assert_ptr_nonnull(strstr(job_text(job, "log"), "::error title=grown::48 B more\n"));
    ck_assert(job_uploaded(job, "heapgate-reports", "summary.md"));
}
END_TEST

/* Every way in which a run can fail to happen, or its words and its status can disagree. */
static const struct {
    const char *name, *verdict_json;
    int status;
    const char *script;
} red[] = {
    {"it wrote no verdict", NULL, 0, ""},
    {"it was killed", NULL, 0, "kill -9 $$"},
    {"it crashed", NULL, 139, ""},
    {"wrong usage", NULL, 2, "exit 2"},
    {"the verdict is empty", "", 0, ""},
    {"the verdict is not JSON", "pass", 0, ""},
    {"the verdict is unknown", "{\"verdict\":\"fine\"," COUNTS(0, 0, 0, 0) "}", 0, ""},
    {"pass, yet status 1", "{\"verdict\":\"pass\"," COUNTS(0, 0, 0, 0) "}", 1, ""},
    {"pass, yet make's status 2", "{\"verdict\":\"pass\"," COUNTS(0, 0, 0, 0) "}", 2, ""},
    {"regressed, yet status 0", "{\"verdict\":\"regressed\"," COUNTS(1, 0, 0, 0) "}", 0, ""},
    {"broken", "{\"verdict\":\"broken\"," COUNTS(0, 0, 0, 1) "}", 3, ""},
    {"new", "{\"verdict\":\"new\"," COUNTS(0, 1, 0, 0) "}", 3, ""},
    {"incomparable", "{\"verdict\":\"incomparable\"," COUNTS(0, 0, 1, 0) "}", 3, ""},
    {"no counts", "{\"verdict\":\"new\"}", 3, ""},
};

START_TEST(test_whatever_is_not_known_to_be_good_is_red)
{
    g_autoptr(Job) job = job_new();
    fake(job, red[_i].verdict_json, red[_i].status, red[_i].script);
    job_run(job);
    ck_assert_msg(strcmp(job_conclusion(job), "failure") == 0, "green although: %s", red[_i].name);
    ck_assert_str_eq(job_step(job, "Verdict"), "failure");
    ck_assert_ptr_nonnull(strstr(job_text(job, "log"), "::error title=heapgate::"));
}
END_TEST

START_TEST(test_a_verdict_left_by_an_earlier_step_does_not_count)
{
    g_autoptr(Job) job = job_new();
    job_write(job, "workspace/reports/verdict.json", "{\"verdict\":\"pass\"," COUNTS(0, 0, 0, 0) "}\n");
    fake(job, NULL, 0, "");
    job_run(job);
    ck_assert_str_eq(job_conclusion(job), "failure");
    ck_assert_str_eq(job_output(job, "verdict"), "none");
}
END_TEST

START_TEST(test_a_build_that_fails_is_red_and_shows_why)
{
    g_autoptr(Job) job = job_new();
    job_write(job, "workspace/reports/verdict.json", "{\"verdict\":\"pass\"," COUNTS(0, 0, 0, 0) "}\n");
    job_write(job, "source/Makefile", "install:\n\t@echo the compiler says no; exit 1\n");
    job_run(job);
    ck_assert_str_eq(job_conclusion(job), "failure");
    ck_assert_str_eq(job_step(job, "Build heapgate"), "failure");
    ck_assert_str_eq(job_step(job, "Run the scenarios"), "skipped");
    ck_assert_str_eq(job_output(job, "verdict"), "none");
    ck_assert_ptr_nonnull(strstr(job_text(job, "log"), "the compiler says no"));
}
END_TEST

START_TEST(test_fail_on_lets_pass_what_it_leaves_out_and_nothing_else)
{
    const struct {
        const char *fail_on, *verdict_json;
        int status;
        const char *conclusion;
    } cases[] = {
        {"regressed", "{\"verdict\":\"new\"," COUNTS(0, 1, 0, 0) "}", 3, "success"},
        {"regressed", "{\"verdict\":\"new\"," COUNTS(1, 1, 0, 0) "}", 3, "failure"},
        {"regressed, new", "{\"verdict\":\"new\"," COUNTS(0, 1, 0, 0) "}", 3, "failure"},
        {"regressed\tnew", "{\"verdict\":\"new\"," COUNTS(0, 1, 0, 0) "}", 3, "failure"},
        {"regressed", "{\"verdict\":\"incomparable\"," COUNTS(0, 1, 1, 0) "}", 3, "success"},
        {"", "{\"verdict\":\"regressed\"," COUNTS(1, 0, 0, 0) "}", 1, "success"},
        {"", "{\"verdict\":\"broken\"," COUNTS(0, 0, 0, 1) "}", 3, "failure"},
        {"", "{\"verdict\":\"regressed\"," COUNTS(1, 0, 0, 1) "}", 1, "failure"},
    };
    g_autoptr(Job) job = job_new();
    fake(job, cases[_i].verdict_json, cases[_i].status, "");
    job_input(job, "fail-on", cases[_i].fail_on);
    job_run(job);
    ck_assert_msg(strcmp(job_conclusion(job), cases[_i].conclusion) == 0, "case %d: %s", _i,
                  job_text(job, "log"));
}
END_TEST

/* A verdict that is misspelt would never fail a job. */
START_TEST(test_a_word_in_fail_on_that_is_no_verdict_is_red)
{
    const char *const inputs[] = {"regresed", "regressed, neu", "regressed\nbroken", "*"};
    g_autoptr(Job) job = job_new();
    fake(job, "{\"verdict\":\"pass\"," COUNTS(0, 0, 0, 0) "}", 0, "");
    job_input(job, "fail-on", inputs[_i]);
    job_run(job);
    ck_assert_str_eq(job_conclusion(job), "failure");
    ck_assert_ptr_nonnull(
        strstr(job_text(job, "log"), "expected words out of regressed, new and incomparable"));
}
END_TEST

START_TEST(test_inputs_reach_heapgate_as_arguments_and_never_as_script)
{
    g_autoptr(Job) job = job_new();
    fake(job, "{\"verdict\":\"pass\"," COUNTS(0, 0, 0, 0) "}", 0, "");
    job_input(job, "scenarios", "fast-* \"$(touch oops)\"\nslow");
    job_input(job, "arguments", "--runs\n2\n`touch oops`; touch oops");
    job_input(job, "jobs", "4");
    job_run(job);
    ck_assert_str_eq(job_conclusion(job), "success");
    g_autofree char *file = g_build_filename(job->workspace, "reports/arguments.txt", NULL);
    g_autofree char *text = NULL;
    ck_assert(g_file_get_contents(file, &text, NULL, NULL));
    ck_assert_str_eq(
        text, "run\n--jobs\n4\n--runs\n2\n`touch oops`; touch oops\n--\nfast-*\n\"$(touch\noops)\"\nslow\n");
    g_autofree char *oops = g_build_filename(job->workspace, "oops", NULL);
    ck_assert(!g_file_test(oops, G_FILE_TEST_EXISTS));
}
END_TEST

START_TEST(test_a_project_may_be_a_folder_of_the_workspace)
{
    g_autoptr(Job) job = job_new();
    fake(job, "{\"verdict\":\"pass\"," COUNTS(0, 0, 0, 0) "}", 0, "");
    job_write(job, "workspace/sub folder/heapgate.yaml", "");
    job_input(job, "path", "sub folder");
    job_input(job, "artifact-name", "shard-2");
    job_run(job);
    ck_assert_str_eq(job_conclusion(job), "success");
    ck_assert_str_eq(job_output(job, "reports"), "sub folder/reports");
    ck_assert(job_uploaded(job, "shard-2", "verdict.json"));
}
END_TEST

START_TEST(test_summary_annotations_and_upload_can_be_switched_off)
{
    g_autoptr(Job) job = job_new();
    fake(job, "{\"verdict\":\"pass\"," COUNTS(0, 0, 0, 0) "}", 0, "");
    job_input(job, "summary", "false");
    job_input(job, "annotations", "false");
    job_input(job, "artifact-name", "");
    job_run(job);
    ck_assert_str_eq(job_conclusion(job), "success");
    ck_assert_str_eq(job_text(job, "summary"), "");
    ck_assert_ptr_null(strstr(job_text(job, "log"), "::error"));
    ck_assert_str_eq(job_step(job, "Upload the reports"), "skipped");
}
END_TEST

START_TEST(test_an_upload_that_fails_leaves_the_verdict_alone)
{
    g_autoptr(Job) job = job_new();
    fake(job, "{\"verdict\":\"pass\"," COUNTS(0, 0, 0, 0) "}", 0, "");
    job_input(job, "artifact-name", "reports/of-a-branch");
    job_run(job);
    ck_assert_str_eq(job_step(job, "Upload the reports"), "failure");
    ck_assert_str_eq(job_conclusion(job), "success");
    ck_assert_str_eq(job_output(job, "verdict"), "pass");
}
END_TEST

START_TEST(test_a_summary_that_github_would_drop_is_replaced_by_a_sentence)
{
    g_autoptr(Job) job = job_new();
    fake(job, "{\"verdict\":\"pass\"," COUNTS(0, 0, 0, 0) "}", 0, "");
    job_write(job, "source/Makefile",
              "install:\n\t@install -D fake-heapgate $(PREFIX)/bin/heapgate\n"
              "\t@sed -i 's/^exit 0$$/head -c 1048576 \\/dev\\/zero > summary.md/' $(PREFIX)/bin/heapgate\n");
    job_run(job);
    ck_assert_str_eq(job_conclusion(job), "success");
    ck_assert_ptr_nonnull(strstr(job_text(job, "summary"), "above 1 MiB"));
}
END_TEST

START_TEST(test_a_cached_binary_is_used_and_a_damaged_one_is_built_anew)
{
    g_autoptr(Job) job = job_new();
    fake(job, "{\"verdict\":\"pass\"," COUNTS(0, 0, 0, 0) "}", 0, "");
    g_autofree char *good = g_build_filename(job->source, "fake-heapgate", NULL);
    g_autofree char *damaged = g_build_filename(job->folder, "damaged", NULL);
    job_write(job, "damaged", "\177ELF cut off");
    job_cache_binary(job, _i == 0 ? good : damaged);
    job_write(job, "source/Makefile",
              "install:\n\t@install -D fake-heapgate $(PREFIX)/bin/heapgate; touch built\n");
    job_run(job);
    ck_assert_str_eq(job_conclusion(job), "success");
    g_autofree char *built = g_build_filename(job->source, "built", NULL);
    ck_assert_int_eq(g_file_test(built, G_FILE_TEST_EXISTS), _i == 1);
}
END_TEST

START_TEST(test_a_binary_that_was_cached_without_its_tracer_is_built_anew)
{
    g_autoptr(Job) job = job_new();
    fake(job, "{\"verdict\":\"pass\"," COUNTS(0, 0, 0, 0) "}", 0, "");
    g_autofree char *good = g_build_filename(job->source, "fake-heapgate", NULL);
    job_cache_binary(job, good);
    g_autofree char *library = g_build_filename(job->cache, "lib", "heapgate", "libheapgate.so", NULL);
    ck_assert_int_eq(g_unlink(library), 0);
    job_write(job, "source/Makefile",
              "install:\n\t@install -D fake-heapgate $(PREFIX)/bin/heapgate; touch built\n");
    job_run(job);
    ck_assert_str_eq(job_conclusion(job), "success");
    ck_assert(job_uploaded(job, "heapgate-reports", "verdict.json"));
    g_autofree char *built = g_build_filename(job->source, "built", NULL);
    ck_assert(g_file_test(built, G_FILE_TEST_EXISTS));
}
END_TEST

START_TEST(test_installing_alone_measures_nothing_and_leaves_heapgate_in_the_path)
{
    g_autoptr(Job) job = job_new();
    fake(job, NULL, 1, "");
    job_input(job, "command", "install");
    job_run(job);
    ck_assert_msg(strcmp(job_conclusion(job), "success") == 0, "%s", job_text(job, "log"));
    const char *const skipped[] = {"Run the scenarios", "Publish the summary and the annotations",
                                   "Upload the reports", "Verdict"};
    for (gsize i = 0; i < G_N_ELEMENTS(skipped); i++)
        ck_assert_str_eq(job_step(job, skipped[i]), "skipped");
    g_autofree char *folder = g_strchomp(g_strdup(job_text(job, "path")));
    g_autofree char *binary = g_build_filename(folder, "heapgate", NULL);
    ck_assert_msg(g_file_test(binary, G_FILE_TEST_IS_EXECUTABLE), "%s", binary);
}
END_TEST

START_TEST(test_a_command_that_is_neither_is_red)
{
    g_autoptr(Job) job = job_new();
    fake(job, "{\"verdict\":\"pass\"," COUNTS(0, 0, 0, 0) "}", 0, "");
    job_input(job, "command", "instal");
    job_run(job);
    ck_assert_str_eq(job_conclusion(job), "failure");
    ck_assert_ptr_nonnull(strstr(job_text(job, "log"), "expected run or install"));
}
END_TEST

SUITE(github_action, 60)
{
    tcase_add_test(tcase, test_a_green_run_is_green_and_leaves_its_reports);
    tcase_add_test(tcase, test_a_regressed_run_is_red_in_the_last_step_alone);
    tcase_add_loop_test(tcase, test_whatever_is_not_known_to_be_good_is_red, 0, G_N_ELEMENTS(red));
    tcase_add_test(tcase, test_a_verdict_left_by_an_earlier_step_does_not_count);
    tcase_add_test(tcase, test_a_build_that_fails_is_red_and_shows_why);
    tcase_add_loop_test(tcase, test_fail_on_lets_pass_what_it_leaves_out_and_nothing_else, 0, 8);
    tcase_add_loop_test(tcase, test_a_word_in_fail_on_that_is_no_verdict_is_red, 0, 4);
    tcase_add_test(tcase, test_inputs_reach_heapgate_as_arguments_and_never_as_script);
    tcase_add_test(tcase, test_a_project_may_be_a_folder_of_the_workspace);
    tcase_add_test(tcase, test_summary_annotations_and_upload_can_be_switched_off);
    tcase_add_test(tcase, test_an_upload_that_fails_leaves_the_verdict_alone);
    tcase_add_test(tcase, test_a_summary_that_github_would_drop_is_replaced_by_a_sentence);
    tcase_add_test(tcase, test_a_binary_that_was_cached_without_its_tracer_is_built_anew);
    tcase_add_test(tcase, test_installing_alone_measures_nothing_and_leaves_heapgate_in_the_path);
    tcase_add_test(tcase, test_a_command_that_is_neither_is_red);
    tcase_add_loop_test(tcase, test_a_cached_binary_is_used_and_a_damaged_one_is_built_anew, 0, 2);
}
