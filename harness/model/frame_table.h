/* The frames of a table of call sites, each once, and what they say in a key; for call_sites.c. */
#ifndef HEAPGATE_MODEL_FRAME_TABLE_H
#define HEAPGATE_MODEL_FRAME_TABLE_H

#include "call_site.h"

/* A text's hash, of which that of a text made of several can be worked out: read as a number to a base, and
 * the base to the power of its length. */
typedef struct {
    guint64 hash, power;
} TextHash;
TextHash text_hash_of(const char *text);
/* Of one text and another behind it. */
TextHash text_hash_join(TextHash one, TextHash two);

typedef struct FrameTable FrameTable;

FrameTable *frame_table_new(void); /* (transfer full) */
void frame_table_free(FrameTable *self);

/* The frame's number, from 0; it is copied where it is new. */
guint32 frame_table_add(FrameTable *self, const Frame *frame);
/* What only adding needs is given back, and made anew when something is added. */
void frame_table_forget_lookups(FrameTable *self);
/* A text that stays as long as the table; NULL is NULL. (transfer none). */
const char *frame_table_keep(FrameTable *self, const char *text);

/* The frame, which stays where it is. (transfer none). */
const Frame *frame_table_frame(const FrameTable *self, guint32 number);
/* Its part of a key: equal ones are one text. (transfer none). */
const char *frame_table_text(const FrameTable *self, guint32 number);
TextHash frame_table_hash(const FrameTable *self, guint32 number);
/* Frames of one number repeat each other (frame_identity). */
guint32 frame_table_same(const FrameTable *self, guint32 number);

#endif
