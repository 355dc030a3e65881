/* A finding as a person reads it. */
#ifndef HEAPGATE_REPORT_PASSAGE_H
#define HEAPGATE_REPORT_PASSAGE_H

#include "finding.h"

enum { PASSAGE_LINES = 40 }; /* of a passage, at most */

/* Metric, base, now, allowance, the call sites that made the difference with file:line, what to do; plain
 * text. The console, JUnit and the summary share it. (transfer full). */
char *passage_of(const Finding *finding);
/* The stacks of its largest call sites, every frame of them. (transfer full), or NULL where the passage
 * leaves no frame out. */
char *passage_stacks(const Finding *finding);

#endif
