/* A project of a test's own in a temporary folder, and heapgate run in it as a user would. */
#ifndef HEAPGATE_TESTS_CLI_PROJECT_H
#define HEAPGATE_TESTS_CLI_PROJECT_H

#include "result/result.h"

typedef struct {
    char *folder;
    GStrv env;    /* heapgate's environment; changed by tests */
    int status;   /* of the last project_run; -1: killed */
    char *output; /* its standard output and error together */
} TestProject;

TestProject *test_project_new(void); /* (transfer full); holds an empty scenarios/ */
void test_project_free(TestProject *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TestProject, test_project_free)

/* The path below the project's folder; (transfer none), interned. */
const char *test_project_path(const TestProject *self, const char *relative);
/* Writes a file, its folders too; executable where it begins with "#!". */
void test_project_write(TestProject *self, const char *relative, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* Reads a file; the test fails where it is not there. (transfer full). */
char *test_project_read(const TestProject *self, const char *relative);

/* Runs heapgate with these words, split at blanks ('...' quotes), in the project's folder. Returns the
 * status. */
int test_project_run(TestProject *self, const char *words);
/* Runs a script of sh in the project's folder, in which heapgate is in PATH and $heapgate is its path;
 * returns its status, output and all as above. */
int test_project_shell(TestProject *self, const char *script);
/* Runs heapgate, and the test fails, printing the output, where the status is another or a text is not in the
 * output. texts end with NULL. */
void test_project_expect(TestProject *self, int status, const char *words, ...) G_GNUC_NULL_TERMINATED;

/* reports/result.json of the last run; (transfer full). */
Result *test_project_result(const TestProject *self);
/* (transfer none); the test fails where it is not there. */
const ScenarioResult *test_scenario_find(const Result *result, const char *scenario);
const InstrumentResult *test_result_find(const Result *result, const char *scenario, const char *instrument);

#endif
