/* .ci/install-packages, with stand-ins for dpkg-query, apt-get, sudo and id that write down what they are
 * asked. */
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>

#include "runner.h"

static char *bin; /* the stand-ins, and the only PATH but for a few plain tools */

static void program(const char *name, const char *script)
{
    g_autofree char *path = g_build_filename(bin, name, NULL);
    g_autofree char *text = g_strconcat("#!/bin/bash\n", script, "\n", NULL);
    ck_assert(g_file_set_contents(path, text, -1, NULL));
    g_chmod(path, 0755);
}

static void make_stand_ins(void)
{
    bin = runner_temporary();
    const char *plain[] = {"bash", "env", "grep", "sed", "head", "cat"};
    for (gsize i = 0; i < G_N_ELEMENTS(plain); i++) {
        g_autofree char *target = g_find_program_in_path(plain[i]);
        g_autofree char *link = g_build_filename(bin, plain[i], NULL);
        ck_assert_int_eq(symlink(target, link), 0);
    }
    /* "installed" holds the names of what is. */
    program("dpkg-query", "[ \"$*\" != \"-W -f \\${Version} clang\" ] || exit 1\n"
                          "while read -r p; do echo \"installed $p\"; done < \"$BIN/installed\"");
    program("apt-cache", "echo 'Version: 1:18.0-59~exp2'");
    program("apt-get",
            "echo \"apt-get $*\" >> \"$BIN/log\"\n"
            "[[ $* != *install* ]] || { while [ \"$1\" != --no-install-recommends ]; do shift; done; shift\n"
            "printf '%s\\n' \"$@\" >> \"$BIN/installed\"; }");
    program("id", "echo 0");
    g_autofree char *installed = g_build_filename(bin, "installed", NULL);
    ck_assert(g_file_set_contents(
        installed, "gcc\nlibc6-dev\nmake\npkg-config\nlibglib2.0-dev\nlibxml2-dev\n", -1, NULL));
}

static void remove_stand_ins(void)
{
    runner_remove(bin);
    g_clear_pointer(&bin, g_free);
}

/* Installs a set; what was printed, both streams. (transfer full) */
static char *install(const char *set, int *status)
{
    g_autoptr(GSubprocessLauncher) launcher =
        g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE);
    g_subprocess_launcher_setenv(launcher, "PATH", bin, TRUE);
    g_subprocess_launcher_setenv(launcher, "BIN", bin, TRUE);
    const char *argv[] = {"/bin/bash", runner_path(".ci/install-packages"), set, NULL};
    g_autoptr(GSubprocess) process = g_subprocess_launcher_spawnv(launcher, argv, NULL);
    ck_assert_ptr_nonnull(process);
    char *output = NULL;
    ck_assert(g_subprocess_communicate_utf8(process, NULL, NULL, &output, NULL, NULL));
    *status = g_subprocess_get_exit_status(process);
    return output;
}

/* What apt-get and sudo were asked. (transfer full) */
static char *asked(void)
{
    g_autofree char *path = g_build_filename(bin, "log", NULL);
    char *text = NULL;
    return g_file_get_contents(path, &text, NULL, NULL) ? text : g_strdup("");
}

START_TEST(test_what_is_missing_is_said_and_then_installed_alone)
{
    int status = 0;
    g_autofree char *output = install("gate", &status);
    ck_assert_int_eq(status, 0);
    ck_assert_str_eq(output, "heapgate: installing for \"gate\": libjson-glib-dev libyaml-dev libyajl-dev "
                             "libdw-dev libelf-dev libiberty-dev liblzma-dev libzstd-dev valgrind "
                             "libc6-dbg sqlite3 libxml2-utils python3 git\n");
    g_autofree char *log = asked();
    ck_assert_ptr_nonnull(strstr(log, "update\n"));
    ck_assert_ptr_nonnull(strstr(log, "install -y --no-install-recommends libjson-glib-dev libyaml-dev"));
    ck_assert_ptr_null(strstr(log, " gcc"));
}
END_TEST

