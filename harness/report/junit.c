/* JUnit XML, in the subset that GitLab, Jenkins and GitHub's reporters all read. A scenario is a testsuite,
 * an instrument a testcase. The sentence stands in the failure's message and again in its text, because
 * GitLab does not show the message. */
#include <libxml/xmlwriter.h>
#include <string.h>

#include "explain.h"
#include "passage.h"
#include "report.h"
#include "model/text.h"

typedef struct {
    guint tests, failures, errors;
} Totals;

typedef struct {
    xmlTextWriter *writer;
    GHashTable *names; /* of testcases so far: "CLASS\nNAME" */
    gboolean with_places;
} Junit;

static void start_element(Junit *self, const char *element)
{
    xmlTextWriterStartElement(self->writer, BAD_CAST element);
}

static void end_element(Junit *self)
{
    xmlTextWriterEndElement(self->writer);
}

/* All text from outside passes through these two functions: libxml2 escapes it, model/text.h makes it
 * harmless. */
static void attribute(Junit *self, const char *name, const char *value)
{
    g_autofree char *clean = text_line(value);
    xmlTextWriterWriteAttribute(self->writer, BAD_CAST name, BAD_CAST clean);
}

static void content(Junit *self, const char *value)
{
    g_autofree char *clean = text_block(value);
    xmlTextWriterWriteString(self->writer, BAD_CAST clean);
}

static void attribute_count(Junit *self, const char *name, guint value)
{
    g_autofree char *text = g_strdup_printf("%u", value);
    attribute(self, name, text);
}

/* Seconds with three decimals and a point, whatever the locale. */
static void attribute_time(Junit *self, gint64 duration_us)
{
    gint64 ms = MAX(duration_us, 0) / 1000;
    g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT ".%03d", ms / 1000, (int)(ms % 1000));
    attribute(self, "time", text);
}

static void attribute_totals(Junit *self, const Totals *totals)
{
    attribute_count(self, "tests", totals->tests);
    attribute_count(self, "failures", totals->failures);
    attribute_count(self, "errors", totals->errors);
}

static void count_finding(Totals *totals, const Finding *finding)
{
    totals->tests++;
    if (finding->verdict == VERDICT_REGRESSED)
        totals->failures++;
    else if (finding->fails)
        totals->errors++;
}

static void write_failure(Junit *self, const Finding *finding)
{
    g_autofree char *passage = passage_of(finding);
    start_element(self, finding->verdict == VERDICT_REGRESSED ? "failure" : "error");
    attribute(self, "message", finding->sentence);
    attribute(self, "type", verdict_name(finding->verdict));
    content(self, passage);
    end_element(self);
    g_autofree char *stacks = passage_stacks(finding);
    if (stacks == NULL)
        return;
    start_element(self, "system-out");
    content(self, "whole stacks:\n");
    content(self, stacks);
    end_element(self);
}

/* The output of a pass: its values, the smallest leak it would have shown, how to keep an improvement. */
static void write_pass(Junit *self, const Finding *finding)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < finding->instrument->comparisons->len; i++) {
        g_autofree char *line = explain_comparison(g_ptr_array_index(finding->instrument->comparisons, i));
        g_string_append_printf(text, "%s\n", line);
    }
    if (finding->sees != NULL)
        g_string_append_printf(text, "smallest leak this run could see: %s\n", finding->sees);
    if (finding->advice != NULL)
        g_string_append_printf(text, "%s: %s\n", verdict_name(finding->verdict), finding->advice);
    if (text->len == 0)
        return;
    start_element(self, "system-out");
    content(self, text->str);
    end_element(self);
}

/* A name that no testcase of this class has yet; (transfer full). GitLab silently drops a second testcase of
 * the same name. */
static char *unique_name(Junit *self, const char *class_name, const char *name)
{
    char *unique = g_strdup(name);
    for (guint n = 2;; n++) {
        g_autofree char *full = g_strconcat(class_name, "\n", unique, NULL);
        if (g_hash_table_add(self->names, g_strdup(full)))
            return unique;
        g_free(unique);
        unique = g_strdup_printf("%s (%u)", name, n);
    }
}

