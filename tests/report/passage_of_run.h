/* The passage of one instrument of one scenario. */
#ifndef HEAPGATE_TESTS_REPORT_PASSAGE_OF_RUN_H
#define HEAPGATE_TESTS_REPORT_PASSAGE_OF_RUN_H

#include "result/result.h"

/* The test fails where there is none. (transfer full). */
char *passage_of_run(const Result *result, const char *scenario, const char *instrument);

#endif
