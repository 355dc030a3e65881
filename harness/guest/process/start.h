/* One program that is about to be started: its entry in the roll, and its environment with what the tracer
 * needs in it.
 *
 * A vfork's child may call all of it, from a thread of the smallest stack: what is large lies in memory of
 * the tracer's own. */
#ifndef HEAPGATE_GUEST_PROCESS_START_H
#define HEAPGATE_GUEST_PROCESS_START_H

#include "entry.h"
#include "program_limits.h"

typedef char *const *Strings;

enum { START_SMALL = 96 }; /* pointers that may lie on the host's stack */
typedef struct {
    uint32_t entry;
    void *scratch; /* NULL: small was enough */
    char parent[sizeof ROLL_PARENT_VARIABLE + ROLL_PARENT_SIZE];
    char limits[sizeof LIMITS_VARIABLE + LIMITS_TEXT_SIZE];
    char *small[START_SMALL];
} Start;

/* Once, when the program begins and its family is open. */
GUEST_HIDDEN void start_open(void);

/* entry: of the roll, 0: none. Returns the environment to start it with, which lasts until start_succeeded or
 * start_failed; the given one where there is nothing to add. errno may change. */
GUEST_HIDDEN Strings start_begin(Start *self, uint32_t entry, Strings environment);
/* It runs, as process pid. */
GUEST_HIDDEN void start_succeeded(Start *self, pid_t pid);
/* It does not, and will not. */
GUEST_HIDDEN void start_failed(Start *self);

#endif
