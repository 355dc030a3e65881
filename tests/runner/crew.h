/* Suites side by side, each in a process of its own. */
#ifndef HEAPGATE_TESTS_RUNNER_CREW_H
#define HEAPGATE_TESTS_RUNNER_CREW_H

#include "suite.h"

/* Told of each suite when it has ended. fault: why its process did not end well, as "died of signal 9
 * (Killed)"; NULL: it did. output: all that the suite's processes printed, length bytes. */
typedef void (*CrewTell)(const TestSuite *suite, SuiteCount *count, const char *fault, const char *output,
                         gsize length);

/* Runs n suites, at_once at a time and in this order, but those that run alone after all others. counts: as
 * many, zeroed, in shared memory. SIGINT, SIGTERM and SIGHUP end all suites and then this process. */
void crew_run(const TestSuite *suites, SuiteCount *counts, int n, int at_once, CrewTell tell);

#endif
