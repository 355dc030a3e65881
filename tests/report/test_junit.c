#include "report/report.h"

#include <libxml/parser.h>
#include <libxml/xmlschemas.h>
#include <libxml/xpath.h>
#include <locale.h>
#include <string.h>

#include "runner.h"
#include "sample.h"

/* Parses strictly and holds it against the schema; (transfer full). */
static xmlDoc *validate(const char *xml)
{
    xmlDoc *document = xmlReadMemory(xml, (int)strlen(xml), "junit.xml", NULL, XML_PARSE_NONET);
    ck_assert_msg(document != NULL, "not well-formed:\n%s", xml);
    xmlSchemaParserCtxt *parser = xmlSchemaNewParserCtxt(runner_path("tests/report/junit.xsd"));
    xmlSchema *schema = xmlSchemaParse(parser);
    ck_assert_ptr_nonnull(schema);
    xmlSchemaValidCtxt *context = xmlSchemaNewValidCtxt(schema);
    ck_assert_msg(xmlSchemaValidateDoc(context, document) == 0, "not valid:\n%s", xml);
    xmlSchemaFreeValidCtxt(context);
    xmlSchemaFree(schema);
    xmlSchemaFreeParserCtxt(parser);
    return document;
}

static char *render(Result *result)
{
    char *xml = sample_write(&report_junit, result);
    result_free(result);
    return xml;
}

static double number(xmlDoc *document, const char *expression)
{
    xmlXPathContext *context = xmlXPathNewContext(document);
    xmlXPathObject *object = xmlXPathEvalExpression(BAD_CAST expression, context);
    ck_assert_msg(object != NULL, "%s", expression);
    double value = xmlXPathCastToNumber(object);
    xmlXPathFreeObject(object);
    xmlXPathFreeContext(context);
    return value;
}

