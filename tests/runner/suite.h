/* A suite, as it was registered, and its run by check in the present process. */
#ifndef HEAPGATE_TESTS_RUNNER_SUITE_H
#define HEAPGATE_TESTS_RUNNER_SUITE_H

#include "runner.h"
#include "slowest.h"

typedef struct {
    const char *name;
    SuiteFill fill;
    double timeout_s; /* for each test */
    gboolean alone;   /* no other suite runs at the same time */
} TestSuite;

/* What became of a suite. It lies in memory that the suite's process shares with the runner's. */
typedef struct {
    gboolean complete; /* all tests were run; FALSE if the process ended before */
    int passed;
    int failed;
    int skipped;    /* tests that skipped something and did not fail; none of them counts as passed */
    gint64 took_us; /* fixtures included */
    Slowest slowest;
} SuiteCount;

/* Runs a suite's tests one after another and fills count, which the caller zeroed. Check prints failures, or
 * what CK_VERBOSITY asks for. With CK_FORK=no the tests run in this process, else in a fork of it each. */
void suite_run(const TestSuite *suite, SuiteCount *count);

/* Says that the present test has skipped something. */
void suite_note_skip(void);

#endif
