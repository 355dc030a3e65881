/* Passages: findings as people read them, in plain text. Console, JUnit and step summary share them. */
#ifndef HEAPGATE_REPORT_PASSAGE_H
#define HEAPGATE_REPORT_PASSAGE_H

#include "finding.h"

enum { PASSAGE_LINES = 40 }; /* the most that a passage has */

/* The passage of a finding: for each metric its value, base and limit, with the call sites that made the
 * difference; then notes and advice. (transfer full). */
char *passage_of(const Finding *finding);
/* The stacks of its largest call sites with all frames; (transfer full), or NULL where the passage itself
 * shows all of them. */
char *passage_stacks(const Finding *finding);

#endif
