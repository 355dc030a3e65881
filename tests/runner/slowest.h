/* The slowest tests, with their seconds. */
#ifndef HEAPGATE_TESTS_RUNNER_SLOWEST_H
#define HEAPGATE_TESTS_RUNNER_SLOWEST_H

#include <glib.h>

enum { SLOWEST = 10 };

typedef struct {
    char name[120]; /* as "suite: test", of a loop's test with its number */
    double seconds; /* of the test itself, without its fixtures */
} TestTime;

/* The slowest first; a row of no seconds is empty. Zeroed, it is an empty list. */
typedef struct {
    TestTime tests[SLOWEST];
} Slowest;

/* Takes a test in, if it is one of the slowest. Forgets the fastest for it. */
void slowest_add(Slowest *self, const TestTime *test);

/* Takes in all tests of a log in check's XML, which it closes. */
void slowest_read(Slowest *self, const char *suite, int log);

#endif
