/* The native run: what was called natively from the innermost frame of Python down to an allocation.
 * native_trail.h says which frames are kept. Runs that come again are remembered whole, with the words that
 * they relied on.
 */
#ifndef HEAPGATE_GUEST_PYTHON_PYTHON_RUN_H
#define HEAPGATE_GUEST_PYTHON_PYTHON_RUN_H

#include "native_trail.h"

typedef struct PythonRuns PythonRuns;

typedef struct {
    NativeWalk walk;
    uint32_t *memo; /* two words that are kept with the run, 0 at first; NULL: it is not kept */
} PythonRun;

GUEST_HIDDEN PythonRuns *python_runs_new(void); /* NULL: no memory */
GUEST_HIDDEN void python_runs_free(PythonRuns *self);
GUEST_HIDDEN void python_runs_clear(PythonRuns *self);
/* As native_trail_walk. */
GUEST_HIDDEN bool python_run_find(PythonRuns *self, const UnwindStart *start, uintptr_t mark, PythonRun *run);
/* As native_trail_nodes; 0 for a run that is kept. */
GUEST_HIDDEN uint32_t python_run_nodes(PythonRuns *self, const PythonRun *run, uint32_t root);

#endif
