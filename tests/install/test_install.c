/* `make install`: everything is where it belongs, and what was installed works away from the sources. */
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>

#include "runner.h"

static char *prefix; /* installed anew for each test: GIO must not be used before check forks */

/* A command by bash with the prefix as $P and the checkout as $ROOT; what it printed. (transfer full)
 * MAKEFLAGS stays: flags given to the make that runs these tests hold for the make that installs, too. */
static char *output_of(const char *command, int *status)
{
    g_autoptr(GSubprocessLauncher) launcher = g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE);
    g_subprocess_launcher_set_cwd(launcher, "/");
    g_subprocess_launcher_setenv(launcher, "P", prefix, TRUE);
    g_subprocess_launcher_setenv(launcher, "ROOT", runner_root(), TRUE);
    const char *argv[] = {"bash", "-euc", command, NULL};
    g_autoptr(GSubprocess) process = g_subprocess_launcher_spawnv(launcher, argv, NULL);
    ck_assert_ptr_nonnull(process);
    char *output = NULL;
    ck_assert(g_subprocess_communicate_utf8(process, NULL, NULL, &output, NULL, NULL));
    *status = g_subprocess_get_if_exited(process) ? g_subprocess_get_exit_status(process) : -1;
    return output;
}

static char *good_output_of(const char *command)
{
    int status = 0;
    char *output = output_of(command, &status);
    ck_assert_msg(status == 0, "%s: %s", command, output);
    return output;
}

static void install(void)
{
    prefix = runner_temporary();
    g_free(good_output_of("make -C \"$ROOT\" -s --no-print-directory install PREFIX=\"$P\""));
}

static void remove_installed(void)
{
    runner_remove(prefix);
    g_clear_pointer(&prefix, g_free);
}

START_TEST(test_install_puts_each_file_where_it_belongs)
{
    g_autofree char *files = good_output_of("cd \"$P\" && find . -type f -printf '%P %m\\n' | LC_ALL=C sort");
    ck_assert_str_eq(files, "bin/heapgate 755\n"
                            "include/heapgate.h 644\n"
                            "lib/heapgate/libheapgate.so 755\n"
                            "share/bash-completion/completions/heapgate 644\n"
                            "share/heapgate/glibc.supp 644\n"
                            "share/heapgate/python/README.md 644\n"
                            "share/heapgate/python/heapgate-0.1.0.dist-info/METADATA 644\n"
                            "share/heapgate/python/heapgate-0.1.0.dist-info/entry_points.txt 644\n"
                            "share/heapgate/python/heapgate/__init__.py 644\n"
                            "share/heapgate/python/heapgate/drive.py 644\n"
                            "share/heapgate/python/heapgate/gauge.py 644\n"
                            "share/heapgate/python/heapgate/growth.py 644\n"
                            "share/heapgate/python/heapgate/growth_rule.py 644\n"
                            "share/heapgate/python/heapgate/ledger.py 644\n"
                            "share/heapgate/python/heapgate/ledger_layout.py 644\n"
                            "share/heapgate/python/heapgate/lines.py 644\n"
                            "share/heapgate/python/heapgate/marks.py 644\n"
                            "share/heapgate/python/heapgate/monitor.py 644\n"
                            "share/heapgate/python/heapgate/passes.py 644\n"
                            "share/heapgate/python/heapgate/process.py 644\n"
                            "share/heapgate/python/heapgate/profiler.py 644\n"
                            "share/heapgate/python/heapgate/py.typed 644\n"
                            "share/heapgate/python/heapgate/pytest_plugin.py 644\n"
                            "share/heapgate/python/heapgate/snapshot.py 644\n"
                            "share/heapgate/python/heapgate/tracer.py 644\n"
                            "share/heapgate/python/heapgate/units.py 644\n"
                            "share/heapgate/python/heapgate/valgrind.py 644\n"
                            "share/heapgate/python/pyproject.toml 644\n"
                            "share/heapgate/python/wheel_backend.py 644\n"
                            "share/man/man1/heapgate.1 644\n"
                            "share/pkgconfig/heapgate.pc 644\n");
}
END_TEST

START_TEST(test_the_installed_program_works_away_from_the_sources)
{
    g_autofree char *version =
        good_output_of("cd \"$(mktemp -d)\" && env -i \"$P/bin/heapgate\" --version; rmdir \"$PWD\"");
    ck_assert_msg(g_str_has_prefix(version, "heapgate 0."), "%s", version);
}
END_TEST

START_TEST(test_the_installed_program_finds_the_installed_tracer)
{
    g_autofree char *printed =
        good_output_of("d=$(mktemp -d); cd \"$d\"; \"$P/bin/heapgate\" exec -o ledgers sort /dev/null 2>&1\n"
                       "ls ledgers; rm -r \"$d\"");
    ck_assert_msg(strstr(printed, "peak ") != NULL, "%s", printed);
    ck_assert_msg(strstr(printed, ".ledger\n") != NULL, "%s", printed);
    /* No other place is tried: without its library it says so. */
    int status = 0;
    g_autofree char *without =
        output_of("rm \"$P/lib/heapgate/libheapgate.so\"; cd \"$P\"; bin/heapgate exec true 2>&1", &status);
    ck_assert_int_eq(status, 3);
    ck_assert_msg(strstr(without, "lib/heapgate/libheapgate.so") != NULL, "%s", without);
}
END_TEST

