/* heapgate.h is compiled by other people's compilers with other people's flags: every compiler found here
 * compiles it in every standard it promises, with warnings as errors; then Valgrind runs what came out. */
#include <glib.h>
#include <string.h>

#include "runner.h"

/* Five blocks of 48 bytes, one a pass, of which only the last has a pointer to it. */
static const char snippet[] = "#include <heapgate.h>\n"
                              "#include <stdlib.h>\n"
                              "extern void *volatile kept;\n"
                              "void *volatile kept; static double pool[64];\n"
                              "int main(void)\n"
                              "{\n"
                              "    int i;\n"
                              "    for (i = 0; i < 5; i++) {\n"
                              "        kept = malloc(48);\n"
                              "        heapgate_iteration();\n"
                              "    }\n"
                              "    heapgate_mark(\"odd name/%s\\n\");\n"
                              "    heapgate_mark(\"end\");\n"
                              "    heapgate_slab(pool, sizeof pool);\n"
                              "    heapgate_block_taken(&pool[8], 48);\n"
                              "    heapgate_block_resized(&pool[8], 48, 32);\n"
                              "    heapgate_block_given_back(&pool[8]);\n"
                              "    return 0;\n"
                              "}\n";

enum { ITERATIONS = 5, MARKS = 7, BLOCK_BYTES = 48 };

static const char *const c_compilers[] = {"cc", "gcc", "clang"};
static const char *const cxx_compilers[] = {"c++", "g++", "clang++"};
static const char *const c_standards[] = {"c99", "c11", "c17", "gnu99", "gnu17"};
static const char *const cxx_standards[] = {"c++98", "c++11", "c++14", "c++17", "c++20"};

typedef struct {
    int status; /* exit status; -1: did not exit */
    char *out;
    char *err;
} Ran;

static void ran_clear(Ran *self)
{
    g_free(self->out);
    g_free(self->err);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Ran, ran_clear)

/* Runs argv with these NAME=VALUE strings for its whole environment (NULL: ours). */
static Ran run(const char *const *argv, const char *const *environment)
{
    Ran ran = {-1, NULL, NULL};
    g_autoptr(GError) error = NULL;
    int wait_status = 0;
    gboolean spawned = g_spawn_sync(NULL, (char **)argv, (char **)environment, G_SPAWN_SEARCH_PATH, NULL,
                                    NULL, &ran.out, &ran.err, &wait_status, &error);
    ck_assert_msg(spawned, "%s", spawned ? "" : error->message);
    if (WIFEXITED(wait_status))
        ran.status = WEXITSTATUS(wait_status);
    return ran;
}

static gboolean have(const char *test, const char *program)
{
    g_autofree char *path = g_find_program_in_path(program);
    if (path == NULL)
        runner_skip(test, g_intern_string(program));
    return path != NULL;
}

static char *write_snippet(const char *folder, const char *extension)
{
    g_autofree char *name = g_strconcat("snippet", extension, NULL);
    char *path = g_build_filename(folder, name, NULL);
    ck_assert(g_file_set_contents(path, snippet, -1, NULL));
    return path;
}

static void compile(const char *compiler, const char *standard, const char *option, const char *source,
                    const char *program)
{
    g_autofree char *include = g_strconcat("-I", runner_path("harness/include"), NULL);
    g_autofree char *std = g_strconcat("-std=", standard, NULL);
    const char *argv[] = {compiler,      std,        "-pedantic",    "-Wall",   "-Wextra",
                          "-Werror",     "-Wshadow", "-Wconversion", "-Wundef", "-Wsign-conversion",
                          "-Wcast-qual", "-O2",      "-g",           include,   option,
                          "-o",          program,    source,         NULL};
    g_auto(Ran) ran = run(argv, NULL);
    ck_assert_msg(ran.status == 0, "%s %s %s: %s", compiler, std, option, ran.err);
}

