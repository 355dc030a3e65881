/* The native trail: the native frames between an allocation and the evaluation loop, as they were at the
 * thread's last event, with the words that the steps out of them relied on. A walk that comes to a frame of
 * the trail takes the rest from there, if its words are unchanged: exact, as in stack_cache.h, and cheap
 * where a deep recursion goes up and down (a parser).
 *
 * Of the frames are kept those outside of the interpreter (an extension's, a library's) and, where nothing
 * else is further in, the innermost of the interpreter's interface: PyUnicode_New. */
#ifndef HEAPGATE_GUEST_PYTHON_NATIVE_TRAIL_H
#define HEAPGATE_GUEST_PYTHON_NATIVE_TRAIL_H

#include "unwind/frame_step.h"
#include "guest.h"

/* Deeper stacks are not followed. */
enum { NATIVE_TRAIL_DEEPEST = 8192 };

typedef struct NativeTrail NativeTrail;

/* What a walk came to; pointers are valid until the next one. */
typedef struct {
    const uintptr_t *kept; /* addresses as frame_address, outermost first */
    uint32_t frames;
    uintptr_t interface;     /* of the interpreter's interface, further in than all of them; 0: none */
    const UnwindWord *words; /* that it relied on */
    uint32_t n_words;
    bool fp_used;    /* the start's frame pointer mattered */
    uint32_t *nodes; /* of each, filled in by the caller; native_trail_nodes says how many are known */
} NativeWalk;

GUEST_HIDDEN NativeTrail *native_trail_new(void); /* NULL: no memory */
GUEST_HIDDEN void native_trail_free(NativeTrail *self);
GUEST_HIDDEN void native_trail_clear(NativeTrail *self);
/* Walks to the frame that holds the address `mark` or, where mark is 0, whose function is the loop. False:
 * there is none on this stack, or it lies too deep, or a signal came in the middle of the interpreter, whose
 * frames may be half made. */
GUEST_HIDDEN bool native_trail_walk(NativeTrail *self, const UnwindStart *start, uintptr_t mark,
                                    NativeWalk *walk);
/* How many of the walk's frames, outermost first, have nodes from a walk before, at the same root. The rest
 * must be filled in. */
GUEST_HIDDEN uint32_t native_trail_nodes(NativeTrail *self, const NativeWalk *walk, uint32_t root);

#endif