START_TEST(test_the_installed_program_drives_python_by_the_installed_module)
{
    g_autofree char *printed = good_output_of(
        "d=$(mktemp -d); cd \"$d\"; mkdir scenarios; echo 'def run(): pass' > job.py\n"
        "printf 'python: {call: \"job:run\", interpreter: /usr/bin/python3}\\nfiles: [../job.py]\\n' > "
        "scenarios/job.yaml\n"
        "\"$P/bin/heapgate\" run || echo \"status $?\"; find \"$P\" -name __pycache__; rm -r \"$d\"");
    ck_assert_msg(strstr(printed, "no baseline") != NULL && strstr(printed, "status 3") != NULL, "%s",
                  printed);
    ck_assert_msg(strstr(printed, "broken") == NULL && strstr(printed, "__pycache__") == NULL, "%s", printed);
}
END_TEST

/* By anybody, offline: pip changes nothing in the folder, which is root's, and fetches nothing to build by.
 * (Where it may, it leaves the interpreter's cache there.) */
START_TEST(test_pip_installs_the_module_from_its_folder)
{
    int status = 0;
    g_autofree char *missing = output_of("/usr/bin/python3 -c 'import ensurepip' 2>&1", &status);
    if (status != 0) {
        runner_skip("install: pip install", missing);
        return;
    }
    g_autofree char *printed = good_output_of(
        "d=$(mktemp -d); cd \"$d\"; /usr/bin/python3 -m venv venv\n"
        "find \"$P/share\" -type f ! -path '*/__pycache__/*' -printf '%p %s %T@\\n' | sort > before\n"
        "venv/bin/pip install -q --disable-pip-version-check --no-index \"$P/share/heapgate/python\" 2>&1\n"
        "find \"$P/share\" -type f ! -path '*/__pycache__/*' -printf '%p %s %T@\\n' | sort | diff before - "
        "&& echo untouched\n"
        "venv/bin/python -c 'import heapgate, importlib.metadata as m\n"
        "print(heapgate.__version__, m.version(\"heapgate\"), heapgate.MemoryProfiler.__name__)\n"
        "print([e.value for e in m.distribution(\"heapgate\").entry_points])'\n"
        "ls venv/lib/python3*/site-packages/heapgate/py.typed | wc -l\n"
        "venv/bin/pip uninstall -qy heapgate; ls venv/lib/python3*/site-packages | grep -c heapgate || true; "
        "rm -r \"$d\"");
    ck_assert_str_eq(printed, "untouched\n0.1.0 0.1.0 MemoryProfiler\n['heapgate.pytest_plugin']\n1\n0\n");
}
END_TEST

START_TEST(test_nothing_installed_names_the_checkout)
{
    g_autofree char *found = good_output_of("cd \"$P\" && grep -rlF \"$ROOT\" include share || true");
    ck_assert_str_eq(found, "");
}
END_TEST

START_TEST(test_a_program_finds_the_header_by_pkg_config)
{
    g_autofree char *printed = good_output_of(
        "export PKG_CONFIG_PATH=\"$P/share/pkgconfig\"; d=$(mktemp -d); cd \"$d\"\n"
        "printf '#include <heapgate.h>\\nint main(void) { heapgate_iteration(); return 0; }\\n' > a.c\n"
        "cp a.c b.cc\n"
        "cc -std=c99 -Wall -Wextra -Werror $(pkg-config --cflags heapgate) -o a a.c && ./a\n"
        "g++ -Wall -Wextra -Werror $(pkg-config --cflags heapgate) -o b b.cc && ./b\n"
        "pkg-config --modversion heapgate; rm -r \"$d\"");
    ck_assert_str_eq(printed, "0.1.0\n");
}
END_TEST

START_TEST(test_destdir_is_where_files_go_and_not_what_they_name)
{
    g_autofree char *printed = good_output_of(
        "make -C \"$ROOT\" -s --no-print-directory install DESTDIR=\"$P/stage\" PREFIX=/opt/heapgate\n"
        "grep ^prefix \"$P/stage/opt/heapgate/share/pkgconfig/heapgate.pc\"\n"
        "make -C \"$ROOT\" -s --no-print-directory uninstall DESTDIR=\"$P/stage\" PREFIX=/opt/heapgate\n"
        "find \"$P/stage\" -type f; rm -r \"$P/stage\"");
    ck_assert_str_eq(printed, "prefix=/opt/heapgate\n");
}
END_TEST

START_TEST(test_the_manual_page_renders_without_a_warning)
{
    g_autofree char *groff = g_find_program_in_path("groff");
    if (groff == NULL) {
        runner_skip("install: the manual page", "groff is not here");
        return;
    }
    g_autofree char *warnings =
        good_output_of("groff -man -ww -Tutf8 -z \"$P/share/man/man1/heapgate.1\" 2>&1");
    ck_assert_str_eq(warnings, "");
}
END_TEST

