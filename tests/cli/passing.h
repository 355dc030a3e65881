/* A project whose scenarios pass under the stand-in, and what tests do with it. */
#ifndef HEAPGATE_TESTS_CLI_PASSING_H
#define HEAPGATE_TESTS_CLI_PASSING_H

#include "project.h"

#define MASSIF  "run: [echo, hi]\ninstruments: [massif]\n"
#define BOTH    "run: [echo, hi]\ninstruments: [massif, memcheck]\n"
#define HEALTHY "\"$@\" && leave 300000 1000"

/* Scenarios of this text and these names, which end with NULL, with their baselines. (transfer full) */
TestProject *passing_project(const char *scenario, const char *const *names);
#define PASSING(scenario, ...) passing_project(scenario, (const char *const[]){__VA_ARGS__, NULL})

/* The path of a scenario's baseline, in the project. (transfer none), interned. */
const char *passing_baseline(const char *scenario);

/* Replaces a text in a file of the project; the test fails if it is not there. */
void test_project_replace(TestProject *project, const char *path, const char *from, const char *to);

/* Runs a script of the shell; the test fails unless it ends with this status and prints this text. */
void test_project_expect_shell(TestProject *project, int status, const char *script, const char *text);

#endif
