#include "verdict.h"

#include <string.h>

typedef struct {
    const char *name;
    int exit_status;
} VerdictRow;

static const VerdictRow rows[VERDICT_COUNT] = {
    [VERDICT_PASS] = {"pass", 0},     [VERDICT_IMPROVED] = {"improved", 0},
    [VERDICT_NEW] = {"new", 3},       [VERDICT_INCOMPARABLE] = {"incomparable", 3},
    [VERDICT_BROKEN] = {"broken", 3}, [VERDICT_REGRESSED] = {"regressed", 1},
};

const char *verdict_name(Verdict verdict)
{
    return rows[verdict].name;
}

int verdict_find(const char *name)
{
    for (int verdict = 0; verdict < VERDICT_COUNT; verdict++)
        if (strcmp(rows[verdict].name, name) == 0)
            return verdict;
    return -1;
}

int verdict_exit_status(Verdict verdict)
{
    return rows[verdict].exit_status;
}
