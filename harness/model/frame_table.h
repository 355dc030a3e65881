/* The frames of a table of call sites, each once, with their parts of keys; for call_sites.c. */
#ifndef HEAPGATE_MODEL_FRAME_TABLE_H
#define HEAPGATE_MODEL_FRAME_TABLE_H

#include "call_site.h"

/* A polynomial hash of a text (as in Rabin-Karp): its bytes as the digits of a number, modulo 2^64. The hash
 * of two texts joined follows from their hashes. */
typedef struct {
    guint64 hash;
    guint64 power; /* the base to the power of the text's length */
} TextHash;
TextHash text_hash_of(const char *text);
/* The hash of one text followed by another. */
TextHash text_hash_join(TextHash one, TextHash two);

typedef struct FrameTable FrameTable;

FrameTable *frame_table_new(void); /* (transfer full) */
void frame_table_free(FrameTable *self);

/* The number of this frame, from 0. A new frame is copied. */
guint32 frame_table_add(FrameTable *self, const Frame *frame);
/* Frees what only adding needs; the next frame_table_add makes it again. */
void frame_table_forget_lookups(FrameTable *self);
/* A copy of the text that lives as long as the table; NULL for NULL. (transfer none). */
const char *frame_table_keep(FrameTable *self, const char *text);

/* The frame with this number, at an address that does not change. (transfer none). */
const Frame *frame_table_frame(const FrameTable *self, guint32 number);
/* The frame's part of a key. Equal parts have one address. (transfer none). */
const char *frame_table_text(const FrameTable *self, guint32 number);
/* The hash of that part. */
TextHash frame_table_hash(const FrameTable *self, guint32 number);
/* A number that two frames have in common exactly if their frame_identity is equal. */
guint32 frame_table_identity(const FrameTable *self, guint32 number);

#endif
