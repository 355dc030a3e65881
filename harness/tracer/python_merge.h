/* Stacks with Python in them: each native frame of the interpreter's evaluation loop gives way to the frames
 * of Python that this loop runs; all others stay.
 *
 * The native part is found as ever (stack_cache.h), by its node; the Python part is read each time. A table
 * of each thread's own leads from both, compared whole, to the call site. */
#ifndef HEAPGATE_TRACER_PYTHON_MERGE_H
#define HEAPGATE_TRACER_PYTHON_MERGE_H

#include "guest.h"

typedef struct PythonDesk PythonDesk;

/* A table in a mapping of its own; NULL: no memory. */
GUEST_HIDDEN PythonDesk *python_desk_new(void);
GUEST_HIDDEN void python_desk_free(PythonDesk *self);
/* Forgets all. */
GUEST_HIDDEN void python_desk_clear(PythonDesk *self);

/* The identity of the native stack that ends in this node; not 0 unless node is. */
GUEST_HIDDEN uint32_t python_stack(LedgerHeader *header, uint32_t node);
/* The call site of a stack: native is its identity. desk: of this thread, NULL where it must not be used;
 * then the stack stays native. Never 0. */
GUEST_HIDDEN uint32_t python_site(LedgerHeader *header, const UnwindStart *start, uint32_t native,
                                  PythonDesk *desk);

#endif
