#include "slowest.h"

#include <stdio.h>
#include <string.h>

void slowest_add(Slowest *self, const TestTime *test)
{
    int place = SLOWEST;
    while (place > 0 && self->tests[place - 1].seconds < test->seconds)
        place--;
    if (place == SLOWEST)
        return;
    memmove(&self->tests[place + 1], &self->tests[place], (SLOWEST - 1 - place) * sizeof self->tests[0]);
    self->tests[place] = *test;
}

/* Check writes each element on a line of its own: of a test its name, its number in a loop, its seconds, in
 * this order; at the end the seconds of all. A test that failed has less than none. */
void slowest_read(Slowest *self, const char *suite, int log)
{
    FILE *stream = fdopen(log, "r");
    g_assert_nonnull(stream);
    char line[4096], name[96] = "";
    int number = 0;
    while (fgets(line, sizeof line, stream) != NULL) {
        TestTime test;
        sscanf(line, " <id>%95[^<]", name);
        sscanf(line, " <iteration>%d", &number);
        if (name[0] == '\0' || sscanf(line, " <duration>%lf", &test.seconds) != 1)
            continue;
        g_snprintf(test.name, sizeof test.name, number > 0 ? "%s: %s, %d" : "%s: %s", suite, name, number);
        slowest_add(self, &test);
        name[0] = '\0';
    }
    fclose(stream);
}
