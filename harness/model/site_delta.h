/* One call site in two measurements: what it had, and what it has now. */
#ifndef HEAPGATE_MODEL_SITE_DELTA_H
#define HEAPGATE_MODEL_SITE_DELTA_H

#include "call_site.h"

typedef struct {
    char *key;
    Frame *frames; /* innermost first; owns its strings (site_delta_new copies) */
    guint n_frames;
    gint64 base_bytes;
    gint64 now_bytes;
    gint64 delta_bytes;  /* now - base */
    gint64 delta_blocks; /* 0 where not known */
    gboolean is_beyond;  /* what it may have: it is a regression by itself */
} SiteDelta;

/* A copy of the stack with its own strings. */
SiteDelta *site_delta_new(const char *key, const Frame *frames, guint n_frames, gint64 base_bytes,
                          gint64 now_bytes, gint64 delta_blocks);
void site_delta_free(SiteDelta *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SiteDelta, site_delta_free)

#endif
