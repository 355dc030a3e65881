/* Writes the tables "frames" and "stacks" of result.json. Thousands of call sites share most of their frames,
 * so each frame and each stack is written once:
 *
 *   "frames": [{"function": ..., "file": ..., "object": ..., "line": ...}, ...]
 *   "stacks": [[FRAME], [FRAME, CALLER], ...]
 *
 * Members of a frame that are not known are left out. A stack is the index of its innermost frame, and the
 * index of the stack that called it, which stands before it; an outermost frame has no CALLER. A call site
 * names its stack by the index in "stacks". stack_reader.h reads the tables. */
#ifndef HEAPGATE_RESULT_STACK_WRITER_H
#define HEAPGATE_RESULT_STACK_WRITER_H

#include <json-glib/json-glib.h>

#include "model/call_site.h"

typedef struct StackWriter StackWriter;

/* Empty tables; (transfer full), free with stack_writer_free. */
StackWriter *stack_writer_new(void);
void stack_writer_free(StackWriter *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StackWriter, stack_writer_free)

/* The index of a stack in "stacks", to which a new one is added. frames: of const Frame *, at least one,
 * innermost first; the frames and their texts must not change as long as the writer lives. */
guint stack_writer_add(StackWriter *self, const GPtrArray *frames);
/* Adds the members "frames" and "stacks" to the object that is being built. */
void stack_writer_write(const StackWriter *self, JsonBuilder *out);

#endif
