/* The tables "frames" and "stacks" of result.json: thousands of call sites share most of their frames, so
 * each frame and each stack is written once.
 *
 *   "frames": [{"function": ..., "file": ..., "object": ..., "line": ...}, ...]   what is unknown is left out
 *   "stacks": [[FRAME, CALLER], [FRAME], ...]   a stack is its innermost frame and the stack it was called
 * from; the caller comes before it, the outermost frame has none
 *
 * A call site names its stack by its place in "stacks". stack_reader.h is the mirror. */
#ifndef HEAPGATE_RESULT_STACK_WRITER_H
#define HEAPGATE_RESULT_STACK_WRITER_H

#include <json-glib/json-glib.h>

#include "model/call_site.h"

typedef struct StackWriter StackWriter;

/* Empty tables; (transfer full), free with stack_writer_free. */
StackWriter *stack_writer_new(void);
void stack_writer_free(StackWriter *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StackWriter, stack_writer_free)

/* The stack's place in "stacks", where it is put if it is new.
 * frames: const Frame *, at least one, innermost first; frames and their texts must stay as they are while
 * the writer lives. */
guint stack_writer_add(StackWriter *self, const GPtrArray *frames);
/* Adds the members "frames" and "stacks" to the object that `out` is in. */
void stack_writer_write(const StackWriter *self, JsonBuilder *out);

#endif
