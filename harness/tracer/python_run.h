/* The native run: what was called natively from the innermost frame of Python down to an allocation. What of
 * it is kept says native_trail.h. Runs that come again are remembered whole, with the words that they relied
 * on.
 */
#ifndef HEAPGATE_TRACER_PYTHON_RUN_H
#define HEAPGATE_TRACER_PYTHON_RUN_H

#include "guest.h"

typedef struct PythonRuns PythonRuns;

typedef struct {
    const uintptr_t *kept; /* addresses, outermost first; valid until the next call */
    uint32_t frames;
    uintptr_t interface; /* of the interpreter's interface, further in than all of them; 0: none */
    uint32_t *memo;      /* two words that are kept with the run, 0 at first */
} PythonRun;

GUEST_HIDDEN PythonRuns *python_runs_new(void); /* NULL: no memory */
GUEST_HIDDEN void python_runs_free(PythonRuns *self);
GUEST_HIDDEN void python_runs_clear(PythonRuns *self);
/* As native_trail_walk. */
GUEST_HIDDEN bool python_run_find(PythonRuns *self, const UnwindStart *start, uintptr_t mark, PythonRun *run);

#endif
