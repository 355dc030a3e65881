/* Programs under the supervisor, in a temporary folder of a test's own. */
#ifndef HEAPGATE_TESTS_RUN_SUPERVISED_H
#define HEAPGATE_TESTS_RUN_SUPERVISED_H

#include "run/supervisor.h"

enum { SUPERVISED_LONG_US = 60 * G_USEC_PER_SEC };

/* A checked fixture; the paths are there between them. */
extern char *supervised_folder, *supervised_stdout, *supervised_stderr;
void supervised_setup(void);
void supervised_teardown(void);

/* A plan of these arguments, which it borrows. */
SupervisorPlan supervised_plan(const char *const *argv);
/* The test fails where it cannot be started. */
SupervisorOutcome supervised_run(const SupervisorPlan *plan, GCancellable *cancellable);
/* Runs a line of shell. */
SupervisorOutcome supervised_shell(const char *line, gint64 timeout_us);

#endif
