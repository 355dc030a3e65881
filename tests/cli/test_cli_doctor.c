/* `heapgate doctor`: what is not as a run needs it is told, with the command that mends it. */
#include <glib/gstdio.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "passing.h"
#include "runner.h"
#include "stand_in.h"

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
    g_unlink(test_project_path(project, passing_baseline("work")));
    test_project_expect(project, 3, "doctor", "MISSING  work: no baseline",
                        "mend: heapgate update work --reason \"first capture\"", NULL);
    test_project_write(project, "scenarios/work.yaml",
                       "run: [jqq, .]\ninstruments: [massif]\nstdin: gone.json\n");
    test_project_expect(project, 3, "doctor work", "MISSING  work: jqq", "mend: apt-get install jqq",
                        "\"gone.json\" does not exist", NULL);
    test_project_write(project, "scenarios/work.yaml", "run: [build/prog]\ninstruments: [massif]\n");
    test_project_expect(project, 3, "doctor", "build/prog", "mend: build your project first", NULL);
    test_project_write(project, passing_baseline("work"), "format: [\n");
    test_project_expect(project, 3, "doctor", "work.yaml:", "capture it again", NULL);
    project->env = g_environ_setenv(project->env, "PATH", test_project_path(project, "scenarios"), TRUE);
    test_project_expect(project, 3, "doctor", "MISSING  Valgrind: not installed",
                        "mend: apt-get install valgrind", NULL);
    test_project_write(project, "scenarios/work.yaml", "runs: [jq]\n");
    test_project_expect(project, 2, "doctor", "unknown key \"runs\"", NULL);
}
END_TEST

/* A virtual environment without pip, in which a file stands for pytest. */
static void make_venv(TestProject *project)
{
    test_project_expect_shell(
        project, 0,
        "/usr/bin/python3 -m venv --without-pip venv && cd venv/lib/python3*/site-packages &&\n"
        "echo 'x = 1' > pytest.py && echo made",
        "made");
}

START_TEST(test_doctor_asks_the_interpreter_for_its_version_and_its_frames)
{
    g_autoptr(TestProject) project = PASSING(MASSIF, "work");
    test_project_write(project, "tool.py", "def main(): pass\n");
    test_project_write(project, "scenarios/tool.yaml",
                       "python: {script: ../tool.py, function: main, interpreter: /usr/bin/python3}\n");
    test_project_expect(project, 3, "doctor tool", "ok       Python /usr/bin/python3: CPython 3.",
                        "; its lines are seen\n", NULL);
    test_project_write(project, ".venv/bin/python", "#!/bin/sh\nexec sort /dev/null\n");
    test_project_expect(project, 3, "doctor tool",
                        "MISSING  Python .venv/bin/python: it is no CPython, or a program that starts one\n"
                        "         mend: name the interpreter itself",
                        NULL);
    /* It answers by a pipe that nobody writes to. */
    test_project_write(project, ".venv/bin/python", "#!/bin/sh\nmkfifo \"$2\"\n");
    test_project_expect(project, 3, "doctor tool", "MISSING  Python .venv/bin/python: it is no CPython",
                        NULL);
}
END_TEST

START_TEST(test_doctor_tells_of_a_virtual_environment_with_pytest_and_without_the_plugin)
{
    g_autoptr(TestProject) project = PASSING(MASSIF, "work");
    int status = test_project_run(project, "doctor");
    make_venv(project);
    test_project_expect(project, status, "doctor",
                        "note     Python venv/bin/python: pytest is there and the plugin is not",
                        "if you need it: venv/bin/python -m pip install --force-reinstall /", NULL);
    test_project_expect_shell(
        project, 0, "cp -r \"${heapgate%/*}/python/heapgate\" venv/lib/python3*/site-packages && echo copied",
        "copied");
    test_project_expect(project, status, "doctor", "ok       Python venv/bin/python: CPython 3.", NULL);
    ck_assert_msg(strstr(project->output, "plugin") == NULL, "%s", project->output);
}
END_TEST

