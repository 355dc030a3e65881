/* Reads the tables "frames" and "stacks" of result.json (stack_writer.h says what they are). Hostile: every
 * place is checked, a caller comes before what it called (so no stack is endless), and the stacks taken out
 * must fit into STACK_READER_MOST_BYTES together: a small file can name large stacks again and again. */
#ifndef HEAPGATE_RESULT_STACK_READER_H
#define HEAPGATE_RESULT_STACK_READER_H

#include "json_walk.h"
#include "model/call_site.h"

#define STACK_READER_MOST_BYTES (G_GINT64_CONSTANT(1) << 30)

typedef struct StackReader StackReader;

/* The tables of this object, whose tree must outlive the reader; (transfer full), free with
 * stack_reader_free. Errors are the walk's. */
StackReader *stack_reader_new(JsonWalk *walk, JsonObject *object);
void stack_reader_free(StackReader *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StackReader, stack_reader_free)

/* The stack that the object's member "stack" names: Frame, innermost first, empty where it is null; (transfer
 * full), the texts are the tree's. Errors are the walk's. */
GArray *stack_reader_take(StackReader *self, JsonWalk *walk, JsonObject *object);

#endif
