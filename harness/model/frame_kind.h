/* Whose code a frame is of. It is decided once, by what was read (where the source lies, in which module),
 * when a table of call sites takes the frame or a reader has need of it before; from then on Frame.kind says
 * it. */
#ifndef HEAPGATE_MODEL_FRAME_KIND_H
#define HEAPGATE_MODEL_FRAME_KIND_H

#include "call_site.h"

/* The kind of a frame by its texts; frame->kind is not looked at. */
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
