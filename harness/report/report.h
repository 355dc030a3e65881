/* Reports: rows of a const table. Each one renders the findings of a finished result. */
#ifndef HEAPGATE_REPORT_REPORT_H
#define HEAPGATE_REPORT_REPORT_H

#include <gio/gio.h>

#include "finding.h"

/* What the command line asks of reports. */
typedef struct {
    gboolean junit_places; /* file and line of each testcase in JUnit XML; Jenkins' schema forbids them */
} ReportOptions;

typedef struct {
    const char *name;         /* "junit" */
    const char *default_path; /* below the reports folder: "junit.xml"; NULL: not written unless asked for */
    const char *summary;      /* one sentence */
    /* Writes the whole report. FALSE with the stream's error. */
    gboolean (*write)(const Findings *findings, const ReportOptions *options, GOutputStream *stream,
                      GError **error);
} Report;

extern const Report report_junit, report_summary, report_annotations, report_json, report_verdict;

/* The table, with NULL at its end; (transfer none). */
const Report *const *reports_all(void);
/* The report of this name, (transfer none), or NULL. */
const Report *report_find(const char *name);

#endif
