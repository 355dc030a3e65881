/* Where CPython keeps what is read of its frames, by version: offsets in bytes into its structures. 3.9 to
 * 3.12 from their headers, 3.13 to 3.15 from what the interpreter publishes about itself (_Py_DebugOffsets).
 */
#ifndef HEAPGATE_GUEST_PYTHON_PYTHON_LAYOUT_H
#define HEAPGATE_GUEST_PYTHON_PYTHON_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

/* How one knows the native frame of the evaluation loop that runs a frame of Python. */
typedef enum {
    PYTHON_FRAMES_OBJECTS, /* 3.9: by its function alone; a loop for each frame */
    PYTHON_FRAMES_CFRAMES, /* 3.10, 3.11: a mark lies in it ("CFrame"), and the thread names the newest */
    PYTHON_FRAMES_SHIMS,   /* from 3.12 on: the mark is itself a frame of the chain, owned by the loop */
} PythonFrames;

typedef struct {
    PythonFrames frames;
    bool top_in_mark;     /* 3.11, 3.12: the newest mark names the newest frame */
    uint16_t thread_top;  /* thread state or mark: newest frame */
    uint16_t thread_base; /* 3.15: names the frame that ends all chains and is in no loop; 0: NULL does */
    uint16_t thread_mark; /* 3.10 to 3.12: newest mark */
    uint16_t thread_root; /* 3.10, 3.11: the outermost mark, which is in no loop */
    uint16_t mark_back;   /* mark: the mark before it */
    uint16_t back, code, at, owner; /* frame: caller, code, instruction, owner */
    uint16_t locals;                /* frame: its local variables, the arguments first */
    uint16_t first_unit;            /* code: its instructions; 0: apart, and "at" is an index of them */
    uint16_t index_unit;            /* bytes that "at" counts, where it is an index */
    uint16_t first_traceable;       /* code: index of the first instruction that is the source's */
    uint16_t first_line, file, name, line_table;
    uint16_t ascii_text, compact_text; /* str: the text, in ASCII or not */
} PythonLayout;

/* version: as PY_VERSION_HEX; runtime: _PyRuntime. False: frames of this version are not known. */
bool python_layout_find(uint32_t version, const void *runtime, PythonLayout *layout);

#endif
