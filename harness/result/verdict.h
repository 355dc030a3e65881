/* Verdicts, and what they mean to a build. */
#ifndef HEAPGATE_RESULT_VERDICT_H
#define HEAPGATE_RESULT_VERDICT_H

/* In order of how much they matter: the worst of several is the greatest. */
typedef enum {
    VERDICT_PASS,
    VERDICT_IMPROVED,     /* below the baseline by more than the allowance */
    VERDICT_NEW,          /* no baseline */
    VERDICT_INCOMPARABLE, /* the baseline is of another environment */
    VERDICT_BROKEN,       /* not measured */
    VERDICT_REGRESSED,
    VERDICT_COUNT
} Verdict;

/* "pass", "improved", "new", "incomparable", "broken", "regressed". */
const char *verdict_name(Verdict verdict);
/* The verdict of this name, or -1. */
int verdict_find(const char *name);
/* The exit status a run with this verdict as its worst ends with: 0, 1 or 3. */
int verdict_exit_status(Verdict verdict);

#endif
