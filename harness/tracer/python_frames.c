#include "python_frames.h"

#include "python.h"

enum { OWNED_BY_GENERATOR = 1, OWNED_BY_NATIVE_STACK = 3 };

static inline uintptr_t word_at(uintptr_t object, uint16_t offset)
{
    return *(const uintptr_t *)(object + offset);
}

static inline bool push(PythonChain *chain, uintptr_t code, uintptr_t at)
{
    if (UNLIKELY(chain->count == LEDGER_DEEPEST)) {
        chain->cut = true;
        return false;
    }
    chain->frames[chain->count++] = (PythonFrame){code, at};
    chain->hash = (chain->hash ^ (code + at)) * UINT64_C(0x9e3779b97f4a7c15);
    return true;
}

/* 3.9. */
static void read_objects(PythonChain *chain, uintptr_t thread, const PythonLayout *layout)
{
    for (uintptr_t frame = word_at(thread, layout->thread_top); frame != 0;
         frame = word_at(frame, layout->back)) {
        uint32_t at = *(const uint32_t *)(frame + layout->at);
        if (!push(chain, word_at(frame, layout->code), at))
            return;
    }
}

/* 3.10. What is before the outermost mark is not defined there. */
static void read_marked_objects(PythonChain *chain, uintptr_t thread, const PythonLayout *layout)
{
    uintptr_t mark = word_at(thread, layout->thread_mark), root = thread + layout->thread_root;
    uintptr_t frame = word_at(thread, layout->thread_top);
    while (frame != 0 || mark != root) {
        if (frame != 0) {
            if (!push(chain, word_at(frame, layout->code), *(const uint32_t *)(frame + layout->at)))
                return;
            frame = word_at(frame, layout->back);
        }
        if (mark == root)
            continue;
        if (!push(chain, PYTHON_MARK, mark))
            return;
        mark = word_at(mark, layout->mark_back);
    }
}

static inline bool push_frame(PythonChain *chain, uintptr_t frame, uint8_t owner, const PythonLayout *layout)
{
    uintptr_t generator = owner == OWNED_BY_GENERATOR ? PYTHON_FRAME_GENERATOR : 0;
    return push(chain, word_at(frame, layout->code), word_at(frame, layout->at) | generator);
}

static inline uint8_t owner_of(uintptr_t frame, const PythonLayout *layout)
{
    return *(const uint8_t *)(frame + layout->owner);
}

/* 3.11: a loop's frames end where those of the loop around it begin. */
static void read_entries(PythonChain *chain, uintptr_t thread, const PythonLayout *layout)
{
    uintptr_t mark = word_at(thread, layout->thread_mark), root = thread + layout->thread_root;
    while (mark != root) {
        uintptr_t mark_back = word_at(mark, layout->mark_back);
        uintptr_t end = word_at(mark_back, layout->mark_top);
        for (uintptr_t frame = word_at(mark, layout->mark_top); frame != 0 && frame != end;
             frame = word_at(frame, layout->back))
            if (!push_frame(chain, frame, owner_of(frame, layout), layout))
                return;
        if (!push(chain, PYTHON_MARK, mark))
            return;
        mark = mark_back;
    }
}

/* 3.12 and 3.13. */
static void read_shims(PythonChain *chain, uintptr_t thread, const PythonLayout *layout)
{
    uintptr_t frame = layout->thread_mark != 0
                          ? word_at(word_at(thread, layout->thread_mark), layout->mark_top)
                          : word_at(thread, layout->thread_top);
    for (; frame != 0; frame = word_at(frame, layout->back)) {
        uint8_t owner = owner_of(frame, layout);
        bool pushed = owner == OWNED_BY_NATIVE_STACK ? push(chain, PYTHON_MARK, frame)
                                                     : push_frame(chain, frame, owner, layout);
        if (!pushed)
            return;
    }
}

void python_frames_read(PythonChain *chain, uintptr_t thread_state)
{
    const PythonLayout *layout = &python.layout;
    chain->count = 0;
    chain->cut = false;
    chain->hash = 0;
    if (thread_state == 0)
        return;
    switch (layout->frames) {
    case PYTHON_FRAMES_OBJECTS:
        read_objects(chain, thread_state, layout);
        break;
    case PYTHON_FRAMES_CFRAMES:
        read_marked_objects(chain, thread_state, layout);
        break;
    case PYTHON_FRAMES_ENTRIES:
        read_entries(chain, thread_state, layout);
        break;
    case PYTHON_FRAMES_SHIMS:
        read_shims(chain, thread_state, layout);
        break;
    }
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
