/* Verdicts, and the exit statuses that builds see. */
#ifndef HEAPGATE_RESULT_VERDICT_H
#define HEAPGATE_RESULT_VERDICT_H

/* From best to worst: the verdict of several is the greatest. */
typedef enum {
    VERDICT_PASS,
    VERDICT_IMPROVED,     /* below the baseline by more than the allowance */
    VERDICT_NEW,          /* there is no baseline */
    VERDICT_INCOMPARABLE, /* the baseline is of another environment */
    VERDICT_BROKEN,       /* something could not be measured */
    VERDICT_REGRESSED,    /* above its limit */
    VERDICT_COUNT
} Verdict;

/* "pass", "improved", "new", "incomparable", "broken", "regressed". */
const char *verdict_name(Verdict verdict);
/* The verdict of this name, or -1. */
int verdict_find(const char *name);
/* The exit status of a run whose verdict this is: 0, 1 or 3. */
int verdict_exit_status(Verdict verdict);

#endif
