/* Every way in which a run can see nothing ends with exit status 2 or 3, a sentence that says what to do, and
 * no report that passes. Every test starts from a project that passes and from the passing reports of an
 * earlier run. */
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "project.h"
#include "run/host.h"
#include "runner.h"
#include "stand_in.h"

#define SCENARIO "scenarios/work.yaml"
#define MASSIF   "run: [echo, hi]\ninstruments: [massif]\n"
#define MEMCHECK "run: [echo, hi]\ninstruments: [memcheck]\n"
#define HEALTHY  "\"$@\" && leave 300000 1000"

static const char *baseline(void)
{
    g_autofree char *path = g_strdup_printf("baselines/%s/work.yaml", host_environment()->platform);
    return g_intern_string(path);
}

/* A project of one scenario that passes, under the stand-in. */
static TestProject *passing_project(const char *scenario)
{
    TestProject *project = test_project_new();
    test_project_write(project, SCENARIO, "%s", scenario);
    stand_in_install(project, HEALTHY);
    test_project_expect(project, 0, "update --runs 1 --reason first", NULL);
    test_project_expect(project, 0, "run", "1 scenario passes", NULL);
    return project;
}

/* The first report left behind that reads as a pass; NULL where none does. */
static const char *find_pass(const TestProject *project)
{
    static const struct {
        const char *path, *pass;
    } signs[] = {
        {"reports/verdict.json", "\"exit_status\":0"},
        {"reports/result.json", "\n \"verdict\":\"pass\""}, /* the whole one's */
        {"reports/junit.xml", "failures=\"0\" errors=\"0\" time"},
        {"reports/summary.md", "1 scenario passes"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(signs); i++) {
        g_autofree char *text = NULL;
        if (g_file_get_contents(test_project_path(project, signs[i].path), &text, NULL, NULL) &&
            strstr(text, signs[i].pass) != NULL)
            return signs[i].path;
    }
    return NULL;
}

/* The run fails with this status, says what is wrong and what to do, and leaves no pass behind. */
static void expect_refusal(TestProject *project, int status, const char *words, const char *problem,
                           const char *remedy)
{
    test_project_expect(project, status, words, problem, remedy, NULL);
    const char *pass = find_pass(project);
    if (strstr(words, "--recorded") != NULL && g_strcmp0(pass, "reports/result.json") == 0)
        return; /* it may be what was asked to be read, and stays */
    ck_assert_msg(pass == NULL, "heapgate %s: status %d, but %s still says pass", words, status, pass);
}

typedef struct {
    const char *behaviour, *problem, *remedy;
} BadDay;

/* Each bad day on its own, in the same project. */
static void expect_bad_days(const char *scenario, const BadDay *days, gsize n_days)
{
    g_autoptr(TestProject) project = passing_project(scenario);
    for (gsize i = 0; i < n_days; i++) {
        stand_in_install(project, HEALTHY);
        test_project_expect(project, 0, "run", NULL);
        ck_assert_msg(find_pass(project) != NULL, "the passing twin leaves no pass: %s", days[i].behaviour);
        stand_in_install(project, days[i].behaviour);
        expect_refusal(project, 3, "run", days[i].problem, days[i].remedy);
    }
}

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
    const char *const places[] = {SCENARIO, baseline(), "heapgate.yaml"};
    g_autoptr(TestProject) project = passing_project(MASSIF);
    test_project_write(project, "heapgate.yaml", "{}\n");
    const char *place = places[_i % 3];
    g_autofree char *script = g_strdup_printf("mv %s kept && %s %s", place, cases[_i / 3].script, place);
    ck_assert_int_eq(test_project_shell(project, script), 0);
    test_project_expect(project, 2, "run", place, "cannot be read: ", cases[_i / 3].problem, NULL);
    ck_assert_ptr_null(find_pass(project));
}
END_TEST

START_TEST(test_links_out_of_the_project_are_not_written_through)
{
    g_autoptr(TestProject) project = passing_project(MASSIF);
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
    g_autoptr(TestProject) project = passing_project(MASSIF);
    ck_assert_int_eq(test_project_shell(project, "rm reports/result.json && mkfifo reports/result.json"), 0);
    test_project_expect(project, 0, "list --matrix=2", "work", NULL);
    test_project_expect(project, 0, "run", "1 scenario passes", NULL);
}
END_TEST

