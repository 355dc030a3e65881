/* The difference of one call site between a base (a baseline or a file) and what is compared with it. */
#ifndef HEAPGATE_MODEL_SITE_DELTA_H
#define HEAPGATE_MODEL_SITE_DELTA_H

#include "call_site.h"

typedef struct {
    char *key;
    Frame *frames; /* innermost first; owned with their texts */
    guint n_frames;
    gint64 base_bytes;
    gint64 now_bytes;
    gint64 delta_bytes;  /* now - base */
    gint64 delta_blocks; /* 0 where not known */
    gboolean is_beyond;  /* the site exceeds its own limit: it is a regression even if the total is none */
} SiteDelta;

/* key and frames: (transfer none), copied; n_frames: how many, innermost first. Returns (transfer full). */
SiteDelta *site_delta_new(const char *key, const Frame *frames, guint n_frames, gint64 base_bytes,
                          gint64 now_bytes, gint64 delta_blocks);
void site_delta_free(SiteDelta *self); /* NULL is fine */
/* Orders an array of SiteDelta: the largest delta_bytes first, then by key. For g_ptr_array_sort. */
int site_delta_compare(gconstpointer a, gconstpointer b);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SiteDelta, site_delta_free)

#endif
