/* heapgate report: make every report again from a recorded result. */
#include <gio/gunixoutputstream.h>
#include <unistd.h>

#include "command.h"
#include "error.h"
#include "formats/ledger/ledger.h"
#include "report/report.h"
#include "result/result_json.h"
#include "campaign.h"
#include "show.h"

static gboolean print_report(const Findings *findings, const ReportOptions *options, const char *name,
                             GError **error)
{
    const Report *report = report_find(name);
    if (report == NULL) {
        g_autoptr(GString) names = g_string_new(NULL);
        for (const Report *const *one = reports_all(); *one != NULL; one++)
            g_string_append_printf(names, "%s%s", names->len > 0 ? ", " : "", (*one)->name);
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_USAGE, "\"%s\" is not a report; expected one of %s",
                    name, names->str);
        return FALSE;
    }
    g_autoptr(GOutputStream) stream = g_unix_output_stream_new(STDOUT_FILENO, FALSE);
    return report->write(findings, options, stream, error);
}

static int command_report_run(int argc, char **argv, GError **error)
{
    g_auto(CampaignOptions) options = {0};
    g_autofree char *format = NULL, *output = NULL, *size = NULL;
    gboolean helped = FALSE;
    const GOptionEntry entries[] = {
        {"format", 'f', 0, G_OPTION_ARG_STRING, &format,
         "Print this report (junit, summary, annotations, ...)", "NAME"},
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &output, "Write every report into this folder", "FOLDER"},
        campaign_places_entry(&options),
        {"quiet", 'q', 0, G_OPTION_ARG_NONE, &options.quiet, "Show only what is not a pass", NULL},
        input_size_entry(&size),
        {"verbose", 'v', 0, G_OPTION_ARG_NONE, &options.verbose, "Show call sites of what passed, too", NULL},
        {NULL},
    };
    if (!command_parse(&command_report, entries, &argc, &argv, &helped, error) || helped)
        return 0;
    if (argc != 2) {
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_USAGE,
                    "report: expected one result, such as reports/result.json");
        return 0;
    }
    g_auto(Input) input = {0};
    if (!input_open(&input, argv[1], size, error))
        return 0;
    /* A ledger has no verdict: its report is what show prints. */
    if (format == NULL && output == NULL && ledger_recognise(input.bytes, input.length))
        return show_file(&input, &(ViewOptions){.threshold_percent = VIEW_DEFAULT_THRESHOLD}, error);
    g_autoptr(Result) result = result_json_read(input.bytes, input.length, argv[1], error);
    if (result == NULL)
        return 0;
    g_autoptr(Findings) findings = findings_new(result);
    if (output != NULL && !campaign_write_reports(findings, &options, output, error))
        return 0;
    if (format != NULL)
        print_report(findings, &options.report, format, error);
    else if (output == NULL)
        campaign_print(findings, &options, error);
    return 0;
}

const Command command_report = {
    .name = "report",
    .arguments = "RESULT",
    .summary = "Make reports again from a recorded reports/result.json, or print a saved ledger's.",
    .run = command_report_run,
};