START_TEST(test_run_names_baselines_that_gate_nothing)
{
    g_autoptr(TestProject) project = passing_project(MASSIF);
    ck_assert_ptr_null(strstr(project->output, "has no scenario"));
    g_autofree char *script = g_strdup_printf("cp %s baselines/deleted.yaml && mkdir -p baselines/other && "
                                              "mv baselines/deleted.yaml baselines/other/",
                                              baseline());
    ck_assert_int_eq(test_project_shell(project, script), 0);
    test_project_expect(project, 0, "run work", "1 scenario passes",
                        "baselines/other/deleted.yaml has no scenario, so it gates nothing: delete it", NULL);
}
END_TEST

START_TEST(test_run_writes_no_reports_outside_of_the_project)
{
    g_autoptr(TestProject) project = passing_project(MASSIF);
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
    g_autoptr(TestProject) project = passing_project(MASSIF);
    const char *path = test_project_path(project, baseline());
    g_autofree char *larger = g_strdup_printf(
        "\"$@\"; leave 300000 1000; sed -i 's/\\b300000\\b/3000000/g' '%s'; leave 2000000 1000", path);
    stand_in_install(project, larger);
    test_project_expect(project, 1, "run", "peak", "regressed", NULL);
    g_autofree char *changed = test_project_read(project, baseline());
    ck_assert_ptr_nonnull(strstr(changed, "3000000"));
}
END_TEST

START_TEST(test_run_refuses_massif_output_that_is_missing_or_damaged)
{
    static const char *const unusable = "what Valgrind wrote cannot be used", *const full =
                                                                                  "is the disk full?";
    const BadDay days[] = {
        {"\"$@\"", "massif left no output", "check that the program runs under valgrind"},
        {"\"$@\"; echo 'valgrind: cannot map' >&2", "cannot map", "by hand"},
        {HEALTHY "; : >\"$out\"; : >\"$left\"", unusable, full},
        {HEALTHY "; rm \"$out\"", "massif left no output", "by hand"},
        {HEALTHY "; rm \"$left\"", unusable, full},
        {HEALTHY "; : >\"$left\"", unusable, full},
        {HEALTHY "; echo 'not a profile' >\"$out\"", unusable, ".out:1: expected \"desc:\""},
        {HEALTHY "; cut=$(head -c 150 \"$out\"); echo \"$cut\" >\"$out\"", unusable, full},
        {HEALTHY "; cut=$(head -c 90 \"$left\"); echo \"$cut\" >\"$left\"", unusable, full},
        {HEALTHY "; sed -i 's/^ n0: .*/ n7: 1 0x1: f (a.c:1)/' \"$left\"", unusable, full},
        {HEALTHY "; mv \"$out\" \"${out%/*}/massif.1.out\"; mv \"$left\" \"${out%/*}/massif.1.exit.ms\"",
         "massif left no output", "by hand"},
        {"\"$@\"; leave 0 0", "no allocation at all", "linked statically"},
    };
    expect_bad_days(MASSIF, days, G_N_ELEMENTS(days));
}
END_TEST

START_TEST(test_run_refuses_memcheck_output_that_is_missing_or_damaged)
{
    static const char *const unusable = "memcheck's output cannot be used", *const full = "is the disk full?";
    const BadDay days[] = {
        {"\"$@\"", "memcheck left no output", "check that the program runs under valgrind"},
        {HEALTHY "; : >\"$xml\"", unusable, full},
        {HEALTHY "; echo 'not XML' >\"$xml\"", unusable, full},
        {HEALTHY "; cut=$(head -c 200 \"$xml\"); echo \"$cut\" >\"$xml\"", unusable, full},
        {HEALTHY "; sed -i '/FINISHED/d' \"$xml\"", unusable, full},
        {HEALTHY "; mv \"$xml\" \"${xml%/*}/memcheck.1.xml\"", "memcheck left no output", "by hand"},
        {HEALTHY "; rm \"$left\"", unusable, full},
        {HEALTHY "; : >\"$left\"", unusable, full},
        {"\"$@\"; leave 0 0", "no allocation at all", "linked statically"},
    };
    expect_bad_days(MEMCHECK, days, G_N_ELEMENTS(days));
}
END_TEST

