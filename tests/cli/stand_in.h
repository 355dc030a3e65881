/* A stand-in for Valgrind: quick, and it does on request what the real one does on a bad day only. */
#ifndef HEAPGATE_TESTS_CLI_STAND_IN_H
#define HEAPGATE_TESTS_CLI_STAND_IN_H

#include "project.h"

/* Puts the stand-in first in PATH. behaviour: shell text run in place of Valgrind, "$@" being the program
 * with its arguments. It finds the files of massif in $out and $left, that of memcheck in $xml, and these
 * functions: leave PEAK RETAINED [FUNCTION]   writes massif's files (memcheck's, with RETAINED lost) */
void stand_in_install(TestProject *project, const char *behaviour);
/* The same, forwarding to the real Valgrind what `filter`, a sed script on one argument a line, leaves. */
void stand_in_filter(TestProject *project, const char *filter);

#endif