START_TEST(test_the_second_time_apt_is_not_asked)
{
    int status = 0;
    g_free(install("test", &status));
    ck_assert_int_eq(status, 0);
    g_autofree char *before = asked();
    g_autofree char *output = install("test", &status);
    g_autofree char *after = asked();
    ck_assert_int_eq(status, 0);
    ck_assert_str_eq(output, "");
    ck_assert_str_eq(before, after);
}
END_TEST

START_TEST(test_the_sanitizers_runtime_follows_clangs_version)
{
    int status = 0;
    g_autofree char *output = install("check", &status);
    ck_assert_msg(status == 0, "%s", output);
    ck_assert_ptr_nonnull(strstr(output, "clang clang-format shellcheck gcc-aarch64-linux-gnu "
                                         "libc6-dev-arm64-cross qemu-user libclang-rt-18-dev\n"));
}
END_TEST

START_TEST(test_what_the_system_has_not_is_left_out_of_the_proofs)
{
    program("apt-cache", "[ \"$2\" != chromium ]");
    int status = 0;
    g_autofree char *output = install("proof", &status);
    ck_assert_msg(status == 0, "%s", output);
    g_autofree char *log = asked();
    ck_assert_ptr_nonnull(strstr(log, "redis-server nginx curl postgresql nodejs procps"));
    ck_assert_ptr_null(strstr(log, "clang"));
}
END_TEST

START_TEST(test_sudo_is_used_where_not_root)
{
    program("id", "echo 1000");
    program("sudo", "echo \"sudo $1 $2 $3\" >> \"$BIN/log\"; exec \"$@\"");
    int status = 0;
    g_autofree char *output = install("gate", &status);
    ck_assert_msg(status == 0, "%s", output);
    g_autofree char *log = asked();
    ck_assert_ptr_nonnull(strstr(log, "sudo env DEBIAN_FRONTEND=noninteractive apt-get\n"));
}
END_TEST

START_TEST(test_without_root_and_sudo_the_command_for_an_administrator_is_printed)
{
    program("id", "echo 1000");
    int status = 0;
    g_autofree char *output = install("gate", &status);
    ck_assert_int_eq(status, 1);
    ck_assert_ptr_nonnull(
        strstr(output, "not root, and no sudo here; as root: env DEBIAN_FRONTEND=noninteractive"));
}
END_TEST

START_TEST(test_without_apt_the_list_is_printed_and_it_fails)
{
    g_autofree char *apt = g_build_filename(bin, "apt-get", NULL);
    g_remove(apt);
    int status = 0;
    g_autofree char *output = install("gate", &status);
    ck_assert_int_eq(status, 1);
    ck_assert_ptr_nonnull(strstr(output, "no apt on this system"));
    ck_assert_ptr_nonnull(strstr(output, "gcc libc6-dev make"));
}
END_TEST

START_TEST(test_an_apt_that_claims_success_is_not_believed)
{
    program("apt-get", "exit 0");
    int status = 0;
    g_autofree char *output = install("gate", &status);
    ck_assert_int_eq(status, 1);
    ck_assert_ptr_nonnull(strstr(output, "yet these are not installed: libjson-glib-dev"));
}
END_TEST

START_TEST(test_an_unknown_set_is_an_error)
{
    int status = 0;
    g_autofree char *output = install("everything", &status);
    ck_assert_int_eq(status, 1);
    ck_assert_ptr_nonnull(strstr(output, "'everything' is not a set: expected gate, test, check or proof"));
}
END_TEST

SUITE(setup, 30)
{
    tcase_add_checked_fixture(tcase, make_stand_ins, remove_stand_ins);
    tcase_add_test(tcase, test_what_is_missing_is_said_and_then_installed_alone);
    tcase_add_test(tcase, test_the_second_time_apt_is_not_asked);
    tcase_add_test(tcase, test_the_sanitizers_runtime_follows_clangs_version);
    tcase_add_test(tcase, test_what_the_system_has_not_is_left_out_of_the_proofs);
    tcase_add_test(tcase, test_sudo_is_used_where_not_root);
    tcase_add_test(tcase, test_without_root_and_sudo_the_command_for_an_administrator_is_printed);
    tcase_add_test(tcase, test_without_apt_the_list_is_printed_and_it_fails);
    tcase_add_test(tcase, test_an_apt_that_claims_success_is_not_believed);
    tcase_add_test(tcase, test_an_unknown_set_is_an_error);
}