static void check_totals(xmlDoc *document)
{
    const char *const pairs[][2] = {
        {"sum(//testsuite/@tests)", "number(/testsuites/@tests)"},
        {"count(//testcase)", "number(/testsuites/@tests)"},
        {"count(//failure)", "number(/testsuites/@failures)"},
        {"sum(//testsuite/@failures)", "number(/testsuites/@failures)"},
        {"count(//error)", "number(/testsuites/@errors)"},
        {"sum(//testsuite/@errors)", "number(/testsuites/@errors)"},
        {"count(//testsuite[@tests != count(testcase)])", "0"},
        {"count(//testsuite[@failures != count(testcase/failure)])", "0"},
        {"count(//testsuite[@errors != count(testcase/error)])", "0"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(pairs); i++)
        ck_assert_msg(number(document, pairs[i][0]) == number(document, pairs[i][1]), "%s", pairs[i][0]);
}

START_TEST(test_junit_is_valid_and_its_totals_are_right_for_every_result)
{
    Result *results[] = {sample_passing(), sample_regressed(),  sample_every_verdict(),
                         sample_hostile(), sample_many(20, 20), sample_empty()};
    for (gsize i = 0; i < G_N_ELEMENTS(results); i++) {
        g_autofree char *xml = render(results[i]);
        xmlDoc *document = validate(xml);
        check_totals(document);
        xmlFreeDoc(document);
    }
}
END_TEST

START_TEST(test_junit_maps_verdicts_to_failures_and_errors)
{
    g_autofree char *xml = render(sample_every_verdict());
    xmlDoc *document = validate(xml);
    ck_assert_double_eq(number(document, "count(//failure[@type='regressed'])"), 2);
    ck_assert_double_eq(number(document, "count(//failure)"), 2);
    ck_assert_double_eq(number(document, "count(//error[@type='broken'])"), 1);
    ck_assert_double_eq(number(document, "count(//error[@type='new'])"), 1);
    ck_assert_double_eq(number(document, "count(//error[@type='incomparable'])"), 1);
    ck_assert_double_eq(number(document,
                               "count(//testcase[@name='improved-run massif'][not(failure or error)]"
                               "[contains(system-out, 'update --ratchet improved-run')])"),
                        1);
    xmlFreeDoc(document);
    sample_check_golden("junit-every-verdict.xml", xml);
}
END_TEST

START_TEST(test_junit_repeats_the_message_in_the_text_in_under_40_lines)
{
    g_autofree char *xml = render(sample_many(3, 30));
    xmlDoc *document = validate(xml);
    ck_assert_double_eq(number(document, "count(//failure[not(contains(., @message))])"), 0);
    ck_assert_double_eq(
        number(document, "count(//failure[string-length(.) - string-length(translate(., '\n', '')) > 40])"),
        0);
    xmlFreeDoc(document);
}
END_TEST

START_TEST(test_junit_keeps_equal_names_apart)
{
    g_autofree char *xml = render(sample_hostile());
    xmlDoc *document = validate(xml); /* the schema asks for it */
    ck_assert_double_eq(number(document, "count(//testcase[contains(@name, '(2)')])"), 2);
    ck_assert_double_eq(number(document, "count(//testsuite[@name='(unnamed)'])"), 2);
    xmlFreeDoc(document);
    sample_check_golden("junit-hostile.xml", xml);
}
END_TEST

/* Jenkins' schema forbids them, so they are there only where they are asked for. */
START_TEST(test_junit_has_places_where_they_are_asked_for)
{
    g_autoptr(Result) result = sample_regressed();
    g_autofree char *plain = sample_write(&report_junit, result);
    g_autofree char *placed = sample_write_with(&report_junit, &(const ReportOptions){TRUE}, result);
    ck_assert_ptr_null(strstr(plain, "line="));
    ck_assert_ptr_nonnull(strstr(placed, "file=\"scenarios/programs/roundtrip.c\" line=\"112\""));
    xmlDoc *document = xmlReadMemory(placed, (int)strlen(placed), "junit.xml", NULL, 0);
    ck_assert_ptr_nonnull(document);
    check_totals(document);
    ck_assert(number(document, "count(//testcase[@line])") > 0);
    ck_assert(number(document, "count(//testcase[@line and not(@file)])") == 0);
    xmlFreeDoc(document);
}
END_TEST

START_TEST(test_junit_of_nothing_is_an_error)
{
    g_autofree char *xml = render(sample_empty());
    xmlDoc *document = validate(xml);
    ck_assert_double_eq(number(document, "number(/testsuites/@errors)"), 1);
    ck_assert_ptr_nonnull(strstr(xml, "no scenario ran"));
    xmlFreeDoc(document);
}
END_TEST

START_TEST(test_junit_times_have_a_point_in_every_locale)
{
    const char *const locales[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", NULL};
    const char *const *locale = locales;
    while (*locale != NULL && setlocale(LC_ALL, *locale) == NULL)
        locale++;
    if (*locale == NULL)
        runner_skip("test_junit_times_have_a_point_in_every_locale",
                    "no locale with a decimal comma is installed");
    g_autofree char *xml = render(sample_passing());
    setlocale(LC_ALL, "C");
    ck_assert_ptr_nonnull(strstr(xml, "time=\"12.345\""));
    ck_assert_ptr_nonnull(strstr(xml, "time=\"3.000\""));
}
END_TEST

START_TEST(test_reports_table_rows_are_whole_and_a_full_disk_is_an_error)
{
    g_autoptr(Result) result = sample_regressed();
    g_autoptr(Findings) findings = findings_new(result);
    for (const Report *const *report = reports_all(); *report != NULL; report++) {
        ck_assert_ptr_eq(report_find((*report)->name), *report);
        ck_assert_ptr_nonnull((*report)->default_path);
        ck_assert(g_str_has_suffix((*report)->summary, "."));
        char small[16];
        g_autoptr(GOutputStream) full = g_memory_output_stream_new(small, sizeof small, NULL, NULL);
        g_autoptr(GError) error = NULL;
        ck_assert_msg(!(*report)->write(findings, &(const ReportOptions){0}, full, &error), "%s",
                      (*report)->name);
        ck_assert_ptr_nonnull(error);
    }
    ck_assert_ptr_null(report_find("sarif"));
}
END_TEST

SUITE(report_junit, 20)
{
    tcase_add_test(tcase, test_junit_is_valid_and_its_totals_are_right_for_every_result);
    tcase_add_test(tcase, test_junit_maps_verdicts_to_failures_and_errors);
    tcase_add_test(tcase, test_junit_repeats_the_message_in_the_text_in_under_40_lines);
    tcase_add_test(tcase, test_junit_keeps_equal_names_apart);
    tcase_add_test(tcase, test_junit_has_places_where_they_are_asked_for);
    tcase_add_test(tcase, test_junit_of_nothing_is_an_error);
    tcase_add_test(tcase, test_junit_times_have_a_point_in_every_locale);
    tcase_add_test(tcase, test_reports_table_rows_are_whole_and_a_full_disk_is_an_error);
}
