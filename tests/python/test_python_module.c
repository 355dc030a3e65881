/* The Python module: its unit tests by every interpreter from 3.9 on that is here, its plugin's by pytest,
 * and both again under the tracer. */
#include <gio/gio.h>
#include <string.h>

#include "guest/pythons.h"
#include "python_module.h"
#include "runner.h"

/* Runs argv in tests/python/ with the module on its path, and as python3 the interpreter that it begins with;
 * its output, both kinds. (transfer full). */
static char *run(const char *const *argv, int *status)
{
    g_autoptr(GSubprocessLauncher) launcher =
        g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE);
    g_subprocess_launcher_set_cwd(launcher, runner_path("tests/python"));
    g_subprocess_launcher_setenv(launcher, "PYTHONPATH", runner_path("build/python"), TRUE);
    g_autofree char *bin = g_path_get_dirname(argv[0]);
    g_autofree char *path = g_strconcat(bin, ":", g_getenv("PATH"), NULL);
    g_subprocess_launcher_setenv(launcher, "PATH", path, TRUE);
    g_subprocess_launcher_setenv(launcher, "PYTHONDONTWRITEBYTECODE", "1", TRUE);
    g_subprocess_launcher_setenv(launcher, "HEAPGATE_ROOT", runner_root(), TRUE);
    g_autoptr(GError) error = NULL;
    g_autoptr(GSubprocess) process = g_subprocess_launcher_spawnv(launcher, argv, &error);
    ck_assert_msg(process != NULL, "%s: %s", argv[0], error != NULL ? error->message : "");
    char *output = NULL;
    ck_assert(g_subprocess_communicate_utf8(process, NULL, NULL, &output, NULL, NULL));
    *status = g_subprocess_get_if_exited(process) ? g_subprocess_get_exit_status(process) : -1;
    return output;
}

static char *good_output_of(const char *const *argv)
{
    int status = 0;
    char *output = run(argv, &status);
    ck_assert_msg(status == 0, "%s %s: status %d\n%s", argv[0], argv[1], status, output);
    return output;
}

char *python_output(const char *interpreter, const char *script)
{
    const char *argv[] = {interpreter, script, NULL};
    return good_output_of(argv);
}

static void check_units(const char *interpreter)
{
    const char *argv[] = {interpreter, "-m", "unittest", "discover", "--pattern", "test_*.py", NULL};
    g_free(good_output_of(argv));
}

START_TEST(test_the_module_works_with_the_systems_python)
{
    check_units("/usr/bin/python3");
}
END_TEST

START_TEST(test_the_module_works_with_other_versions)
{
    g_autofree char *name = g_strconcat("python_module: Python ", pythons_versions[_i], NULL);
    g_autofree char *interpreter = pythons_version(pythons_versions[_i], name);
    if (interpreter != NULL)
        check_units(interpreter);
}
END_TEST

/* The system's, and the newest of all. (transfer full), or NULL where there is none. */
static char *interpreter_at(int i, const char *test)
{
    return i == 0 ? g_strdup("/usr/bin/python3")
                  : pythons_version(pythons_versions[PYTHONS_VERSIONS - 1], test);
}
enum { INTERPRETERS = 2 };

START_TEST(test_the_plugin_gates_tests)
{
    static const char name[] = "python_module: the pytest plugin";
    g_autofree char *python = interpreter_at(_i, name);
    if (python == NULL)
        return;
    const char *probe[] = {python, "-c", "import pytest", NULL};
    int status = 0;
    g_free(run(probe, &status));
    g_autofree char *reason = g_strdup_printf("%s has no pytest", python);
    const char *argv[] = {python, "-m", "unittest", "plugin_tests", NULL};
    if (status != 0)
        runner_skip(name, reason);
    else
        g_free(good_output_of(argv));
}
END_TEST

START_TEST(test_the_module_reads_the_tracers_books)
{
    g_autofree char *python = interpreter_at(_i, "python_module: the tracer's books");
    const char *argv[] = {python, "-m", "unittest", "traced_tests", NULL};
    if (python != NULL)
        g_free(good_output_of(argv));
}
END_TEST

SUITE(python_module, 600)
{
    tcase_add_test(tcase, test_the_module_works_with_the_systems_python);
    tcase_add_loop_test(tcase, test_the_module_works_with_other_versions, 0, PYTHONS_VERSIONS);
}

SUITE(python_module_plugin, 600)
{
    tcase_add_loop_test(tcase, test_the_plugin_gates_tests, 0, INTERPRETERS);
}

SUITE(python_module_traced, 600)
{
    tcase_add_loop_test(tcase, test_the_module_reads_the_tracers_books, 0, INTERPRETERS);
}
