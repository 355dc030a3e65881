/* Names of modules in keys: what was made up is left out, what was chosen stays. */
#include "model/call_site.h"
#include "model/module_name.h"
#include "runner.h"

static void check_name(const char *path, const char *expected)
{
    g_autoptr(GString) name = g_string_new(NULL);
    module_name_append(name, path);
    ck_assert_msg(g_str_equal(name->str, expected), "%s: %s, expected %s", path, name->str, expected);
    /* What is read from a key gives the same key again. */
    g_autoptr(GString) again = g_string_new(NULL);
    module_name_append(again, name->str);
    ck_assert_str_eq(again->str, expected);
}

typedef struct {
    const char *path, *name;
} Row;

static void check_rows(const Row *rows, gsize count)
{
    for (gsize i = 0; i < count; i++)
        check_name(rows[i].path, rows[i].name);
}

START_TEST(test_names_of_lasting_folders_stay_but_for_the_version_behind_so)
{
    static const Row rows[] = {
        {"/usr/lib/libsqlite3.so.0.8.6", "libsqlite3.so"},
        {"/opt/app/libfoo-1.so", "libfoo-1.so"},
        {"/opt/app/libfoo-2.so", "libfoo-2.so"},
        {"/usr/lib/libpython3.12.so.1.0", "libpython3.12.so"},
        {"/usr/lib/libpython3.13.so.1.0", "libpython3.13.so"},
        {"/usr/bin/python3.12", "python3.12"},
        {"/opt/tmp/unpacked-1.so", "unpacked-1.so"},
        {"/tmpfiles/unpacked-1.so", "unpacked-1.so"},
        {"/opt/jna8290380123.tmp", "jna8290380123.tmp"},
        {"./unpacked-1.so", "unpacked-1.so"},
        {"unpacked-1.so", "unpacked-1.so"},
        {"/opt/app/", "/opt/app/"},
        {"<python>", "<python>"},
    };
    check_rows(rows, G_N_ELEMENTS(rows));
}
END_TEST

START_TEST(test_made_up_names_directly_in_a_temporary_folder_are_one_module)
{
    static const Row rows[] = {
        {"/tmp/unpacked-1.so", "temporary module"},
        {"/tmp/unpacked-2.so", "temporary module"},
        {"/tmp/unpackedXy3Zab", "temporary module"},
        {"/var/tmp/tmpqwxzyabc.so", "temporary module"}, /* Python's tempfile, without a digit by chance */
        {"/dev/shm/libnetty_x86_6412345678.so", "temporary module"},
        {"/memfd:a8F3 (deleted)", "temporary module"},
        {"/proc/self/fd/7", "temporary module"},
        {"/proc/4711/fd/7", "temporary module"},
        {"/tmp/libfoo.so", "libfoo.so"},
        {"/tmp/libfoo.so.3", "libfoo.so"},
        {"/tmp/app", "app"},
        {"/tmp/libpython3.12.so.1.0", "libpython3.12.so"},
        {"/tmp/libpython3.13.so.1.0", "libpython3.13.so"},
        {"/memfd:libfoo.so (deleted)", "memfd:libfoo.so"},
    };
    check_rows(rows, G_N_ELEMENTS(rows));
}
END_TEST