/* The name has scenario and instrument, because some consumers show nothing else. A point in a class name
 * begins a package in Jenkins. */
static void write_case(Junit *self, const Finding *finding)
{
    g_autofree char *name = g_strdup_printf("%s %s", finding->scenario_name, finding->instrument_name);
    g_autofree char *package = g_strdelimit(g_strdup(finding->scenario_name), ".", '_');
    g_autofree char *class_name = g_strconcat("heapgate.", package, NULL);
    g_autofree char *unique = unique_name(self, class_name, g_strchomp(name));
    start_element(self, "testcase");
    attribute(self, "classname", class_name);
    attribute(self, "name", unique);
    if (self->with_places && finding->file != NULL) {
        attribute(self, "file", finding->file);
        if (finding->line > 0)
            attribute_count(self, "line", finding->line);
    }
    attribute_time(self, finding->instrument != NULL ? finding->instrument->measurement->duration_us : 0);
    if (finding->fails)
        write_failure(self, finding);
    else
        write_pass(self, finding);
    end_element(self);
}

/* The time in UTC without a zone, as the schemas of JUnit XML want it; (transfer full). */
static char *timestamp(const Result *result)
{
    char *started = text_line(result->started);
    gsize length = strlen(started);
    if (length > 0 && started[length - 1] == 'Z')
        started[length - 1] = '\0';
    return started;
}

/* The findings of one scenario, from `first` to before `end_at`. */
static void write_suite(Junit *self, const Findings *findings, guint first, guint end_at)
{
    const Finding *finding = g_ptr_array_index(findings->all, first);
    g_autofree char *started = timestamp(findings->result);
    Totals totals = {0};
    for (guint i = first; i < end_at; i++)
        count_finding(&totals, g_ptr_array_index(findings->all, i));
    start_element(self, "testsuite");
    attribute(self, "name", finding->scenario_name);
    attribute_totals(self, &totals);
    attribute(self, "skipped", "0");
    attribute_time(self, finding->scenario != NULL ? finding->scenario->duration_us : 0);
    attribute(self, "timestamp", started);
    attribute(self, "hostname", findings->result->platform);
    for (guint i = first; i < end_at; i++)
        write_case(self, g_ptr_array_index(findings->all, i));
    end_element(self);
}

static const ScenarioResult *scenario_at(const Findings *findings, guint i)
{
    return ((const Finding *)g_ptr_array_index(findings->all, i))->scenario;
}

static void write_suites(Junit *self, const Findings *findings)
{
    Totals totals = {0};
    for (guint i = 0; i < findings->all->len; i++)
        count_finding(&totals, g_ptr_array_index(findings->all, i));
    start_element(self, "testsuites");
    attribute(self, "name", "heapgate");
    attribute_totals(self, &totals);
    attribute_time(self, findings->result->duration_us);
    for (guint i = 0, n = 0; i < findings->all->len; i += n) {
        for (n = 1; i + n < findings->all->len && scenario_at(findings, i + n) == scenario_at(findings, i);
             n++)
            ;
        write_suite(self, findings, i, i + n);
    }
    end_element(self);
}

static gboolean junit_write(const Findings *findings, const ReportOptions *options, GOutputStream *stream,
                            GError **error)
{
    xmlBuffer *buffer = xmlBufferCreate();
    Junit self = {xmlNewTextWriterMemory(buffer, 0),
                  g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL), options->junit_places};
    xmlTextWriterSetIndent(self.writer, 1);
    xmlTextWriterSetIndentString(self.writer, BAD_CAST "  ");
    xmlTextWriterStartDocument(self.writer, NULL, "UTF-8", NULL);
    write_suites(&self, findings);
    xmlTextWriterEndDocument(self.writer);
    xmlFreeTextWriter(self.writer);
    gboolean written =
        text_write((const char *)xmlBufferContent(buffer), xmlBufferLength(buffer), stream, error);
    g_hash_table_unref(self.names);
    xmlBufferFree(buffer);
    return written;
}

const Report report_junit = {
    "junit",
    "junit.xml",
    "JUnit XML, for GitLab, Jenkins and test reporters of GitHub Actions.",
    junit_write,
};