static void compile_in_each(const char *test, const char *const *compilers, gsize n_compilers,
                            const char *const *standards, gsize n_standards, const char *extension)
{
    g_autofree char *folder = runner_temporary();
    g_autofree char *source = write_snippet(folder, extension);
    g_autofree char *program = g_build_filename(folder, "snippet", NULL);
    for (gsize i = 0; i < n_compilers; i++) {
        if (!have(test, compilers[i]))
            continue;
        for (gsize j = 0; j < n_standards; j++) {
            compile(compilers[i], standards[j], "-UHEAPGATE_DISABLE", source, program);
            compile(compilers[i], standards[j], "-DHEAPGATE_DISABLE", source, program);
        }
    }
    runner_remove(folder);
}

START_TEST(test_heapgate_h_compiles_without_a_warning_in_every_c_standard)
{
    compile_in_each("heapgate_h in C", c_compilers, G_N_ELEMENTS(c_compilers), c_standards,
                    G_N_ELEMENTS(c_standards), ".c");
}
END_TEST

START_TEST(test_heapgate_h_compiles_without_a_warning_in_every_cxx_standard)
{
    compile_in_each("heapgate_h in C++", cxx_compilers, G_N_ELEMENTS(cxx_compilers), cxx_standards,
                    G_N_ELEMENTS(cxx_standards), ".cpp");
}
END_TEST

/* A folder with the snippet's program in it; (transfer full). */
static char *folder_with_program(const char *option, char **program)
{
    char *folder = runner_temporary();
    g_autofree char *source = write_snippet(folder, ".c");
    *program = g_build_filename(folder, "snippet", NULL);
    compile("cc", "c99", option, source, *program);
    return folder;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static GPtrArray *mark_files(const char *folder)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GDir) directory = g_dir_open(folder, 0, NULL);
    const char *name;
    while ((name = g_dir_read_name(directory)) != NULL)
        if (g_str_has_prefix(name, "mark."))
            g_ptr_array_add(names, g_strdup(name));
    g_ptr_array_sort(names, by_name);
    return names;
}

/* Runs the program under massif with its marks going to folder. */
static void run_massif(const char *program, const char *folder, const char *instrument)
{
    g_autofree char *out = g_strdup_printf("--massif-out-file=%s/massif.out", folder);
    g_autofree char *marks = g_strdup_printf("HEAPGATE_MARKS=%s", folder);
    const char *environment[] = {"PATH=/usr/local/bin:/usr/bin:/bin", marks, instrument, NULL};
    const char *argv[] = {"valgrind", "--tool=massif", "--threshold=0", out, program, NULL};
    g_auto(Ran) ran = run(argv, environment);
    ck_assert_msg(ran.status == 0, "%s", ran.err);
}

static void check_snapshot(const char *folder, const char *name, int bytes)
{
    g_autofree char *path = g_build_filename(folder, name, NULL), *text = NULL;
    g_autofree char *heap = g_strdup_printf("\nmem_heap_B=%d\n", bytes);
    ck_assert(g_file_get_contents(path, &text, NULL, NULL));
    ck_assert_msg(strstr(text, heap) != NULL, "%s: %s", name, text);
    ck_assert_ptr_nonnull(strstr(text, "heap_tree=detailed"));
    ck_assert_msg(strstr(text, ": main (snippet.c:9)") != NULL, "%s", text);
}

START_TEST(test_a_mark_under_massif_is_a_detailed_snapshot)
{
    if (!have("a mark under massif", "valgrind"))
        return;
    g_autofree char *program = NULL, *folder = folder_with_program("-UHEAPGATE_DISABLE", &program);
    run_massif(program, folder, "HEAPGATE_INSTRUMENT=massif");
    g_autoptr(GPtrArray) names = mark_files(folder);
    ck_assert_uint_eq(names->len, MARKS);
    for (int i = 0; i < MARKS; i++) {
        const char *name = names->pdata[i];
        ck_assert_msg(g_regex_match_simple("^mark\\.[0-9]+\\.[0-9]{20}\\.", name, 0, 0), "%s", name);
        const char *ends = i < ITERATIONS ? ".iteration" : i == ITERATIONS ? ".odd_name__s_" : ".end";
        ck_assert_msg(g_str_has_suffix(name, ends), "%s", name);
        check_snapshot(folder, name, BLOCK_BYTES * MIN(i + 1, ITERATIONS));
    }
    runner_remove(folder);
}
END_TEST

