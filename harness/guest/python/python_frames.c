#include "python_frames.h"

enum { OWNED_BY_GENERATOR = 1, OWNED_BY_LOOP = 3 /* and more */ };

PythonFrame python_frame_read(uintptr_t frame)
{
    const PythonLayout *layout = &python.layout;
    uintptr_t code = python_object(python_word(frame, layout->code));
    if (layout->first_unit == 0) /* an index of 32 bits */
        return (PythonFrame){code, *(const uint32_t *)(frame + layout->at)};
    uint8_t owner = *(const uint8_t *)(frame + layout->owner);
    if (layout->frames == PYTHON_FRAMES_SHIMS && owner >= OWNED_BY_LOOP)
        return (PythonFrame){PYTHON_MARK, frame};
    return (PythonFrame){code, python_word(frame, layout->at) |
                                   (owner == OWNED_BY_GENERATOR ? PYTHON_FRAME_GENERATOR : 0)};
}

void python_frames_read(PythonChain *chain, uintptr_t thread_state)
{
    chain->count = 0;
    uintptr_t frame = thread_state != 0 ? python_frame_top(thread_state) : 0;
    uintptr_t end = thread_state != 0 ? python_frames_end(thread_state) : 0;
    for (; frame != end && frame != 0 && chain->count < LEDGER_DEEPEST; frame = python_frame_back(frame))
        chain->frames[chain->count++] = python_frame_read(frame);
    chain->cut = frame != end && frame != 0;
}

/* An index of -1 says that the first instruction is still to come. */
static bool index_runs(const PythonFrame *frame, uint32_t *offset)
{
    int32_t index = (int32_t)frame->at;
    *offset = index > 0 ? (uint32_t)index * python.layout.index_unit : 0;
    return true;
}

/* As the interpreter's own _PyFrame_IsIncomplete: a frame that is still being made belongs to its caller. */
bool python_frame_runs(const PythonFrame *frame, uint32_t *offset)
{
    const PythonLayout *layout = &python.layout;
    if (layout->first_unit == 0)
        return index_runs(frame, offset);
    bool generator = frame->at & PYTHON_FRAME_GENERATOR;
    intptr_t at = (intptr_t)((frame->at & ~PYTHON_FRAME_GENERATOR) - frame->code - layout->first_unit);
    int32_t first = *(const int32_t *)(frame->code + layout->first_traceable);
    *offset = at > 0 ? (uint32_t)at : 0;
    return generator || at >= 2 * (intptr_t)first;
}

/* ---- marks ---- */

uintptr_t python_innermost_mark(uintptr_t thread_state)
{
    const PythonLayout *layout = &python.layout;
    return layout->thread_mark != 0 ? python_word(thread_state, layout->thread_mark) : 0;
}

/* Bounded, for a coroutine library may have made the chain. */
uintptr_t python_outermost_mark(uintptr_t thread_state)
{
    enum { MOST = 1 << 16 };
    const PythonLayout *layout = &python.layout;
    if (layout->thread_root == 0)
        return 0;
    uintptr_t root = thread_state + layout->thread_root;
    uintptr_t mark = python_word(thread_state, layout->thread_mark);
    for (unsigned i = 0; i < MOST && mark != root; i++) {
        uintptr_t next = python_word(mark, layout->mark_back);
        if (next == root || next == 0)
            return mark;
        mark = next;
    }
    return 0;
}
