/* Results made by hand, for the tests of reports. All (transfer full). */
#ifndef HEAPGATE_TESTS_REPORT_SAMPLE_H
#define HEAPGATE_TESTS_REPORT_SAMPLE_H

#include "result/result.h"
#include "report/report.h"

Result *sample_passing(void);
/* Three scenarios: one passes, one leaks under two instruments, one has a higher peak. */
Result *sample_regressed(void);
/* One scenario for each verdict. */
Result *sample_every_verdict(void);
/* Names, stacks and sentences that try to break out of every format. */
Result *sample_hostile(void);
/* So many regressed scenarios, each with so many deltas of 20 frames in every metric. */
Result *sample_many(guint scenarios, guint deltas);
Result *sample_empty(void);

/* What a report writes; (transfer full). */
char *sample_write(const Report *report, const Result *result);
char *sample_write_with(const Report *report, const ReportOptions *options, const Result *result);

/* Compares with tests/report/golden/NAME, or writes it with HEAPGATE_UPDATE_GOLDEN=1 in the environment. */
void sample_check_golden(const char *name, const char *text);

#endif