START_TEST(test_marks_do_nothing_unless_the_environment_asks_for_them)
{
    if (!have("marks that are not asked for", "valgrind"))
        return;
    g_autofree char *program = NULL, *folder = folder_with_program("-UHEAPGATE_DISABLE", &program);
    run_massif(program, folder, "HEAPGATE_INSTRUMENT=massifs");
    g_autoptr(GPtrArray) names = mark_files(folder);
    ck_assert_uint_eq(names->len, 0);
    runner_remove(folder);
}
END_TEST

START_TEST(test_disabled_marks_are_not_there)
{
    if (!have("disabled marks", "valgrind"))
        return;
    g_autofree char *program = NULL, *folder = folder_with_program("-DHEAPGATE_DISABLE", &program);
    run_massif(program, folder, "HEAPGATE_INSTRUMENT=massif");
    g_autoptr(GPtrArray) names = mark_files(folder);
    ck_assert_uint_eq(names->len, 0);
    runner_remove(folder);
}
END_TEST

START_TEST(test_a_mark_under_memcheck_is_a_line_with_the_leak_counts)
{
    if (!have("a mark under memcheck", "valgrind"))
        return;
    g_autofree char *program = NULL, *folder = folder_with_program("-UHEAPGATE_DISABLE", &program);
    g_autofree char *path = g_build_filename(folder, "out.xml", NULL), *text = NULL;
    g_autofree char *option = g_strconcat("--xml-file=", path, NULL);
    const char *environment[] = {"PATH=/usr/local/bin:/usr/bin:/bin", "HEAPGATE_INSTRUMENT=memcheck", NULL};
    const char *argv[] = {"valgrind", "--leak-check=full", "--xml=yes", option, program, NULL};
    g_auto(Ran) ran = run(argv, environment);
    ck_assert_msg(ran.status == 0, "%s", ran.err);
    ck_assert(g_file_get_contents(path, &text, NULL, NULL));
    const char *at = text;
    for (int i = 0; i < MARKS; i++) {
        const char *name = i < ITERATIONS ? "iteration" : i == ITERATIONS ? "odd_name__s_" : "end";
        int lost = BLOCK_BYTES * (MIN(i + 1, ITERATIONS) - 1);
        g_autofree char *line = g_strdup_printf("<text>heapgate-mark %s %d 0 %d 0", name, lost, BLOCK_BYTES);
        at = strstr(at, line);
        ck_assert_msg(at != NULL, "%s is not in %s", line, text);
    }
    ck_assert_ptr_null(strstr(text, "<kind>Uninit"));
    runner_remove(folder);
}
END_TEST

START_TEST(test_a_folder_that_is_too_long_gives_no_mark_and_no_crash)
{
    if (!have("a marks folder that is too long", "valgrind"))
        return;
    g_autofree char *program = NULL, *folder = folder_with_program("-UHEAPGATE_DISABLE", &program);
    g_autofree char *deep = g_strnfill(1024, 'd'), *marks = g_strconcat("HEAPGATE_MARKS=", deep, NULL);
    g_autofree char *out = g_strdup_printf("--massif-out-file=%s/massif.out", folder);
    const char *environment[] = {"PATH=/usr/local/bin:/usr/bin:/bin", marks, "HEAPGATE_INSTRUMENT=massif",
                                 NULL};
    const char *argv[] = {"valgrind", "--tool=massif", out, program, NULL};
    g_auto(Ran) ran = run(argv, environment);
    ck_assert_int_eq(ran.status, 0);
    runner_remove(folder);
}
END_TEST

SUITE(heapgate_h, 120)
{
    tcase_add_test(tcase, test_heapgate_h_compiles_without_a_warning_in_every_c_standard);
    tcase_add_test(tcase, test_heapgate_h_compiles_without_a_warning_in_every_cxx_standard);
    tcase_add_test(tcase, test_a_mark_under_massif_is_a_detailed_snapshot);
    tcase_add_test(tcase, test_marks_do_nothing_unless_the_environment_asks_for_them);
    tcase_add_test(tcase, test_disabled_marks_are_not_there);
    tcase_add_test(tcase, test_a_mark_under_memcheck_is_a_line_with_the_leak_counts);
    tcase_add_test(tcase, test_a_folder_that_is_too_long_gives_no_mark_and_no_crash);
}
