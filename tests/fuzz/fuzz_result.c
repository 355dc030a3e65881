/* Reads hostile bytes as result.json; what is accepted is written again, read again and must then stay as it
 * is. Every report is made of it too: none may fail, none may complain.
 * `make fuzz-smoke-result` runs it. */
#include <stdint.h>
#include <string.h>

#include "report/console.h"
#include "report/report.h"
#include "result/result_json.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* json-glib complains by messages where it is misused: each is a finding. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    g_log_set_always_fatal(G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING);
    return 0;
}

static char *write_report(const Report *report, const Findings *findings)
{
    GOutputStream *stream = g_memory_output_stream_new_resizable();
    if (!report->write(findings, &(const ReportOptions){0}, stream, NULL))
        g_error("%s was not written", report->name);
    GMemoryOutputStream *memory = G_MEMORY_OUTPUT_STREAM(stream);
    GString *text = g_string_new(NULL); /* a report may be empty */
    gsize length = g_memory_output_stream_get_data_size(memory);
    if (length > 0)
        g_string_append_len(text, g_memory_output_stream_get_data(memory), (gssize)length);
    g_object_unref(stream);
    return g_string_free(text, FALSE);
}

static void make_reports(const Findings *findings)
{
    for (const Report *const *report = reports_all(); *report != NULL; report++) {
        g_autofree char *text = write_report(*report, findings);
        if (!g_utf8_validate(text, -1, NULL))
            g_error("%s is not UTF-8", (*report)->name);
    }
    g_autoptr(GOutputStream) stream = g_memory_output_stream_new_resizable();
    console_write(findings, CONSOLE_VERBOSE | CONSOLE_COLOUR, 80, stream, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    result_json_recognise((const char *)data, size);
    g_autoptr(Result) result = result_json_read((const char *)data, size, "fuzz", &error);
    if ((result == NULL) != (error != NULL))
        g_error("neither a result nor an error, or both");
    if (result == NULL)
        return 0;
    g_autoptr(Findings) findings = findings_new(result);
    make_reports(findings);
    g_autofree char *once = write_report(&report_json, findings);
    g_autoptr(Result) copy = result_json_read(once, strlen(once), "written", &error);
    if (copy == NULL)
        g_error("what was written cannot be read: %s", error->message);
    g_autoptr(Findings) written = findings_new(copy);
    g_autofree char *again = write_report(&report_json, written);
    if (strcmp(once, again) != 0)
        g_error("what was read is written differently");
    return 0;
}
