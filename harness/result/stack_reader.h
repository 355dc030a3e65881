/* Reads the tables "frames" and "stacks" of result.json (stack_writer.h draws them). They are untrusted:
 * every index is checked; a caller must stand before the stack that names it, so that no stack is endless;
 * and all stacks that are taken may have STACK_READER_MOST_BYTES together, because a small file can name
 * large stacks many times. */
#ifndef HEAPGATE_RESULT_STACK_READER_H
#define HEAPGATE_RESULT_STACK_READER_H

#include "json_walk.h"
#include "model/call_site.h"

#define STACK_READER_MOST_BYTES (G_GINT64_CONSTANT(1) << 30)

typedef struct StackReader StackReader;

/* Reads the tables, members of this object. The JSON tree must outlive the reader. Returns (transfer full),
 * even after an error, which is the walk's. */
StackReader *stack_reader_new(JsonWalk *walk, JsonObject *object);
void stack_reader_free(StackReader *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StackReader, stack_reader_free)

/* The stack that the object's member "stack" names: an array of Frame, innermost first, empty where the
 * member is null or after an error, which is the walk's. Returns (transfer full); the frames' texts are the
 * tree's. */
GArray *stack_reader_take(StackReader *self, JsonWalk *walk, JsonObject *object);

#endif
