/* Whose code a frame is of. It is decided once, by the source file and the module that were read: when a
 * table of call sites takes the frame, or earlier by a reader that needs it. From then on Frame.kind has it.
 */
#ifndef HEAPGATE_MODEL_FRAME_KIND_H
#define HEAPGATE_MODEL_FRAME_KIND_H

#include "call_site.h"

/* The kind of a frame, from its texts alone; frame->kind is not read. */
FrameKind frame_kind_of(const Frame *frame);

/* A frame of Python, whoever wrote it. */
static inline gboolean frame_kind_is_python(FrameKind kind)
{
    return kind == FRAME_PYTHON || kind == FRAME_OWN_PYTHON;
}

/* Code of the program itself, in any language. */
static inline gboolean frame_kind_is_own(FrameKind kind)
{
    return kind == FRAME_OWN || kind == FRAME_OWN_PYTHON;
}

#endif