/* Whoever has just installed heapgate asks doctor first; a name or a folder that is given must be there. */
START_TEST(test_doctor_looks_at_the_machine_before_there_is_a_project)
{
    g_autoptr(TestProject) project = PASSING(MASSIF, "work");
    int status = test_project_run(project, "doctor");
    test_project_expect_shell(project, 0, "rm -r scenarios baselines && git init -q && echo bare", "bare");
    make_venv(project);
    test_project_expect(
        project, status, "doctor", "ok       Valgrind", "ok       Python venv/bin/python: CPython 3.",
        "note     project: there is none here yet\n         if you need it: heapgate init\n", NULL);
    test_project_expect(project, 2, "doctor work", "found neither heapgate.yaml nor scenarios/", NULL);
    test_project_expect(project, 2, "doctor -C .", "found neither heapgate.yaml nor scenarios/", NULL);
}
END_TEST

START_TEST(test_doctor_finds_a_tracer_that_is_older_than_the_module)
{
    g_autoptr(TestProject) project = PASSING(MASSIF, "work");
    make_venv(project);
    test_project_expect_shell(
        project, 0,
        "cd venv/lib/python3*/site-packages && cp -r \"${heapgate%/*}/python/heapgate\" . &&\n"
        "sed -i 's/^LEDGER_VERSION = .*/LEDGER_VERSION = 99/' heapgate/ledger_layout.py && echo newer",
        "newer");
    test_project_expect(
        project, 3, "doctor", "MISSING  Python venv/bin/python: the tracer's ledger has version ",
        ", this module reads 99", "mend: venv/bin/python -m pip install --force-reinstall /", NULL);
}
END_TEST

/* A file that is no library lies where the loader looks first. */
START_TEST(test_doctor_finds_debuginfod_asked_for_and_not_installed)
{
    g_autoptr(TestProject) project = PASSING(MASSIF, "work");
    project->env = g_environ_unsetenv(project->env, "DEBUGINFOD_URLS");
    test_project_run(project, "doctor");
    ck_assert_msg(strstr(project->output, "debuginfod") == NULL, "%s", project->output);
    test_project_write(project, "lib/libdebuginfod.so.1",
                       "no library, but a text that is long enough for a header of one\n");
    project->env = g_environ_setenv(project->env, "DEBUGINFOD_URLS", "http://127.0.0.1:9/", TRUE);
    project->env = g_environ_setenv(project->env, "LD_LIBRARY_PATH", test_project_path(project, "lib"), TRUE);
    test_project_expect(project, 3, "doctor", "MISSING  debuginfod: DEBUGINFOD_URLS is set",
                        "mend: apt-get install libdebuginfod-dev", NULL);
}
END_TEST

/* As a container does: ptrace is refused to this test and what it starts. */
static void forbid_ptrace(void)
{
    struct sock_filter rules[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ptrace, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {G_N_ELEMENTS(rules), rules};
    ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
}

START_TEST(test_doctor_tells_that_ptrace_is_forbidden)
{
    g_autoptr(TestProject) project = PASSING(MASSIF, "work");
    int status = test_project_run(project, "doctor");
    forbid_ptrace();
    test_project_expect(project, status, "doctor", "note     ptrace: not permitted",
                        "if you need it: docker run --cap-add=SYS_PTRACE", NULL);
}
END_TEST

SUITE(cli_doctor, 90)
{
    tcase_add_test(tcase, test_doctor_finds_limits_under_which_no_books_are_kept);
    tcase_add_test(tcase, test_doctor_finds_what_is_missing_and_how_to_mend_it);
    tcase_add_test(tcase, test_doctor_asks_the_interpreter_for_its_version_and_its_frames);
    tcase_add_test(tcase, test_doctor_tells_of_a_virtual_environment_with_pytest_and_without_the_plugin);
    tcase_add_test(tcase, test_doctor_looks_at_the_machine_before_there_is_a_project);
    tcase_add_test(tcase, test_doctor_finds_a_tracer_that_is_older_than_the_module);
    tcase_add_test(tcase, test_doctor_finds_debuginfod_asked_for_and_not_installed);
    tcase_add_test(tcase, test_doctor_tells_that_ptrace_is_forbidden);
}
