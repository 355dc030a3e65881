/* A machine on which a run cannot be trusted: no Valgrind, no room, nobody who reads, an interrupt. It ends
 * with exit status 3, and leaves no report that passes. */
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "refusals.h"
#include "runner.h"
#include "stand_in.h"

START_TEST(test_run_refuses_to_pass_where_valgrind_is_missing)
{
    g_autoptr(TestProject) project = refusal_project(MASSIF);
    test_project_write(project, "tools/echo", "#!/bin/sh\necho \"$@\"\n");
    project->env = g_environ_setenv(project->env, "PATH", test_project_path(project, "tools"), TRUE);
    refusal_expect(project, 3, "run", "Valgrind is not installed", "apt-get install valgrind");
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
    g_autoptr(TestProject) project = refusal_project(MASSIF);
    refusal_expect_of_shell(project, 3, "ulimit -f 0; trap '' XFSZ; heapgate run", "cannot be written",
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
    g_autoptr(TestProject) project = refusal_project(MASSIF);
    runner_remove(test_project_path(project, "reports"));
    test_project_write(project, "reports", "a file where the folder should be\n");
    refusal_expect(project, 3, "run", "reports", "cannot be made");
    g_unlink(test_project_path(project, "reports"));
    g_mkdir_with_parents(test_project_path(project, "reports/verdict.json/taken"), 0777);
    refusal_expect(project, 3, "run", "verdict.json cannot be written", "make the folder writable");
}
END_TEST

START_TEST(test_run_refuses_to_pass_where_nobody_can_read_its_output)
{
    g_autoptr(TestProject) project = refusal_project(MASSIF);
    refusal_expect_of_shell(project, 3, "heapgate run >/dev/full", "standard output cannot be written",
                            "free space");
    refusal_expect_of_shell(project, 3, "heapgate run >&-", "standard output cannot be written",
                            "redirect it");
    refusal_expect_of_shell(project, 3, "heapgate run --quiet >/dev/full",
                            "standard output cannot be written", "free space");
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
        g_autoptr(TestProject) project = refusal_project(MASSIF);
        interrupt_with(project, signals[i]);
        ck_assert_msg(refusal_find_pass(project) == NULL, "signal %d: %s still says pass", signals[i],
                      refusal_find_pass(project));
    }
}
END_TEST

SUITE(cli_refused_machine, 60)
{
    tcase_add_test(tcase, test_run_refuses_to_pass_where_valgrind_is_missing);
    tcase_add_test(tcase, test_run_refuses_to_pass_where_the_disk_is_full);
    tcase_add_test(tcase, test_run_refuses_to_pass_where_reports_cannot_be_written);
    tcase_add_test(tcase, test_run_refuses_to_pass_where_nobody_can_read_its_output);
    tcase_add_test(tcase, test_run_refuses_to_pass_when_it_is_interrupted);
}
