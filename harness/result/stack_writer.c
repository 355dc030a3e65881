#include "stack_writer.h"

enum { NO_CALLER = -1 };

typedef struct {
    gint64 frame, caller; /* indices into frames and stacks; caller: or NO_CALLER */
} Stack;

struct StackWriter {
    GPtrArray *frames; /* const Frame *, owned by whoever added them */
    GPtrArray *stacks; /* Stack, owned */
    /* const Frame * -> its index + 1, by the addresses of its texts: as a rule this saves comparing texts. */
    GHashTable *by_address;
    GHashTable *by_text;  /* the same, by its texts */
    GHashTable *by_stack; /* Stack * -> its index + 1 */
};

/* A hash of the addresses of a frame's texts. */
static guint address_hash(gconstpointer key)
{
    const Frame *frame = key;
    return (g_direct_hash(frame->function) * 31 + g_direct_hash(frame->file)) * 31 +
           g_direct_hash(frame->object) + frame->line;
}

static guint stack_hash(gconstpointer key)
{
    const Stack *stack = key;
    return (guint)stack->caller * 0x9e3779b1U + (guint)stack->frame;
}

static gboolean stack_equal(gconstpointer a, gconstpointer b)
{
    const Stack *one = a, *two = b;
    return one->frame == two->frame && one->caller == two->caller;
}

StackWriter *stack_writer_new(void)
{
    StackWriter *self = g_new0(StackWriter, 1);
    self->frames = g_ptr_array_new();
    self->stacks = g_ptr_array_new_with_free_func(g_free);
    self->by_address = g_hash_table_new(address_hash, frame_same);
    self->by_text = g_hash_table_new(frame_hash, frame_equal);
    self->by_stack = g_hash_table_new(stack_hash, stack_equal);
    return self;
}

void stack_writer_free(StackWriter *self)
{
    if (self == NULL)
        return;
    g_hash_table_unref(self->by_stack);
    g_hash_table_unref(self->by_text);
    g_hash_table_unref(self->by_address);
    g_ptr_array_unref(self->stacks);
    g_ptr_array_unref(self->frames);
    g_free(self);
}

static guint place_of_text(StackWriter *self, const Frame *frame)
{
    guint place = GPOINTER_TO_UINT(g_hash_table_lookup(self->by_text, frame));
    if (place > 0)
        return place;
    g_ptr_array_add(self->frames, (Frame *)frame);
    g_hash_table_insert(self->by_text, (Frame *)frame, GUINT_TO_POINTER(self->frames->len));
    return self->frames->len;
}

static guint place_of_frame(StackWriter *self, const Frame *frame)
{
    guint place = GPOINTER_TO_UINT(g_hash_table_lookup(self->by_address, frame));
    if (place == 0) {
        place = place_of_text(self, frame);
        g_hash_table_insert(self->by_address, (Frame *)frame, GUINT_TO_POINTER(place));
    }
    return place - 1;
}

static guint place_of_stack(StackWriter *self, const Stack *stack)
{
    guint place = GPOINTER_TO_UINT(g_hash_table_lookup(self->by_stack, stack));
    if (place > 0)
        return place - 1;
    Stack *own = g_new(Stack, 1);
    *own = *stack;
    g_ptr_array_add(self->stacks, own);
    g_hash_table_insert(self->by_stack, own, GUINT_TO_POINTER(self->stacks->len));
    return self->stacks->len - 1;
}

guint stack_writer_add(StackWriter *self, const GPtrArray *frames)
{
    g_return_val_if_fail(frames->len > 0, 0);
    Stack stack = {.caller = NO_CALLER};
    for (guint i = frames->len; i-- > 0;) {
        stack.frame = place_of_frame(self, g_ptr_array_index(frames, i));
        stack.caller = place_of_stack(self, &stack);
    }
    return (guint)stack.caller;
}

static void add_text(JsonBuilder *out, const char *name, const char *text)
{
    if (text == NULL)
        return;
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    json_builder_set_member_name(out, name);
    json_builder_add_string_value(out, valid);
}

static void add_frame(JsonBuilder *out, const Frame *frame)
{
    json_builder_begin_object(out);
    add_text(out, "function", frame->function);
    add_text(out, "file", frame->file);
    add_text(out, "object", frame->object);
    if (frame->line > 0) {
        json_builder_set_member_name(out, "line");
        json_builder_add_int_value(out, frame->line);
    }
    json_builder_end_object(out);
}

static void add_stack(JsonBuilder *out, const Stack *stack)
{
    json_builder_begin_array(out);
    json_builder_add_int_value(out, stack->frame);
    if (stack->caller != NO_CALLER)
        json_builder_add_int_value(out, stack->caller);
    json_builder_end_array(out);
}

void stack_writer_write(const StackWriter *self, JsonBuilder *out)
{
    json_builder_set_member_name(out, "frames");
    json_builder_begin_array(out);
    for (guint i = 0; i < self->frames->len; i++)
        add_frame(out, g_ptr_array_index(self->frames, i));
    json_builder_end_array(out);
    json_builder_set_member_name(out, "stacks");
    json_builder_begin_array(out);
    for (guint i = 0; i < self->stacks->len; i++)
        add_stack(out, g_ptr_array_index(self->stacks, i));
    json_builder_end_array(out);
}
