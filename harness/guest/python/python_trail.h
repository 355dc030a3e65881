/* The trail: the frames of Python that a thread was in at its last event, outermost first, each with its node
 * in the stack tree. At the next event most of them are unchanged; only those that are not need a node.
 *
 * A frame is unchanged if it lies where it lay, names the same frame before it and the same instruction, and
 * all that is true of every frame further out: frames are used again at the same address, so that an
 * unchanged one proves nothing of its callers. Inside an import it is enough that the code is the same: it is
 * one frame whatever the instruction. What an instruction belongs to is certain until a code object
 * is freed; then the trail is left. */
#ifndef HEAPGATE_GUEST_PYTHON_PYTHON_TRAIL_H
#define HEAPGATE_GUEST_PYTHON_PYTHON_TRAIL_H

#include "guest.h"

/* Deeper recursion is cut between the outermost so many frames and the innermost one. */
enum { PYTHON_TRAIL_DEEPEST = 4096 };

typedef struct PythonTrail PythonTrail;

/* Where the frames of this thread end. */
typedef struct {
    uint32_t node;  /* of the innermost frame; 0: none has a node */
    uintptr_t mark; /* an address in the native frame of the loop that runs it; 0: not known from frames */
    bool imports;   /* the innermost frame is of the machinery that imports modules */
} PythonTrailEnd;

GUEST_HIDDEN PythonTrail *python_trail_new(void); /* NULL: no memory */
GUEST_HIDDEN void python_trail_free(PythonTrail *self);
GUEST_HIDDEN void python_trail_clear(PythonTrail *self);
/* Follows the frames from `top` outwards. thread_state: of this thread; start: of the native stack that they
 * run on, for what lies outside of the outermost loop. */
GUEST_HIDDEN PythonTrailEnd python_trail_follow(PythonTrail *self, LedgerHeader *header,
                                                uintptr_t thread_state, uintptr_t top,
                                                const UnwindStart *start);

#endif
