/* The frames of Python that a thread is running, as they lie in the interpreter's memory. Read in a few loads
 * for each; nothing is called but PyGILState_GetThisThreadState, nothing allocated. */
#ifndef HEAPGATE_TRACER_PYTHON_FRAMES_H
#define HEAPGATE_TRACER_PYTHON_FRAMES_H

#include "guest.h"
#include "python_layout.h"

/* One frame, or the mark that lies in the native frame of the evaluation loop which runs the frames before it
 * (newer ones), up to the mark before that. */
typedef struct {
    uintptr_t code; /* of a frame: its code object; PYTHON_MARK */
    uintptr_t at;   /* of a frame: its instruction; of a mark: its address */
} PythonFrame;
enum { PYTHON_MARK = 0 };
/* In `at`, from 3.11 on: the frame of a generator. */
#define PYTHON_FRAME_GENERATOR (UINT64_C(1) << 63)

typedef struct {
    uint32_t count;
    bool cut; /* there are more, further out */
    uint64_t hash;
    PythonFrame frames[LEDGER_DEEPEST]; /* newest first */
} PythonChain;

/* All of them, as they are: also those that are just being made. thread_state: of this thread. */
GUEST_HIDDEN void python_frames_read(PythonChain *chain, uintptr_t thread_state);
/* Does the frame run code of the source's? If so, offset: of its instruction in its code, in bytes. */
GUEST_HIDDEN bool python_frame_runs(const PythonFrame *frame, uint32_t *offset);

#endif
