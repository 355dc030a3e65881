/* Symbols: of this very program, and of libraries compiled and stripped here. */
#include <dlfcn.h>
#include <link.h>
#include <string.h>

#include "runner.h"
#include "symbols/symbols.h"

static int line_of_call;

/* Returns the address of the instruction behind its own inlining. */
static inline __attribute__((always_inline)) guint64 here(void)
{
    void *address;
    __asm__ volatile("lea 0(%%rip), %0" : "=r"(address));
    return (guint64)(gsize)address;
}

static __attribute__((noinline)) guint64 caller(void)
{
    guint64 address = here();
    line_of_call = __LINE__ - 1;
    __asm__ volatile("");
    return address;
}

static guint64 bias_of(const void *address)
{
    Dl_info info;
    struct link_map *map = NULL;
    ck_assert_int_ne(dladdr1(address, &info, (void **)&map, RTLD_DL_LINKMAP), 0);
    return map->l_addr;
}

static const Frame *frame(const GArray *frames, guint index)
{
    ck_assert_uint_lt(index, frames->len);
    return &g_array_index(frames, Frame, index);
}

START_TEST(test_symbols_name_functions_files_lines_and_inlined_frames)
{
    g_autoptr(Symbols) symbols = symbols_new(SYMBOLS_ALL);
    g_autoptr(GArray) frames = g_array_new(FALSE, FALSE, sizeof(Frame));
    guint64 address = caller() - bias_of((const void *)(gsize)caller);
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    symbols_resolve(symbols, self, NULL, 0, address - 1, frames);
    ck_assert_str_eq(frame(frames, 0)->function, "here");
    ck_assert_str_eq(frame(frames, 1)->function, "caller");
    ck_assert(g_str_has_suffix(frame(frames, 1)->file, "test_symbols.c"));
    ck_assert_int_eq((int)frame(frames, 1)->line, line_of_call);
    ck_assert_uint_eq(frames->len, 2);
}
END_TEST

START_TEST(test_symbols_refuse_another_build_and_what_is_no_file)
{
    static const guint8 other[20] = {1, 2, 3};
    g_autoptr(Symbols) symbols = symbols_new(SYMBOLS_ALL);
    g_autoptr(GArray) frames = g_array_new(FALSE, FALSE, sizeof(Frame));
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    symbols_resolve(symbols, self, other, sizeof other, 0x1000, frames);
    symbols_resolve(symbols, "/nowhere/at/all.so", NULL, 0, 0x1000, frames);
    symbols_resolve(symbols, "/dev/zero", NULL, 0, 0x1000, frames);
    for (guint i = 0; i < 3; i++)
        ck_assert_ptr_null(frame(frames, i)->function);
    ck_assert_str_eq(frame(frames, 1)->object, "/nowhere/at/all.so");
}
END_TEST

START_TEST(test_symbols_demangle_cxx_and_both_kinds_of_rust)
{
    static const char *const rows[][2] = {
        {"_ZN4shop5ShelfIiE8pack_boxEm", "shop::Shelf<int>::pack_box(unsigned long)"},
        {"_ZZ4mainENKUliE0_clEi", "main::{lambda(int)#2}::operator()(int) const"},
        {"_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE", "core::fmt::Write::write_fmt"},
        {"_RNvC7mycrate3foo", "mycrate::foo"},
        {"sqlite3_step", "sqlite3_step"},
        {"_start", "_start"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *plain = symbols_demangle(rows[i][0]);
        ck_assert_str_eq(plain, rows[i][1]);
    }
}
END_TEST

/* Compiles text to a library; option: the last one. (transfer full), its path. */
static char *compile_with(const char *option, const char *folder, const char *name, const char *text)
{
    g_autofree char *source = g_strdup_printf("%s/%s.c", folder, name);
    char *library = g_strdup_printf("%s/%s.so", folder, name);
    ck_assert(g_file_set_contents(source, text, -1, NULL));
    const char *argv[] = {"cc", "-O1", "-shared", "-fPIC", "-o", library, source, option, NULL};
    int status = 1;
    ck_assert(
        g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, &status, NULL));
    ck_assert_int_eq(status, 0);
    return library;
}

static char *compile(const char *folder, const char *name, const char *text)
{
    return compile_with("-s", folder, name, text);
}

/* What the static functions of a library are called, through the table of their addresses that it exports. */
static void names_of(Symbols *symbols, const char *library, GArray *frames)
{
    void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    ck_assert_msg(handle != NULL, "%s", dlerror());
    void *const *functions = dlsym(handle, "functions");
    ck_assert_ptr_nonnull(functions);
    for (guint i = 0; i < 2; i++)
        symbols_resolve(symbols, library, NULL, 0, (guint64)(gsize)functions[i] + 6 - bias_of(functions[i]),
                        frames);
    dlclose(handle);
}

