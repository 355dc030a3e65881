/* Names that a measured program gives itself are bytes, not text: no report of ours becomes unreadable by
 * them. */
#include <libxml/parser.h>

#include "project.h"
#include "runner.h"

/* Names itself, a thread, a mark and a child's file in ways that neither UTF-8 nor XML allows; the child does
 * the same again. Both leak, and read what they freed. */
static const char program[] =
    "#include <heapgate.h>\n"
    "#include <pthread.h>\n"
    "#include <stdlib.h>\n"
    "#include <string.h>\n"
    "#include <sys/prctl.h>\n"
    "#include <sys/wait.h>\n"
    "#include <unistd.h>\n"
    "static void *work(void *unused)\n"
    "{\n"
    "    prctl(PR_SET_NAME, \"\\xff]]>\\x80<&\");\n"
    "    *(char *volatile *)unused = malloc(333);\n"
    "    char *volatile freed = malloc(10);\n"
    "    free(freed);\n"
    "    return freed[3] == 77 ? unused : NULL;\n"
    "}\n"
    "int main(int argc, char **argv)\n"
    "{\n"
    "    pthread_t thread;\n"
    "    char *volatile kept, path[4096], *child = \"\\xff\\xfe\";\n"
    "    int status = 0;\n"
    "    prctl(PR_SET_NAME, \"\\xff\\xfe\");\n"
    "    if (pthread_create(&thread, NULL, work, (void *)&kept) != 0 || pthread_join(thread, NULL) != 0)\n"
    "        return 1;\n"
    "    strcpy((char *)path, argv[0]);\n"
    "    strcpy(strrchr((char *)path, '/') + 1, child);\n"
    "    if (argc == 1 && fork() == 0) {\n"
    "        execl((char *)path, (char *)path, \"\\xfe\", (char *)NULL);\n"
    "        _exit(127);\n"
    "    }\n"
    "    if (argc == 1)\n"
    "        wait(&status);\n"
    "    heapgate_mark(\"\\xff\\xfe\");\n"
    "    heapgate_mark(\"end\");\n"
    "    return status != 0;\n"
    "}\n";

static void check_text(const TestProject *project, const char *relative)
{
    g_autofree char *text = test_project_read(project, relative);
    ck_assert_msg(g_utf8_validate(text, -1, NULL), "%s: %s", relative, text);
}

static void check_xml(const TestProject *project, const char *relative)
{
    g_autofree char *text = test_project_read(project, relative);
    xmlDocPtr document =
        xmlReadMemory(text, (int)strlen(text), relative, NULL, XML_PARSE_NONET | XML_PARSE_NOERROR);
    ck_assert_msg(document != NULL, "%s: %s", relative, text);
    xmlFreeDoc(document);
}

static void check_reports(TestProject *project)
{
    static const char *const texts[] = {"reports/result.json", "reports/junit.xml", "reports/summary.md",
                                        "reports/verdict.json", "reports/annotations.txt"};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        check_text(project, texts[i]);
    check_xml(project, "reports/junit.xml");
    ck_assert_int_eq(test_project_shell(project, "$heapgate report -o again reports/result.json > said"), 0);
    check_text(project, "said");
    check_xml(project, "again/junit.xml");
}

START_TEST(test_names_that_are_no_text_leave_every_report_readable)
{
    static const char *const instruments[] = {"heap", "memcheck", "massif"};
    g_autoptr(TestProject) project = test_project_new();
    test_project_write(project, "names.c", "%s", program);
    test_project_write(project, "scenarios/names.yaml",
                       "run: [./names]\ninstruments: [heap, memcheck, massif]\n");
    g_autofree char *build =
        g_strdup_printf("cc -g -O0 -pthread -I%s -o names names.c && cp names \"$(printf '\\377\\376')\" && "
                        "strip \"$(printf '\\377\\376')\"",
                        runner_path("harness/include"));
    ck_assert_msg(test_project_shell(project, build) == 0, "%s", project->output);
    test_project_run(project, "run");
    g_autoptr(Result) result = test_project_result(project);
    for (gsize i = 0; i < G_N_ELEMENTS(instruments); i++) {
        const Measurement *measurement = test_result_find(result, "names", instruments[i])->measurement;
        ck_assert_msg(measurement->problem == NULL, "%s: %s", instruments[i], measurement->problem);
        ck_assert_msg(measurement->processes->len == 2, "%s: %u processes", instruments[i],
                      measurement->processes->len);
    }
    check_reports(project);
    test_project_expect(project, 0, "update --runs 1 --reason first", NULL);
    test_project_expect(project, 0, "run", "1 scenario passes", NULL);
    check_reports(project);
}
END_TEST

START_TEST(test_messages_that_are_no_text_leave_every_report_readable)
{
    g_autoptr(TestProject) project = test_project_new();
    test_project_write(project, "scenarios/words.yaml",
                       "run: [/bin/sh, -c, \"printf 'no \\\\377\\\\376<&]]>\\\\n' >&2; exit 1\"]\n"
                       "instruments: [heap, memcheck]\n");
    test_project_expect(project, 3, "run", "it last wrote: no ", NULL);
    check_reports(project);
}
END_TEST

SUITE(cli_names, 120)
{
    tcase_add_test(tcase, test_names_that_are_no_text_leave_every_report_readable);
    tcase_add_test(tcase, test_messages_that_are_no_text_leave_every_report_readable);
}