START_TEST(test_run_refuses_a_program_that_ends_otherwise_than_expected)
{
    const BadDay days[] = {
        {HEALTHY "; kill -SEGV $$", "killed by signal 11 (Segmentation fault)", "run it by hand"},
        {HEALTHY "; kill -KILL $$", "killed by signal 9 (Killed)", "run it by hand"},
        {HEALTHY "; exit 7", "echo exited with status 7, expected 0", "expect: {exit: 7}"},
        {HEALTHY "; echo out of luck >&2; exit 139", "it last wrote: out of luck", "expect: {exit: 139}"},
    };
    expect_bad_days(MASSIF, days, G_N_ELEMENTS(days));
    expect_bad_days(MEMCHECK, days, G_N_ELEMENTS(days));
}
END_TEST

START_TEST(test_run_refuses_status_0_where_the_scenario_expects_another)
{
    g_autoptr(TestProject) project = passing_project(MASSIF);
    test_project_write(project, SCENARIO, MASSIF "expect: {exit: 3}\n");
    expect_refusal(project, 3, "run", "exited with status 0, expected 3", "expect: {exit: 0}");
}
END_TEST

START_TEST(test_run_refuses_a_program_that_outlives_its_timeout)
{
    g_autoptr(TestProject) project = passing_project(MASSIF "timeout: 300 ms\n");
    stand_in_install(project, HEALTHY "; exec sleep 1000");
    expect_refusal(project, 3, "run", "still running after its timeout of 0.3 s", "raise `timeout`");
}
END_TEST

START_TEST(test_run_refuses_a_real_program_that_crashes_or_fails)
{
    g_autoptr(TestProject) project = passing_project(MASSIF);
    g_unlink(test_project_path(project, "bin/valgrind"));
    test_project_write(project, SCENARIO, "shell: kill -SEGV $$\ninstruments: [massif, memcheck]\n");
    expect_refusal(project, 3, "run", "killed by signal 11", "run it by hand");
    g_autoptr(Result) result = test_project_result(project);
    ck_assert_int_eq(test_result_find(result, "work", "massif")->verdict, VERDICT_BROKEN);
    ck_assert_int_eq(test_result_find(result, "work", "memcheck")->verdict, VERDICT_BROKEN);
    test_project_write(project, SCENARIO, "run: [ls, /nonexistent]\ninstruments: [massif]\n");
    expect_refusal(project, 3, "run", "No such file or directory", "expect: {exit: 2}");
}
END_TEST

/* pyenv's shims are scripts that replace themselves by the real Python. */
START_TEST(test_run_refuses_a_shim_whose_program_is_not_traced_and_follows_one_that_is)
{
    g_autoptr(TestProject) project = passing_project(MASSIF);
    test_project_write(project, "bin/python3", "#!/bin/sh\nexec /usr/bin/python3 \"$@\"\n");
    test_project_write(project, SCENARIO,
                       "run: [python3, -S, -c, 'x = bytes(3000000)']\ninstruments: [massif]\n");
    stand_in_filter(project, "/^--trace-children=/d");
    expect_refusal(project, 3, "run", "massif left no output for python3", "a script that starts one");
    g_unlink(test_project_path(project, "bin/valgrind"));
    g_unlink(test_project_path(project, baseline()));
    test_project_expect(project, 3, "run", "no baseline", "peak 3.", NULL);
    g_autoptr(Result) result = test_project_result(project);
    const Measurement *measurement = test_result_find(result, "work", "massif")->measurement;
    ck_assert_msg(measurement_value(measurement, METRIC_PEAK) > 3000000,
                  "massif did not follow the shim: a peak of %" G_GINT64_FORMAT,
                  measurement_value(measurement, METRIC_PEAK));
}
END_TEST

START_TEST(test_run_refuses_a_program_that_is_missing_or_cannot_be_started)
{
    g_autoptr(TestProject) project = passing_project(MASSIF);
    test_project_write(project, SCENARIO, "run: [no-such-program]\ninstruments: [massif]\n");
    expect_refusal(project, 3, "run", "no-such-program is not there or not executable",
                   "build or install it");
    test_project_write(project, SCENARIO, "run: [scenarios/work.yaml]\ninstruments: [massif]\n");
    expect_refusal(project, 3, "run", "not executable", "build or install it");
    test_project_write(project, SCENARIO, "run: [scenarios/]\ninstruments: [massif]\n");
    expect_refusal(project, 3, "run", "not executable", "build or install it");
    test_project_write(project, SCENARIO, MASSIF "prepare: [[no-such-generator]]\n");
    expect_refusal(project, 3, "run", "prepare: no-such-generator is not there", "build or install it");
    test_project_write(project, SCENARIO, MASSIF "prepare: [[sh, -c, 'exit 4']]\n");
    expect_refusal(project, 3, "run", "prepare: sh exited with status 4", "run it by hand");
    test_project_write(project, SCENARIO, MASSIF "stdin: no-such-file\n");
    expect_refusal(project, 2, "run", "work.yaml:3:8: \"no-such-file\" does not exist", "correct the name");
}
END_TEST