START_TEST(test_names_in_folders_below_a_temporary_one_stay_but_for_numbers_of_their_own)
{
    static const Row rows[] = {
        {"/tmp/_MEIa1b2c3/libfoo.so", "libfoo.so"},
        {"/tmp/tmpab12cd/libfoo.so", "libfoo.so"},
        {"/tmp/tmpx9y8z7/libbar.so", "libbar.so"},
        {"/tmp/_MEIa1b2c3/libQt6Core.so.6", "libQt6Core.so"},
        {"/tmp/_MEIa1b2c3/libQt6Gui.so.6", "libQt6Gui.so"},
        {"/tmp/_MEIa1b2c3/libpython3.12.so.1.0", "libpython3.12.so"},
        {"/tmp/_MEIa1b2c3/libpython3.13.so.1.0", "libpython3.13.so"},
        {"/tmp/w/numpy/_core.cpython-312-x86_64-linux-gnu.so", "_core.cpython-312-x86_64-linux-gnu.so"},
        {"/tmp/w/numpy/_core.cpython-313-x86_64-linux-gnu.so", "_core.cpython-313-x86_64-linux-gnu.so"},
        {"/tmp/w/_rust.abi3.so", "_rust.abi3.so"},
        {"/tmp/w/libsha256.so", "libsha256.so"},
        {"/tmp/heapgate-a1B2c3/work/unpacked-1.so", "unpacked-*.so"},
        {"/tmp/heapgate-z9Y8x7/work/unpacked-23.so", "unpacked-*.so"},
        {"/tmp/app/unpacked_1.so", "unpacked_*.so"},
        {"/tmp/x/jna8290380123.tmp", "jna*.tmp"},
        {"/tmp/x/sqlite-3.36.0-0b5e9c1e-beef-4f0e-8d5a-abcdefabcdef-libsqlitejdbc.so",
         "sqlite-3.36.0-*-libsqlitejdbc.so"},
        {"/tmp/x/libgfortran-040039e1.so.5.0.0", "libgfortran-*.so"},
        {"/opt/app/unpacked-1.so (deleted)", "unpacked-*.so"},
        {"/opt/app/libfoo.so.1 (deleted)", "libfoo.so"},
        {"/tmp/x/", "/tmp/x/"},
        {"/tmp/x/-", "-"},
    };
    check_rows(rows, G_N_ELEMENTS(rows));
}
END_TEST

START_TEST(test_the_users_own_temporary_folder_is_one)
{
    g_autofree char *before = g_strdup(g_getenv("TMPDIR"));
    g_setenv("TMPDIR", "/home/ann/scratch/", TRUE);
    check_name("/home/ann/scratch/unpacked-1.so", "temporary module");
    check_name("/home/ann/scratch/x/unpacked-1.so", "unpacked-*.so");
    check_name("/home/ann/scratches/unpacked-1.so", "unpacked-1.so");
    if (before != NULL)
        g_setenv("TMPDIR", before, TRUE);
    else
        g_unsetenv("TMPDIR");
}
END_TEST

/* A function that has a source is named by it, wherever its library lies. */
START_TEST(test_keys_outlast_the_next_random_name)
{
    const Frame first[] = {{"leak", NULL, "/tmp/unpacked-1.so", 0}, {"main", "m.c", "/opt/app/m", 3}};
    const Frame second[] = {{"leak", NULL, "/tmp/unpacked-2.so", 0}, {"main", "m.c", "/opt/app/m", 4}};
    const Frame sourced[] = {{"leak", "/src/l.c", "/tmp/unpacked-1.so", 9}};
    const Frame copies[] = {{"fold", NULL, "/tmp/unpacked-1.so", 0}, {"fold", NULL, "/tmp/unpacked-2.so", 0}};
    g_autofree char *one = call_site_key(first, 2), *two = call_site_key(second, 2);
    g_autofree char *source = call_site_key(sourced, 1), *folded = call_site_key(copies, 2);
    ck_assert_str_eq(one, "leak (temporary module) < main (m.c)");
    ck_assert_str_eq(two, one);
    ck_assert_str_eq(source, "leak (l.c)");
    ck_assert_str_eq(folded, "fold (temporary module)");
}
END_TEST

SUITE(module_name, 10)
{
    tcase_add_test(tcase, test_names_of_lasting_folders_stay_but_for_the_version_behind_so);
    tcase_add_test(tcase, test_made_up_names_directly_in_a_temporary_folder_are_one_module);
    tcase_add_test(tcase, test_names_in_folders_below_a_temporary_one_stay_but_for_numbers_of_their_own);
    tcase_add_test(tcase, test_the_users_own_temporary_folder_is_one);
    tcase_add_test(tcase, test_keys_outlast_the_next_random_name);
}
