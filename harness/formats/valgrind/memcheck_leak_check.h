/* Which leak check a leak belongs to. Client requests check in the middle of a run, each check writing its
 * loss records anew with figures since the start; only the last check's may be added up.
 *
 * Valgrind numbers every error, shown or not: within one check, <unique> less the number of the loss record
 * is the same, and no two checks have it in common (seen in 3.19: coregrind's unique counter moves for each
 * loss record of a check, also of those that are not printed). Without the two numbers, a loss record that
 * does not count up, another total of loss records, a client message or FINISHED ends a check. */
#ifndef HEAPGATE_FORMATS_VALGRIND_MEMCHECK_LEAK_CHECK_H
#define HEAPGATE_FORMATS_VALGRIND_MEMCHECK_LEAK_CHECK_H

#include <glib.h>

typedef struct {
    gboolean begun;       /* a check began with FINISHED and has shown no leak yet */
    gboolean any;         /* a leak was seen since the last boundary */
    gboolean at_exit;     /* --leak-check=full: FINISHED begins a check, also one that finds nothing */
    gboolean interrupted; /* a client message since the last leak */
    gboolean has_base;
    guint64 base; /* unique less record */
    gint64 record, records;
} LeakChecks;

/* An option Valgrind was given. */
void leak_checks_option(LeakChecks *self, const char *option);
/* <state>FINISHED: TRUE where a new check begins with it for certain. */
gboolean leak_checks_finished(LeakChecks *self);
/* <clientmsg> */
void leak_checks_message(LeakChecks *self);
/* A leak: TRUE where it is the first of a check. what: (nullable) its text, "... in loss record 2 of 9". */
gboolean leak_checks_is_new(LeakChecks *self, const char *what, gboolean has_unique, guint64 unique);

/* A number as memcheck writes it, "64146" or "64,146"; FALSE where it is none or does not fit. */
gboolean leak_check_parse_number(const char *text, gint64 *value);

#endif
