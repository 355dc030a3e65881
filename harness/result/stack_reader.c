#include "stack_reader.h"

#include <string.h>

#include "model/frame_kind.h"

enum { NO_CALLER = -1 };

typedef struct {
    Frame frame;
    gint64 size_bytes; /* of the frame and its texts */
} SizedFrame;

typedef struct {
    guint frame;       /* index into frames */
    gint64 caller;     /* index into stacks, or NO_CALLER */
    gint64 size_bytes; /* of all its frames; at most STACK_READER_MOST_BYTES + 1 */
} Stack;

struct StackReader {
    GArray *frames;    /* SizedFrame */
    GArray *stacks;    /* Stack */
    gint64 left_bytes; /* what may still be taken; negative after too much was */
};

static const char *read_text(JsonWalk *walk, JsonObject *object, const char *member)
{
    return json_object_has_member(object, member) ? json_walk_string(walk, object, member) : NULL;
}

static gint64 frame_size(const Frame *frame)
{
    const char *const texts[] = {frame->function, frame->file, frame->object};
    gsize size = sizeof *frame;
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        size += texts[i] != NULL ? strlen(texts[i]) : 0;
    return (gint64)size;
}

static void read_frame(JsonWalk *walk, JsonNode *node, gpointer target)
{
    StackReader *self = target;
    JsonObject *object = json_walk_as_object(walk, node);
    if (object == NULL)
        return;
    Frame frame = {
        .function = read_text(walk, object, "function"),
        .file = read_text(walk, object, "file"),
        .object = read_text(walk, object, "object"),
    };
    if (json_object_has_member(object, "line"))
        frame.line = (guint)json_walk_int(walk, object, "line", 0, G_MAXUINT);
    frame.kind = frame_kind_of(&frame);
    SizedFrame sized = {frame, frame_size(&frame)};
    g_array_append_val(self->frames, sized);
}

/* An index into a table of `count` elements; 0 after an error. table: its name, for messages. */
static guint read_place(JsonWalk *walk, JsonNode *node, guint count, const char *table)
{
    gint64 place = json_walk_as_int(walk, node, 0, G_MAXINT64);
    if (json_walk_failed(walk) || place < count)
        return (guint)place;
    g_autofree char *expected = g_strdup_printf("the place of one of %u %s", count, table);
    g_autofree char *found = g_strdup_printf("%" G_GINT64_FORMAT, place);
    json_walk_fail(walk, NULL, expected, found);
    return 0;
}

/* The index that stands at this element of an array. */
static guint read_element(JsonWalk *walk, JsonArray *array, guint element, guint count, const char *table)
{
    gsize above = json_walk_down_index(walk, element);
    guint place = read_place(walk, json_array_get_element(array, element), count, table);
    json_walk_up(walk, above);
    return place;
}

static void read_stack(JsonWalk *walk, JsonNode *node, gpointer target)
{
    StackReader *self = target;
    JsonArray *array = json_walk_as_array(walk, node);
    if (array == NULL)
        return;
    guint length = json_array_get_length(array);
    if (length != 1 && length != 2) {
        json_walk_fail(walk, NULL, "a frame, and its caller where it has one", "an array of another length");
        return;
    }
    Stack stack = {.frame = read_element(walk, array, 0, self->frames->len, "frames"), .caller = NO_CALLER};
    if (length == 2)
        stack.caller = read_element(walk, array, 1, self->stacks->len, "stacks before it");
    if (json_walk_failed(walk))
        return;
    stack.size_bytes = g_array_index(self->frames, SizedFrame, stack.frame).size_bytes;
    if (stack.caller != NO_CALLER)
        stack.size_bytes += g_array_index(self->stacks, Stack, stack.caller).size_bytes;
    stack.size_bytes = MIN(stack.size_bytes, STACK_READER_MOST_BYTES + 1);
    g_array_append_val(self->stacks, stack);
}

StackReader *stack_reader_new(JsonWalk *walk, JsonObject *object)
{
    StackReader *self = g_new0(StackReader, 1);
    self->frames = g_array_new(FALSE, FALSE, sizeof(SizedFrame));
    self->stacks = g_array_new(FALSE, FALSE, sizeof(Stack));
    self->left_bytes = STACK_READER_MOST_BYTES;
    json_walk_each(walk, object, "frames", read_frame, self);
    json_walk_each(walk, object, "stacks", read_stack, self);
    return self;
}

void stack_reader_free(StackReader *self)
{
    if (self == NULL)
        return;
    g_array_unref(self->stacks);
    g_array_unref(self->frames);
    g_free(self);
}

/* The stack that the object's member "stack" names, or NULL; counts its size against what may be taken. */
static const Stack *find_stack(StackReader *self, JsonWalk *walk, JsonObject *object)
{
    if (json_walk_is_null(walk, object, "stack"))
        return NULL;
    gsize above = json_walk_down(walk, "stack");
    guint place = read_place(walk, json_walk_member(walk, object, "stack"), self->stacks->len, "stacks");
    json_walk_up(walk, above);
    if (json_walk_failed(walk))
        return NULL;
    const Stack *stack = &g_array_index(self->stacks, Stack, place);
    self->left_bytes -= stack->size_bytes;
    if (self->left_bytes >= 0)
        return stack;
    json_walk_fail(walk, "stack", "one that fits into 1 GiB with those before it", "a larger one");
    return NULL;
}

GArray *stack_reader_take(StackReader *self, JsonWalk *walk, JsonObject *object)
{
    GArray *frames = g_array_new(FALSE, FALSE, sizeof(Frame));
    for (const Stack *at = find_stack(self, walk, object); at != NULL;) {
        g_array_append_val(frames, g_array_index(self->frames, SizedFrame, at->frame).frame);
        at = at->caller != NO_CALLER ? &g_array_index(self->stacks, Stack, at->caller) : NULL;
    }
    return frames;
}