/* The manual and the completion are held to the table that --help prints. */
START_TEST(test_the_manual_page_and_the_completion_know_every_command)
{
    g_autofree char *unknown = good_output_of(
        "export PATH=\"$P/bin:$PATH\"; commands=$(heapgate --help | sed -n '/^Commands:/,/^$/s/^  "
        "\\([a-z-]*\\) .*/\\1/p')\n"
        "[ -n \"$commands\" ]\n"
        ". \"$P/share/bash-completion/completions/heapgate\"\n"
        "COMP_WORDS=(heapgate '') COMP_CWORD=1; _heapgate heapgate\n"
        "for c in $commands; do\n"
        "  grep -qE \"^\\.(B|BR|BI) $c\\b\" \"$P/share/man/man1/heapgate.1\" || echo \"manual: $c\"\n"
        "  [[ \" ${COMPREPLY[*]} \" == *\" $c \"* ]] || echo \"completion: $c\"\n"
        "done");
    ck_assert_str_eq(unknown, "");
}
END_TEST

START_TEST(test_the_manual_page_knows_every_option)
{
    g_autofree char *unknown = good_output_of(
        "export PATH=\"$P/bin:$PATH\"; . \"$P/share/bash-completion/completions/heapgate\"\n"
        "for c in $(_heapgate_commands heapgate); do for o in $(_heapgate_options heapgate $c); do\n"
        "  grep -qF -- \"${o//-/\\\\-}\" \"$P/share/man/man1/heapgate.1\" || echo \"$c $o\"\n"
        "done; done");
    ck_assert_str_eq(unknown, "");
}
END_TEST

START_TEST(test_completion_completes_commands_options_and_scenarios)
{
    g_autofree char *words =
        good_output_of("export PATH=\"$P/bin:$PATH\"; . \"$P/share/bash-completion/completions/heapgate\"\n"
                       "try() { COMP_WORDS=(heapgate \"$@\") COMP_CWORD=$#; _heapgate heapgate; echo "
                       "\"${COMPREPLY[*]}\"; }\n"
                       "d=$(mktemp -d); mkdir -p \"$d/scenarios\" \"$d/src\"; touch "
                       "\"$d/scenarios/one.yaml\" \"$d/scenarios/other.yaml\"\n"
                       "cd \"$d/src\"; try doc; try run o; try update --rea; try exec --o; try exec sort one "
                       "--o; touch two; try exec sort tw; rm -r \"$d\"");
    ck_assert_str_eq(words, "doctor\none other\n--reason\n--output\n\ntwo\n");
}
END_TEST

START_TEST(test_each_suppression_still_matches_what_it_is_there_for)
{
    g_autofree char *summary = good_output_of(
        "d=$(mktemp -d); cd \"$d\"; cat > a.c <<'END'\n"
        "#include <pthread.h>\n"
        "#include <unistd.h>\n"
        "static void *wait_for_ever(void *data) { pause(); return data; }\n"
        "int main(void) { pthread_t t; return pthread_create(&t, NULL, wait_for_ever, NULL); }\n"
        "END\n"
        "cc -g -o a a.c -pthread\n"
        "valgrind --leak-check=full --suppressions=\"$P/share/heapgate/glibc.supp\" -v ./a 2>&1 |\n"
        "  sed -n 's/.*used_suppression: *1 \\([^ ]*\\).*/\\1/p; s/.*possibly lost: //p'; rm -r \"$d\"");
    ck_assert_str_eq(summary, "0 bytes in 0 blocks\nglibc-thread-local-storage-of-a-thread-stack\n");
}
END_TEST

SUITE(install, 120)
{
    tcase_add_checked_fixture(tcase, install, remove_installed);
    tcase_add_test(tcase, test_install_puts_each_file_where_it_belongs);
    tcase_add_test(tcase, test_the_installed_program_works_away_from_the_sources);
    tcase_add_test(tcase, test_the_installed_program_finds_the_installed_tracer);
    tcase_add_test(tcase, test_the_installed_program_drives_python_by_the_installed_module);
    tcase_add_test(tcase, test_pip_installs_the_module_from_its_folder);
    tcase_add_test(tcase, test_nothing_installed_names_the_checkout);
    tcase_add_test(tcase, test_a_program_finds_the_header_by_pkg_config);
    tcase_add_test(tcase, test_destdir_is_where_files_go_and_not_what_they_name);
    tcase_add_test(tcase, test_the_manual_page_renders_without_a_warning);
    tcase_add_test(tcase, test_the_manual_page_and_the_completion_know_every_command);
    tcase_add_test(tcase, test_the_manual_page_knows_every_option);
    tcase_add_test(tcase, test_completion_completes_commands_options_and_scenarios);
    tcase_add_test(tcase, test_each_suppression_still_matches_what_it_is_there_for);
}
