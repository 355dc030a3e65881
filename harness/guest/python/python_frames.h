/* The frames of Python that a thread is running, as they lie in the interpreter's memory. Read in a few loads
 * for each; nothing is called, nothing allocated.
 *
 * In all versions a frame names the one before it ("previous", f_back). From 3.12 on marks are among them,
 * each in the native frame of the evaluation loop that runs the frames before it (newer ones). */
#ifndef HEAPGATE_GUEST_PYTHON_PYTHON_FRAMES_H
#define HEAPGATE_GUEST_PYTHON_PYTHON_FRAMES_H

#include "guest.h"
#include "python.h"

/* One frame or mark. */
typedef struct {
    uintptr_t code; /* of a frame: its code object; PYTHON_MARK */
    uintptr_t at;   /* of a frame: its instruction; of a mark: its address */
} PythonFrame;
enum { PYTHON_MARK = 0 };
/* In `at`, from 3.11 on: the frame of a generator. */
#define PYTHON_FRAME_GENERATOR (UINT64_C(1) << 63)

typedef struct {
    uint32_t count;
    bool cut;                           /* there are more, further out */
    PythonFrame frames[LEDGER_DEEPEST]; /* newest first */
} PythonChain;

static inline uintptr_t python_word(uintptr_t object, uint16_t offset)
{
    return *(const uintptr_t *)(object + offset);
}

/* The newest frame of this thread state; 0: it runs none. */
static inline uintptr_t python_frame_top(uintptr_t thread_state)
{
    const PythonLayout *layout = &python.layout;
    uintptr_t holder = layout->top_in_mark ? python_word(thread_state, layout->thread_mark) : thread_state;
    return python_word(holder, layout->thread_top);
}

/* What the outermost frame of this thread state names as the one before it. */
static inline uintptr_t python_frames_end(uintptr_t thread_state)
{
    const uint16_t base = python.layout.thread_base;
    return base != 0 ? python_word(thread_state, base) : 0;
}

/* From 3.14 on a frame says in the low bits of a reference to an object how it holds it; in all versions they
 * are no part of an object's address. */
static inline uintptr_t python_object(uintptr_t reference)
{
    return reference & ~(uintptr_t)3;
}

static inline uintptr_t python_frame_back(uintptr_t frame)
{
    return python_word(frame, python.layout.back);
}

GUEST_HIDDEN PythonFrame python_frame_read(uintptr_t frame);
/* All of them, as they are: also those that are just being made. thread_state: of this thread. */
GUEST_HIDDEN void python_frames_read(PythonChain *chain, uintptr_t thread_state);
/* Does the frame run code of the source's? If so, offset: of its instruction in its code, in bytes. */
GUEST_HIDDEN bool python_frame_runs(const PythonFrame *frame, uint32_t *offset);

/* Where the native frame of the innermost loop is, and of the outermost: an address in it. 0: this version
 * does not say so apart from its frames. */
GUEST_HIDDEN uintptr_t python_innermost_mark(uintptr_t thread_state);
GUEST_HIDDEN uintptr_t python_outermost_mark(uintptr_t thread_state);

#endif
