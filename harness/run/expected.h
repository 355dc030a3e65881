/* Programs that traced processes said they would become or start, until each has said hello itself. What is
 * left in the end was not seen: static and set-uid programs load no tracer that could say so.
 *
 * Processes are known by their own word, since a spawned child is: that of their own namespace. */
#ifndef HEAPGATE_RUN_EXPECTED_H
#define HEAPGATE_RUN_EXPECTED_H

#include <glib.h>

typedef struct Expected Expected;

Expected *expected_new(void);
void expected_free(Expected *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Expected, expected_free)

/* The process is about to become this program. program: a descriptor of its file, O_PATH will do; it stays
 * the caller's. Takes the place of what was expected of the process before: that exec failed. */
void expected_exec(Expected *self, guint pid, int program);
/* The process was started as this program. Its own hello may have come before. */
void expected_spawn(Expected *self, guint pid, int program);
/* The exec failed. */
void expected_stays(Expected *self, guint pid);
/* The process said hello, not as a fork of what it was but as a program. */
void expected_greeted(Expected *self, guint pid);

/* Once all processes are gone, (transfer none): UnseenProgram, each file once. */
const GPtrArray *expected_missing(Expected *self);

#endif
