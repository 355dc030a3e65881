/* The test runner: every test file registers its suites; the runner runs them all or those named. */
#ifndef HEAPGATE_TESTS_RUNNER_H
#define HEAPGATE_TESTS_RUNNER_H

#include <check.h>
#include <glib.h>

typedef void (*SuiteFill)(TCase *tcase);

/* Adds a suite under this name; fill adds the tests to its one case. timeout_s: for each test, in seconds.
 * alone: no other suite runs at the same time. */
void runner_register(const char *name, SuiteFill fill, double timeout_s, gboolean alone);

/* Says that a test, or a part of it, was not run, and why; counted and printed by the runner. */
void runner_skip(const char *test, const char *reason);

/* Defines and registers a suite: SUITE(massif, 10) { tcase_add_test(tcase, test_...); }
 * Suites run side by side, each in a process of its own. */
#define SUITE(name, timeout_s) SUITE_REGISTERED(name, timeout_s, FALSE)

/* The same for a suite that shares the machine with no other: its tests depend on time, use a resource of
 * which there is one, or count what all processes do. A comment at the suite says which. */
#define SUITE_ALONE(name, timeout_s) SUITE_REGISTERED(name, timeout_s, TRUE)

#define SUITE_REGISTERED(name, timeout_s, alone)                                                             \
    static void name##_fill(TCase *tcase);                                                                   \
    __attribute__((constructor)) static void name##_register(void)                                           \
    {                                                                                                        \
        runner_register(#name, name##_fill, timeout_s, alone);                                               \
    }                                                                                                        \
    static void name##_fill(TCase *tcase)

/* The checkout's root, and paths below it and below build/; set by the runner. (transfer none), interned. */
const char *runner_root(void);
const char *runner_path(const char *relative);

/* A fresh folder, removed with all it holds by runner_remove. (transfer full). */
char *runner_temporary(void);
void runner_remove(const char *folder);

#endif