START_TEST(test_run_refuses_to_measure_no_scenario_at_all)
{
    g_autoptr(TestProject) project = passing_project(MASSIF);
    g_unlink(test_project_path(project, SCENARIO));
    expect_refusal(project, 2, "run", "nothing would be measured", "heapgate init");
    g_rmdir(test_project_path(project, "scenarios"));
    test_project_write(project, "heapgate.yaml", "timeout: 60 s\n");
    expect_refusal(project, 2, "run", "scenarios cannot be read", "heapgate init");
}
END_TEST

START_TEST(test_run_refuses_a_choice_that_matches_nothing)
{
    static const struct {
        const char *words, *problem, *remedy;
    } choices[] = {
        {"run nothing-like-it", "no scenario in scenarios matches \"nothing-like-it\"", "heapgate list"},
        {"run work nothing-like-it", "matches \"nothing-like-it\"", "heapgate list"},
        {"run 'x*'", "matches \"x*\"", "heapgate list"},
        {"run --tag slow", "no scenario carries the tag slow", "heapgate list"},
        {"run --instrument memcheck", "none of the scenarios uses the instrument asked for",
         "nothing would be"},
        {"run --instrument callgrind", "\"callgrind\" is not an instrument",
         "expected one of heap, massif, memcheck"},
        {"run --jobs -3", "--jobs", "expected a number from 1"},
        {"run --jobs 2147483647", "--jobs", "expected a number from 1 to 256"},
        {"run --bogus", "--bogus", "heapgate run --help"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(choices); i++) {
        g_autoptr(TestProject) project = passing_project(MASSIF);
        expect_refusal(project, 2, choices[i].words, choices[i].problem, choices[i].remedy);
    }
}
END_TEST

START_TEST(test_run_refuses_a_project_whose_files_are_damaged)
{
    g_autoptr(TestProject) project = passing_project(MASSIF);
    test_project_write(project, SCENARIO, "run: [echo\n");
    expect_refusal(project, 2, "run", SCENARIO ":", "expected");
    g_clear_pointer(&project, test_project_free);
    project = passing_project(MASSIF);
    test_project_write(project, SCENARIO, "runs: [echo]\n");
    expect_refusal(project, 2, "run", SCENARIO ":1:1: unknown key \"runs\"", "expected one of");
    g_clear_pointer(&project, test_project_free);
    project = passing_project(MASSIF);
    test_project_write(project, "heapgate.yaml", "timeouts: 3 s\n");
    expect_refusal(project, 2, "run", "heapgate.yaml:1:1: unknown key \"timeouts\"", "expected one of");
}
END_TEST

START_TEST(test_run_refuses_fewer_iterations_than_promised)
{
    g_autoptr(TestProject) project = passing_project(MASSIF);
    const char *program = runner_path("build/tests/fixtures/lost_block");
    test_project_write(project, SCENARIO, MASSIF "workflow: {warmup: 4, iterations: 24}\n");
    expect_refusal(project, 3, "run", "marked 0 iterations, the scenario expects 24", "heapgate_iteration()");
    g_unlink(test_project_path(project, "bin/valgrind"));
    test_project_write(project, SCENARIO,
                       "run: [%s, healthy]\ninstruments: [massif, memcheck]\n"
                       "workflow: {warmup: 4, iterations: 25}\n",
                       program);
    expect_refusal(project, 3, "run", "marked 24 iterations, the scenario expects 25",
                   "correct workflow.iterations");
    g_autoptr(Result) result = test_project_result(project);
    ck_assert_int_eq(test_result_find(result, "work", "massif")->verdict, VERDICT_BROKEN);
    ck_assert_int_eq(test_result_find(result, "work", "memcheck")->verdict, VERDICT_BROKEN);
}
END_TEST

/* The baseline holds growth; a scenario that stopped marking must not lose that guard unnoticed. */
START_TEST(test_run_refuses_a_metric_that_the_baseline_holds_and_the_run_lacks)
{
    g_autoptr(TestProject) project = passing_project(MASSIF);
    g_autofree char *before = test_project_read(project, baseline());
    *strstr(before, "...\n") = '\0'; /* the end comes after what is added */
    test_project_write(project, baseline(), "%s      growth:\n        value: 0\n        spread: 0\n...\n",
                       before);
    expect_refusal(project, 3, "run", "the baseline holds growth",
                   "does the program still mark its iterations?");
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
        g_autoptr(TestProject) project = passing_project(MASSIF);
        test_project_write(project, baseline(), "%s", baselines[i].text);
        expect_refusal(project, 2, "run", baselines[i].problem, baselines[i].remedy);
    }
}
END_TEST