/* The names that rustc gives, with the hash of the build and what LLVM appends. */
START_TEST(test_symbols_of_rust_are_named_without_what_changes_with_each_build)
{
    static const char text[] = "int one(int *) __asm__(\"_ZN4leak14Shelf$LT$T$GT$4fill17h%sE%s\");\n"
                               "int two(int *) __asm__(\"_RINvCs%s_4leak10leak_boxesyEB2_%s\");\n"
                               "__attribute__((used)) int one(int *p) { return *p / 7 * 31 + p[1]; }\n"
                               "__attribute__((used)) int two(int *p) { return *p / 9 * 37 + p[2]; }\n"
                               "void *const functions[] = {(void *)one, (void *)two};\n";
    g_autofree char *folder = runner_temporary();
    g_autoptr(Symbols) symbols = symbols_new(SYMBOLS_ALL);
    g_autoptr(GArray) frames = g_array_new(FALSE, FALSE, sizeof(Frame));
    g_autofree char *before = g_strdup_printf(text, "0123456789abcdef", "", "1a2B3c", "");
    g_autofree char *after =
        g_strdup_printf(text, "fedcba9876543210", ".llvm.1234567890", "3c2B1a", ".llvm.7");
    g_autofree char *one = compile_with("-g", folder, "before", before);
    g_autofree char *other = compile_with("-g0", folder, "after", after);
    names_of(symbols, one, frames);
    names_of(symbols, other, frames);
    for (guint i = 0; i < 4; i += 2) {
        ck_assert_str_eq(frame(frames, i)->function, "leak::Shelf<T>::fill");
        ck_assert_str_eq(frame(frames, i + 1)->function, "leak::leak_boxes::<u64>");
    }
    ck_assert_uint_eq(frame(frames, 0)->line, 3);
    runner_remove(folder);
}
END_TEST

START_TEST(test_functions_without_a_name_keep_their_fingerprint_when_others_are_added)
{
    static const char one[] =
        "static int first(int *p) { int a[40]; extern void g(int *); a[0] = *p; g(a); return a[3]; }\n"
        "static long second(long *p, long n) { long s = 0; for (long i = 0; i < n; i++) s += p[i] * i;"
        " return s; }\n"
        "void *const functions[] = {(void *)first, (void *)second};\n"
        "void g(int *p) { *p = 1; }\n";
    g_autofree char *folder = runner_temporary();
    g_autofree char *more =
        g_strconcat("int added(int *p, int n) { int s = 1; while (n--) s *= p[n]; return s; }\n", one, NULL);
    g_autofree char *before = compile(folder, "before", one), *after = compile(folder, "after", more);
    g_autoptr(Symbols) symbols = symbols_new(SYMBOLS_ALL);
    g_autoptr(GArray) frames = g_array_new(FALSE, FALSE, sizeof(Frame));
    names_of(symbols, before, frames);
    names_of(symbols, after, frames);
    ck_assert(g_str_has_prefix(frame(frames, 0)->function, "???~"));
    ck_assert_str_ne(frame(frames, 0)->function, frame(frames, 1)->function);
    ck_assert_str_eq(frame(frames, 0)->function, frame(frames, 2)->function);
    ck_assert_str_eq(frame(frames, 1)->function, frame(frames, 3)->function);
    runner_remove(folder);
}
END_TEST

/* A library of two functions, and of as many variables as make its debug information large. */
static char *text_with_variables(guint variables)
{
    GString *text = g_string_new("static int one(int *p) { return *p / 7 * 31 + p[1]; }\n"
                                 "static int two(int *p) { return *p / 9 * 37 + p[2]; }\n"
                                 "void *const functions[] = {(void *)one, (void *)two};\n");
    for (guint i = 0; i < variables; i++)
        g_string_append_printf(text, "struct s%u { int a%u, b%u; } v%u;\n", i, i, i, i);
    return g_string_free(text, FALSE);
}

/* The first function as both reaches name it. */
static void name_compressed(guint variables, Symbols *all, Symbols *quick, GArray *frames)
{
    g_autofree char *folder = runner_temporary(), *text = text_with_variables(variables);
    g_autofree char *library = compile_with("-g", folder, "compressed", text);
    const char *argv[] = {"objcopy", "--compress-debug-sections=zlib", library, NULL};
    int status = 1;
    ck_assert(
        g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, &status, NULL));
    ck_assert_int_eq(status, 0);
    names_of(all, library, frames);
    names_of(quick, library, frames);
    runner_remove(folder);
}

START_TEST(test_symbols_in_haste_leave_out_lines_that_take_long_to_unpack_and_no_others)
{
    g_autoptr(Symbols) all = symbols_new(SYMBOLS_ALL), quick = symbols_new(SYMBOLS_QUICK); /* own the texts */
    g_autoptr(GArray) small = g_array_new(FALSE, FALSE, sizeof(Frame));
    name_compressed(10, all, quick, small);
    ck_assert_uint_eq(frame(small, 2)->line, 1);
    g_autoptr(GArray) large = g_array_new(FALSE, FALSE, sizeof(Frame));
    name_compressed(8000, all, quick, large);
    ck_assert_uint_eq(frame(large, 0)->line, 1);
    ck_assert_uint_eq(frame(large, 2)->line, 0);
    ck_assert_str_eq(frame(large, 2)->function, "one");
    ck_assert_str_eq(frame(large, 3)->function, "two");
}
END_TEST

SUITE(symbols, 30)
{
    tcase_add_test(tcase, test_symbols_name_functions_files_lines_and_inlined_frames);
    tcase_add_test(tcase, test_symbols_refuse_another_build_and_what_is_no_file);
    tcase_add_test(tcase, test_symbols_demangle_cxx_and_both_kinds_of_rust);
    tcase_add_test(tcase, test_symbols_of_rust_are_named_without_what_changes_with_each_build);
    tcase_add_test(tcase, test_functions_without_a_name_keep_their_fingerprint_when_others_are_added);
    tcase_add_test(tcase, test_symbols_in_haste_leave_out_lines_that_take_long_to_unpack_and_no_others);
}
