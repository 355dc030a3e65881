/* Stacks with Python in them, as people read them: the frames of Python, within them the native ones that
 * lead from the innermost to the allocation (python_run.h), around them those outside of the outermost loop
 * (python_outside.h). The machinery that imports modules is one frame (python_trail.h). */
#ifndef HEAPGATE_GUEST_PYTHON_PYTHON_STACK_H
#define HEAPGATE_GUEST_PYTHON_PYTHON_STACK_H

#include "guest.h"

typedef struct PythonDesk PythonDesk;

/* What a thread remembers, in mappings of its own; NULL: no memory. */
GUEST_HIDDEN PythonDesk *python_desk_new(void);
GUEST_HIDDEN void python_desk_free(PythonDesk *self);
/* Forgets all. */
GUEST_HIDDEN void python_desk_clear(PythonDesk *self);

/* The call site of a stack that begins here; 0: no Python runs on it, or its frames cannot be read, which is
 * counted. */
GUEST_HIDDEN uint32_t python_stack_site(LedgerHeader *header, const UnwindStart *start, PythonDesk *desk);

#endif
