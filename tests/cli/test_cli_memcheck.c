/* What memcheck sees, from a program's source to the verdict. */
#include "project.h"
#include "runner.h"

/* A plug-in that leaks is gone before the program ends: it is named all the same. */
static void check_plugin(const char *instrument, const char *metric)
{
    g_autoptr(TestProject) project = test_project_new();
    test_project_write(project, "plugin.c",
                       "#include <stdlib.h>\n"
                       "char *plugin_work(int leaky)\n"
                       "{\n"
                       "    char *room = malloc(120);\n"
                       "    room[0] = 1;\n"
                       "    if (!leaky)\n"
                       "        free(room);\n"
                       "    return NULL;\n"
                       "}\n");
    test_project_write(project, "work.c",
                       "#include <dlfcn.h>\n"
                       "int main(int argc, char **argv)\n"
                       "{\n"
                       "    (void)argv;\n"
                       "    void *plugin = dlopen(\"./plugin.so\", RTLD_NOW);\n"
                       "    char *(*run)(int) = (char *(*)(int))dlsym(plugin, \"plugin_work\");\n"
                       "    run(argc > 1);\n"
                       "    return dlclose(plugin);\n"
                       "}\n");
    ck_assert_int_eq(test_project_shell(project, "cc -g -O0 -fPIC -shared -o plugin.so plugin.c && "
                                                 "cc -g -O0 -o work work.c -ldl"),
                     0);
    test_project_write(project, "scenarios/work.yaml",
                       "run: [./work]\nfiles: [../plugin.so]\ninstruments: [%s]\n", instrument);
    test_project_expect(project, 0, "update --runs 1 --reason first", "written; commit it", NULL);
    test_project_write(project, "scenarios/work.yaml",
                       "run: [./work, leaky]\nfiles: [../plugin.so]\ninstruments: [%s]\n", instrument);
    test_project_expect(project, 1, "run", metric, "plugin_work", "plugin.c:4", NULL);
}

START_TEST(test_a_leak_in_a_plugin_that_is_gone_is_named)
{
    check_plugin("memcheck", "lost 120 B in 1 block, was 0 B");
    check_plugin("heap", "120 B more still allocated at the end");
}
END_TEST

SUITE(cli_memcheck, 120)
{
    tcase_add_test(tcase, test_a_leak_in_a_plugin_that_is_gone_is_named);
}
