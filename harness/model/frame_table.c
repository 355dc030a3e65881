#include "frame_table.h"

#include <stdint.h>
#include <string.h>

#include "frame_kind.h"

enum { RECENT = 1 << 10, FACTOR = 0x5bd1e995 };

/* A frame's part of a key. */
typedef struct {
    const char *text;
    TextHash hash;
} KeyPart;

typedef struct {
    Frame frame;      /* texts are the table's */
    guint32 part;     /* index into parts */
    guint32 identity; /* the same for frames with the same frame_identity */
} KnownFrame;

/* A slot of the cache of frames that were added lately. It is found by the addresses of a frame's texts,
 * which readers pass again and again. */
typedef struct {
    Frame seen;
    guint32 number; /* index + 1 into frames; 0: the slot is free */
} Recent;

struct FrameTable {
    GStringChunk *strings;
    GArray *parts;     /* KeyPart */
    GPtrArray *frames; /* KnownFrame, owned */
    /* What only adding needs; NULL after frame_table_forget_lookups. */
    GHashTable *part_of;     /* text of a part -> index + 1 */
    GHashTable *identity_of; /* frame_identity -> KnownFrame.identity */
    GHashTable *frame_of;    /* Frame of a KnownFrame -> index + 1 */
    Recent *recent;          /* RECENT slots */
};

FrameTable *frame_table_new(void)
{
    FrameTable *self = g_new0(FrameTable, 1);
    self->strings = g_string_chunk_new(1024);
    self->parts = g_array_new(FALSE, FALSE, sizeof(KeyPart));
    self->frames = g_ptr_array_new_with_free_func(g_free);
    return self;
}

void frame_table_forget_lookups(FrameTable *self)
{
    g_clear_pointer(&self->part_of, g_hash_table_unref);
    g_clear_pointer(&self->identity_of, g_hash_table_unref);
    g_clear_pointer(&self->frame_of, g_hash_table_unref);
    g_clear_pointer(&self->recent, g_free);
}

void frame_table_free(FrameTable *self)
{
    frame_table_forget_lookups(self);
    g_array_unref(self->parts);
    g_ptr_array_unref(self->frames);
    g_string_chunk_free(self->strings);
    g_free(self);
}

const char *frame_table_keep(FrameTable *self, const char *text)
{
    return text != NULL ? g_string_chunk_insert_const(self->strings, text) : NULL;
}

TextHash text_hash_of(const char *text)
{
    TextHash hash = {0, 1};
    for (; *text != '\0'; text++) {
        hash.hash = hash.hash * FACTOR + (guint8)*text;
        hash.power *= FACTOR;
    }
    return hash;
}

TextHash text_hash_join(TextHash one, TextHash two)
{
    return (TextHash){one.hash * two.power + two.hash, one.power * two.power};
}

static guint32 part_of_frame(FrameTable *self, const Frame *frame)
{
    g_autofree char *text = frame_key(frame);
    guint index = GPOINTER_TO_UINT(g_hash_table_lookup(self->part_of, text));
    if (index > 0)
        return index - 1;
    KeyPart part = {frame_table_keep(self, text), text_hash_of(text)};
    g_array_append_val(self->parts, part);
    g_hash_table_insert(self->part_of, (gpointer)part.text, GUINT_TO_POINTER(self->parts->len));
    return self->parts->len - 1;
}

/* The number of the frame's identity; `fresh` where the identity is new. */
static guint32 identity_of_frame(FrameTable *self, const Frame *frame, guint32 fresh)
{
    char *text = frame_identity(frame);
    guint32 identity = GPOINTER_TO_UINT(g_hash_table_lookup(self->identity_of, text));
    identity = identity > 0 ? identity : fresh;
    g_hash_table_replace(self->identity_of, text, GUINT_TO_POINTER(identity));
    return identity;
}

static void make_lookups(FrameTable *self)
{
    if (self->recent != NULL)
        return;
    self->part_of = g_hash_table_new(g_str_hash, g_str_equal);
    self->identity_of = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    self->frame_of = g_hash_table_new(frame_hash, frame_equal);
    self->recent = g_new0(Recent, RECENT);
    for (guint i = 0; i < self->parts->len; i++)
        g_hash_table_insert(self->part_of, (gpointer)g_array_index(self->parts, KeyPart, i).text,
                            GUINT_TO_POINTER(i + 1));
    for (guint i = 0; i < self->frames->len; i++) {
        KnownFrame *known = g_ptr_array_index(self->frames, i);
        identity_of_frame(self, &known->frame, known->identity);
        g_hash_table_insert(self->frame_of, &known->frame, GUINT_TO_POINTER(i + 1));
    }
}

static guint32 table_add_frame(FrameTable *self, const Frame *frame)
{
    KnownFrame *known = g_new(KnownFrame, 1);
    known->frame = (Frame){frame_table_keep(self, frame->function), frame_table_keep(self, frame->file),
                           frame_table_keep(self, frame->object), frame->line, frame_kind_of(frame)};
    known->part = part_of_frame(self, frame);
    known->identity = identity_of_frame(self, frame, self->frames->len + 1); /* a number not used yet */
    g_ptr_array_add(self->frames, known);
    g_hash_table_insert(self->frame_of, &known->frame, GUINT_TO_POINTER(self->frames->len));
    return self->frames->len;
}

static const KnownFrame *frame_at(const FrameTable *self, guint32 number)
{
    return g_ptr_array_index(self->frames, number);
}

guint32 frame_table_add(FrameTable *self, const Frame *frame)
{
    gsize hash = GPOINTER_TO_SIZE(frame->function) ^ GPOINTER_TO_SIZE(frame->file) << 7 ^
                 GPOINTER_TO_SIZE(frame->object) << 13 ^ frame->line;
    make_lookups(self);
    Recent *recent = &self->recent[hash * UINT64_C(0x9e3779b97f4a7c15) >> 54];
    /* Other texts may lie at the same addresses by now, so they are compared, too. */
    if (recent->number > 0 && frame_same(&recent->seen, frame) &&
        frame_equal(&frame_at(self, recent->number - 1)->frame, frame))
        return recent->number - 1;
    guint32 number = GPOINTER_TO_UINT(g_hash_table_lookup(self->frame_of, frame));
    if (number == 0)
        number = table_add_frame(self, frame);
    *recent = (Recent){*frame, number};
    return number - 1;
}

const Frame *frame_table_frame(const FrameTable *self, guint32 number)
{
    return &frame_at(self, number)->frame;
}

guint32 frame_table_identity(const FrameTable *self, guint32 number)
{
    return frame_at(self, number)->identity;
}

const char *frame_table_text(const FrameTable *self, guint32 number)
{
    return g_array_index(self->parts, KeyPart, frame_at(self, number)->part).text;
}

TextHash frame_table_hash(const FrameTable *self, guint32 number)
{
    return g_array_index(self->parts, KeyPart, frame_at(self, number)->part).hash;
}
