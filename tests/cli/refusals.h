/* What tests of refusals share: a project that passes, and a run that must not. */
#ifndef HEAPGATE_TESTS_CLI_REFUSALS_H
#define HEAPGATE_TESTS_CLI_REFUSALS_H

#include "project.h"

#define SCENARIO "scenarios/work.yaml"
#define MASSIF   "run: [echo, hi]\ninstruments: [massif]\n"
#define MEMCHECK "run: [echo, hi]\ninstruments: [memcheck]\n"
#define HEALTHY  "\"$@\" && leave 300000 1000"

/* The path of the scenario's baseline, in the project. (transfer none), interned. */
const char *refusal_baseline(void);

/* A project of one scenario, SCENARIO with this text, that passes under the stand-in. (transfer full) */
TestProject *refusal_project(const char *scenario);

/* The first report left behind that reads as a pass; NULL where none does. (transfer none) */
const char *refusal_find_pass(const TestProject *project);

/* heapgate with these words fails with this status, says what is wrong and what to do, and leaves no pass
 * behind. */
void refusal_expect(TestProject *project, int status, const char *words, const char *problem,
                    const char *remedy);

/* The same of a script of the shell. */
void refusal_expect_of_shell(TestProject *project, int status, const char *shell, const char *problem,
                             const char *remedy);

#endif