/* Replaces a text in the baseline. */
static void edit_baseline(TestProject *project, const char *from, const char *to)
{
    g_autofree char *before = test_project_read(project, baseline());
    g_autoptr(GString) text = g_string_new(before);
    ck_assert_msg(g_string_replace(text, from, to, 0) > 0, "\"%s\" is not in the baseline", from);
    test_project_write(project, baseline(), "%s", text->str);
}

START_TEST(test_run_refuses_a_baseline_of_another_environment)
{
    g_autoptr(TestProject) project = passing_project(MASSIF);
    edit_baseline(project, "tool: Valgrind 3.19.0", "tool: Valgrind 3.18.1");
    expect_refusal(project, 3, "run",
                   "another environment: Valgrind 3.18.1, 24 frames there, Valgrind 3.19.0, 24 frames here",
                   "heapgate update work --reason");
    edit_baseline(project, "    tool: Valgrind 3.18.1, 24 frames\n", "");
    expect_refusal(project, 3, "run", "unknown there, Valgrind 3.19.0, 24 frames here",
                   "heapgate update work --reason");
}
END_TEST

START_TEST(test_run_refuses_a_baseline_of_another_platform)
{
    g_autoptr(TestProject) project = passing_project(MASSIF);
    g_autofree char *folder = g_path_get_dirname(test_project_path(project, baseline()));
    ck_assert_int_eq(g_rename(folder, test_project_path(project, "baselines/plan-9-mips")), 0);
    expect_refusal(project, 3, "run", "(there is one for plan-9-mips)", "heapgate update work --reason");
}
END_TEST

START_TEST(test_run_refuses_to_pass_without_a_baseline)
{
    g_autoptr(TestProject) project = passing_project("run: [echo, hi]\ninstruments: [massif, memcheck]\n");
    edit_baseline(project, "memcheck:", "another:");
    expect_refusal(project, 3, "run", "the baseline holds nothing of memcheck",
                   "heapgate update work --reason");
    g_unlink(test_project_path(project, baseline()));
    expect_refusal(project, 3, "run", "no baseline", "heapgate update work --reason \"first capture\"");
}
END_TEST

START_TEST(test_run_refuses_to_pass_where_valgrind_is_missing)
{
    g_autoptr(TestProject) project = passing_project(MASSIF);
    test_project_write(project, "tools/echo", "#!/bin/sh\necho \"$@\"\n");
    project->env = g_environ_setenv(project->env, "PATH", test_project_path(project, "tools"), TRUE);
    expect_refusal(project, 3, "run", "Valgrind is not installed", "apt-get install valgrind");
}
END_TEST

static void expect_refusal_behind(TestProject *project, int status, const char *shell, const char *problem,
                                  const char *remedy)
{
    test_project_shell(project, shell);
    ck_assert_msg(project->status == status, "%s: status %d, expected %d\n%.1500s", shell, project->status,
                  status, project->output);
    ck_assert_msg(strstr(project->output, problem) != NULL && strstr(project->output, remedy) != NULL,
                  "%s: \"%s\" and \"%s\" are not in\n%.1500s", shell, problem, remedy, project->output);
    const char *pass = find_pass(project);
    ck_assert_msg(pass == NULL, "%s: status 3, but %s still says pass", shell, pass);
}

