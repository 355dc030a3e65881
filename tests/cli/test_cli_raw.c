/* What a run leaves in reports/raw to be looked at. */
#include <string.h>

#include "instrument/heap_keep.h"
#include "project.h"
#include "runner.h"

static const char leaking[] =
    "#include <stdlib.h>\n"
    "#include <unistd.h>\n"
    "__attribute__((noinline)) static char *keep_line(void) { return malloc(777); }\n"
    "int main(int argc, char **argv) { char *volatile p = keep_line();\n"
    "  if (argc > 1) execl(argv[1], argv[1], (char *)0);\n"
    "  return p == 0; }\n";

static int by_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names in a folder, sorted; (transfer full). */
static GPtrArray *names_in(const char *path)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
    ck_assert_msg(folder != NULL, "%s", path);
    for (const char *name = g_dir_read_name(folder); name != NULL; name = g_dir_read_name(folder))
        g_ptr_array_add(names, g_strdup(name));
    g_ptr_array_sort(names, by_text);
    return names;
}

START_TEST(test_a_run_keeps_its_ledgers_with_their_names)
{
    g_autoptr(TestProject) project = test_project_new();
    test_project_write(project, "leaking.c", "%s", leaking);
    ck_assert_int_eq(test_project_shell(project, "cc -g -O1 -o leaking leaking.c"), 0);
    /* One process runs two programs: two ledgers. */
    test_project_write(project, "scenarios/lines.yaml",
                       "run: [./leaking, ./leaking]\nfiles: [../leaking]\ninstruments: [heap]\n");
    test_project_expect(project, 3, "run", "NEW", NULL);
    g_autoptr(GPtrArray) names = names_in(test_project_path(project, "reports/raw/lines.heap"));
    ck_assert_uint_eq(names->len, 4); /* stdout, stderr */
    for (guint i = 0; i < 2; i++) {
        const char *name = g_ptr_array_index(names, i);
        g_autofree char *words = g_strconcat("show reports/raw/lines.heap/", name, NULL);
        ck_assert_msg(g_str_has_prefix(name, "leaking.") && g_str_has_suffix(name, ".ledger"), "%s", name);
        test_project_expect(project, 0, words, "keep_line", "leaking.c:3", "777 B", NULL);
    }
}
END_TEST

/* A script may start thousands of programs. */
START_TEST(test_of_many_programs_those_are_kept_that_held_most)
{
    g_autoptr(TestProject) project = test_project_new();
    test_project_write(project, "many.sh", "#!/bin/sh\nfor i in $(seq %d); do ./small; done\n./large\n",
                       HEAP_KEPT_LEDGERS + 3);
    test_project_write(project, "small.c",
                       "#include <stdlib.h>\nint main(void) { return malloc(9) == 0; }\n");
    test_project_write(project, "large.c",
                       "#include <stdlib.h>\nint main(void) { return malloc(99999) == 0; }\n");
    ck_assert_int_eq(test_project_shell(project, "cc -O0 -o small small.c && cc -O0 -o large large.c"), 0);
    test_project_write(project, "scenarios/many.yaml",
                       "run: [./many.sh]\nfiles: [../small, ../large]\ninstruments: [heap]\n");
    test_project_expect(project, 3, "run", "NEW", NULL);
    g_autoptr(GPtrArray) names = names_in(test_project_path(project, "reports/raw/many.heap"));
    guint ledgers = 0;
    gboolean has_large = FALSE;
    for (guint i = 0; i < names->len; i++) {
        const char *name = g_ptr_array_index(names, i);
        ledgers += g_str_has_suffix(name, ".ledger");
        has_large = has_large || g_str_has_prefix(name, "large.");
    }
    ck_assert_uint_eq(ledgers, HEAP_KEPT_LEDGERS);
    ck_assert(has_large);
}
END_TEST

SUITE(cli_raw, 60)
{
    tcase_add_test(tcase, test_a_run_keeps_its_ledgers_with_their_names);
    tcase_add_test(tcase, test_of_many_programs_those_are_kept_that_held_most);
}
