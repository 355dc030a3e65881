#include "report.h"

#include <string.h>

#include "result/result_json.h"

static gboolean json_write(const Findings *findings, const ReportOptions *options, GOutputStream *stream,
                           GError **error)
{
    (void)options;
    return result_json_write(findings->result, stream, error);
}

const Report report_json = {
    "json",
    "result.json",
    "The whole result; every other report can be made from it again.",
    json_write,
};

static const Report *const reports[] = {
    &report_junit, &report_summary, &report_annotations, &report_json, &report_verdict, NULL,
};

const Report *const *reports_all(void)
{
    return reports;
}

const Report *report_find(const char *name)
{
    for (const Report *const *report = reports; *report != NULL; report++)
        if (strcmp((*report)->name, name) == 0)
            return *report;
    return NULL;
}