START_TEST(test_run_refuses_a_baseline_that_is_a_folder_or_forbidden)
{
    g_autoptr(TestProject) project = passing_project(MASSIF);
    /* Root reads everything, but for root without his capabilities. */
    const char *shell = geteuid() != 0 ? "exec heapgate run"
                                       : "exec setpriv --bounding-set=-all --inh-caps=-all heapgate run";
    g_chmod(test_project_path(project, baseline()), 0);
    expect_refusal_behind(project, 2, shell, "Permission denied", "capture it again with heapgate update");
    g_unlink(test_project_path(project, baseline()));
    g_mkdir(test_project_path(project, baseline()), 0777);
    expect_refusal(project, 2, "run", "it is a folder", "capture it again with heapgate update");
}
END_TEST

/* May this user mount in a namespace of his own? */
static gboolean can_mount(TestProject *project)
{
    return test_project_shell(project,
                              "unshare --user --map-root-user --mount mount -t tmpfs none reports") == 0;
}

START_TEST(test_run_refuses_to_pass_where_the_disk_is_full)
{
    g_autoptr(TestProject) project = passing_project(MASSIF);
    expect_refusal_behind(project, 3, "ulimit -f 0; trap '' XFSZ; heapgate run", "cannot be written",
                          "free space");
    if (!can_mount(project)) {
        runner_skip("test_run_refuses_to_pass_where_the_disk_is_full", "no mounts in a namespace here");
        return;
    }
    /* Room for some reports and not for all: those that fit must not pass, either. */
    for (int blocks = 1; blocks <= 4; blocks++) {
        g_autofree char *shell = g_strdup_printf("exec unshare --user --map-root-user --mount sh -c \""
                                                 "mount -t tmpfs -o size=%dk,nr_inodes=100 none reports; "
                                                 "heapgate run; s=\\$?; cat reports/*.*; exit \\$s\"",
                                                 4 * blocks);
        test_project_shell(project, shell);
        ck_assert_msg(project->status == 3, "%d KiB for reports: status %d\n%.1500s", 4 * blocks,
                      project->status, project->output);
        ck_assert_msg(strstr(project->output, "cannot be written") != NULL &&
                          strstr(project->output, "free space") != NULL,
                      "%.1500s", project->output);
        ck_assert_msg(strstr(project->output, "failures=\"0\" errors=\"0\"") == NULL &&
                          strstr(project->output, "\"exit_status\":0") == NULL,
                      "%d KiB for reports: a report that passes is left\n%.1500s", 4 * blocks,
                      project->output);
    }
}
END_TEST

START_TEST(test_run_refuses_to_pass_where_reports_cannot_be_written)
{
    g_autoptr(TestProject) project = passing_project(MASSIF);
    runner_remove(test_project_path(project, "reports"));
    test_project_write(project, "reports", "a file where the folder should be\n");
    expect_refusal(project, 3, "run", "reports", "cannot be made");
    g_unlink(test_project_path(project, "reports"));
    g_mkdir_with_parents(test_project_path(project, "reports/verdict.json/taken"), 0777);
    expect_refusal(project, 3, "run", "verdict.json cannot be written", "make the folder writable");
}
END_TEST

START_TEST(test_run_refuses_to_pass_where_nobody_can_read_its_output)
{
    g_autoptr(TestProject) project = passing_project(MASSIF);
    expect_refusal_behind(project, 3, "heapgate run >/dev/full", "standard output cannot be written",
                          "free space");
    expect_refusal_behind(project, 3, "heapgate run >&-", "standard output cannot be written", "redirect it");
    expect_refusal_behind(project, 3, "heapgate run --quiet >/dev/full", "standard output cannot be written",
                          "free space");
}
END_TEST

/* A test runner in the background may ignore what its children must heed. */
static void heed_signals(gpointer unused)
{
    (void)unused;
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
}

/* Starts heapgate and waits until the program it measures is under way, then sends the signal. The program
 * keeps a pipe open: it is gone for certain when the pipe ends. */
