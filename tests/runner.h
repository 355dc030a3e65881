/* The test runner: every test file registers its suites; the runner runs them all or those named. */
#ifndef HEAPGATE_TESTS_RUNNER_H
#define HEAPGATE_TESTS_RUNNER_H

#include <check.h>
#include <glib.h>

typedef void (*SuiteFill)(TCase *tcase);

/* Adds a suite under this name; fill adds the tests to its one case. timeout_s: for each test. */
void runner_register(const char *name, SuiteFill fill, double timeout_s);

/* Says that a test was not run, and why; counted and printed by the runner. */
void runner_skip(const char *test, const char *reason);

/* Defines and registers a suite: SUITE(massif, 10) { tcase_add_test(tcase, test_...); } */
#define SUITE(name, timeout_s)                                                                               \
    static void name##_fill(TCase *tcase);                                                                   \
    __attribute__((constructor)) static void name##_register(void)                                           \
    {                                                                                                        \
        runner_register(#name, name##_fill, timeout_s);                                                      \
    }                                                                                                        \
    static void name##_fill(TCase *tcase)

/* The checkout's root, and paths below it and below build/; set by the runner. (transfer none), interned. */
const char *runner_root(void);
const char *runner_path(const char *relative);

/* A fresh folder, removed with all it holds by runner_remove. (transfer full). */
char *runner_temporary(void);
void runner_remove(const char *folder);

#endif