static void interrupt_with(TestProject *project, int signal_number)
{
    const char *chosen = g_getenv("HEAPGATE_BINARY"), *pipe = test_project_path(project, "pipe");
    const char *argv[] = {chosen != NULL ? chosen : runner_path("build/heapgate"), "run", NULL};
    g_autofree char *behaviour = g_strdup_printf(HEALTHY "; exec 9>'%s'; sleep 1000; exit 0", pipe);
    stand_in_install(project, behaviour);
    GPid pid = 0;
    int errors = -1, status = 0;
    char text[4096] = "";
    ck_assert_int_eq(mkfifo(pipe, 0600), 0);
    ck_assert(g_spawn_async_with_pipes(project->folder, (char **)argv, project->env,
                                       G_SPAWN_DO_NOT_REAP_CHILD, heed_signals, NULL, &pid, NULL, NULL,
                                       &errors, NULL));
    FILE *under_way = fopen(pipe, "r");
    kill(pid, signal_number);
    ck_assert_int_eq(fgetc(under_way), EOF);
    fclose(under_way);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    FILE *said = fdopen(errors, "r");
    text[fread(text, 1, sizeof text - 1, said)] = '\0';
    fclose(said);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 3, "signal %d: wait status %x", signal_number,
                  (unsigned)status);
    ck_assert_msg(strstr(text, "interrupted: nothing was compared or written") != NULL, "%s", text);
}

START_TEST(test_run_refuses_to_pass_when_it_is_interrupted)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    for (gsize i = 0; i < G_N_ELEMENTS(signals); i++) {
        g_autoptr(TestProject) project = passing_project(MASSIF);
        interrupt_with(project, signals[i]);
        ck_assert_msg(find_pass(project) == NULL, "signal %d: %s still says pass", signals[i],
                      find_pass(project));
    }
}
END_TEST

/* What was recorded is all that can be seen. */
START_TEST(test_run_recorded_refuses_a_result_that_lacks_what_the_scenario_asks_for)
{
    g_autoptr(TestProject) project = passing_project(MASSIF);
    g_rename(test_project_path(project, "reports/result.json"), test_project_path(project, "kept.json"));
    test_project_expect(project, 0, "run --recorded kept.json", "1 scenario passes", NULL);
    test_project_write(project, SCENARIO, "run: [echo, hi]\ninstruments: [massif, memcheck]\n");
    expect_refusal(project, 3, "run --recorded kept.json",
                   "kept.json holds no measurement of work by memcheck", "measure again");
    test_project_write(project, "scenarios/more.yaml", MASSIF);
    expect_refusal(project, 3, "run --recorded kept.json", "kept.json holds no measurement of more",
                   "measure again");
    expect_refusal(project, 2, "run --recorded gone.json work", "gone.json cannot be read", "No such file");
    test_project_write(project, "cut.json", "{\"format\":\"heapgate-result\",");
    expect_refusal(project, 2, "run --recorded cut.json work", "cut.json:1", "expected");
}
END_TEST

START_TEST(test_update_refuses_what_run_refuses_and_keeps_the_old_baseline)
{
    g_autoptr(TestProject) project = passing_project(MASSIF);
    g_autofree char *before = test_project_read(project, baseline());
    stand_in_install(project, "\"$@\"");
    test_project_expect(project, 3, "update --reason again", "massif left no output",
                        "no baseline was written", NULL);
    stand_in_install(project, HEALTHY "; exit 5");
    test_project_expect(project, 3, "update --reason again", "exited with status 5",
                        "no baseline was written", NULL);
    test_project_expect(project, 2, "update --reason again nothing-like-it", "matches \"nothing-like-it\"",
                        "heapgate list", NULL);
    test_project_expect(project, 2, "update --reason again -i memcheck", "nothing would be measured",
                        "instrument", NULL);
    g_autofree char *after = test_project_read(project, baseline());
    ck_assert_str_eq(after, before);
}
END_TEST

/* A ceiling that nobody measures would be kept by nobody. */
START_TEST(test_an_allowance_that_no_instrument_of_the_scenario_measures_is_refused)
{
    static const struct {
        const char *instruments, *allow, *expected;
    } cases[] = {
        {"massif", "ceiling: {lost: 0 B}",
         "scenarios/work.yaml:3:19: lost is measured by memcheck, and the instruments of this scenario are "
         "massif: add it to them, or take the line out"},
        {"memcheck", "peak: {percent: 5}", "3:9: peak is measured by heap or massif, and the instruments of"},
        {"massif, memcheck", "allocations: {percent: 5}", "3:9: allocations is measured by heap, and"},
    };
    g_autoptr(TestProject) project = test_project_new();
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        test_project_write(project, "scenarios/work.yaml",
                           "run: [echo, hi]\ninstruments: [%s]\nallow: {%s}\n", cases[i].instruments,
                           cases[i].allow);
        test_project_expect(project, 2, "run", cases[i].expected, NULL);
        test_project_expect(project, 2, "update --reason x", cases[i].expected, NULL);
    }
    /* The project's own are for those that measure them. */
    test_project_write(project, "heapgate.yaml", "instruments: [heap]\nallow: {ceiling: {lost: 0 B}}\n");
    test_project_write(project, "scenarios/work.yaml", "run: [echo, hi]\n");
    test_project_expect(project, 3, "run", "no baseline", NULL);
}
END_TEST

/* So would one on growth, in a program that marks no iterations. */
START_TEST(test_growth_that_is_promised_and_not_marked_is_broken)
{
    g_autoptr(TestProject) project = test_project_new();
    test_project_write(project, "scenarios/work.yaml",
                       "run: [echo, hi]\ninstruments: [heap]\nallow: {ceiling: {growth: 1 KiB}}\n");
    test_project_expect(project, 0, "update --runs 1 --reason first", NULL);
    test_project_expect(project, 3, "run", "BROKEN", "allow names growth, but this run did not measure it",
                        NULL);
}
END_TEST

SUITE(cli_fail_closed, 60)
{
    tcase_add_test(tcase, test_a_measured_program_cannot_choose_its_baseline);
    tcase_add_loop_test(tcase, test_run_reads_nothing_but_files_of_the_project, 0, 15);
    tcase_add_test(tcase, test_run_names_baselines_that_gate_nothing);
    tcase_add_test(tcase, test_a_pipe_in_the_place_of_the_last_result_is_not_waited_for);
    tcase_add_test(tcase, test_links_out_of_the_project_are_not_written_through);
    tcase_add_test(tcase, test_run_writes_no_reports_outside_of_the_project);
    tcase_add_test(tcase, test_an_allowance_that_no_instrument_of_the_scenario_measures_is_refused);
    tcase_add_test(tcase, test_growth_that_is_promised_and_not_marked_is_broken);
    tcase_add_test(tcase, test_run_refuses_massif_output_that_is_missing_or_damaged);
    tcase_add_test(tcase, test_run_refuses_memcheck_output_that_is_missing_or_damaged);
    tcase_add_test(tcase, test_run_refuses_a_program_that_ends_otherwise_than_expected);
    tcase_add_test(tcase, test_run_refuses_status_0_where_the_scenario_expects_another);
    tcase_add_test(tcase, test_run_refuses_a_program_that_outlives_its_timeout);
    tcase_add_test(tcase, test_run_refuses_a_real_program_that_crashes_or_fails);
    tcase_add_test(tcase, test_run_refuses_a_shim_whose_program_is_not_traced_and_follows_one_that_is);
    tcase_add_test(tcase, test_run_refuses_a_program_that_is_missing_or_cannot_be_started);
    tcase_add_test(tcase, test_run_refuses_to_measure_no_scenario_at_all);
    tcase_add_test(tcase, test_run_refuses_a_choice_that_matches_nothing);
    tcase_add_test(tcase, test_run_refuses_a_project_whose_files_are_damaged);
    tcase_add_test(tcase, test_run_refuses_fewer_iterations_than_promised);
    tcase_add_test(tcase, test_run_refuses_a_metric_that_the_baseline_holds_and_the_run_lacks);
    tcase_add_test(tcase, test_run_refuses_a_baseline_that_cannot_be_read);
    tcase_add_test(tcase, test_run_refuses_a_baseline_that_is_a_folder_or_forbidden);
    tcase_add_test(tcase, test_run_refuses_a_baseline_of_another_environment);
    tcase_add_test(tcase, test_run_refuses_a_baseline_of_another_platform);
    tcase_add_test(tcase, test_run_refuses_to_pass_without_a_baseline);
    tcase_add_test(tcase, test_run_refuses_to_pass_where_valgrind_is_missing);
    tcase_add_test(tcase, test_run_refuses_to_pass_where_the_disk_is_full);
    tcase_add_test(tcase, test_run_refuses_to_pass_where_reports_cannot_be_written);
    tcase_add_test(tcase, test_run_refuses_to_pass_where_nobody_can_read_its_output);
    tcase_add_test(tcase, test_run_refuses_to_pass_when_it_is_interrupted);
    tcase_add_test(tcase, test_run_recorded_refuses_a_result_that_lacks_what_the_scenario_asks_for);
    tcase_add_test(tcase, test_update_refuses_what_run_refuses_and_keeps_the_old_baseline);
}
