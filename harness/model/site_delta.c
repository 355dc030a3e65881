#include "site_delta.h"

#include <string.h>

SiteDelta *site_delta_new(const char *key, const Frame *frames, guint n_frames, gint64 base_bytes,
                          gint64 now_bytes, gint64 delta_blocks)
{
    SiteDelta *self = g_new0(SiteDelta, 1);
    self->key = g_strdup(key);
    self->frames = g_new0(Frame, n_frames);
    self->n_frames = n_frames;
    for (guint i = 0; i < n_frames; i++) {
        self->frames[i] = frames[i];
        self->frames[i].function = g_strdup(frames[i].function);
        self->frames[i].file = g_strdup(frames[i].file);
        self->frames[i].object = g_strdup(frames[i].object);
    }
    self->base_bytes = base_bytes;
    self->now_bytes = now_bytes;
    self->delta_bytes = now_bytes - base_bytes;
    self->delta_blocks = delta_blocks;
    return self;
}

void site_delta_free(SiteDelta *self)
{
    if (self == NULL)
        return;
    for (guint i = 0; i < self->n_frames; i++) {
        g_free((char *)self->frames[i].function);
        g_free((char *)self->frames[i].file);
        g_free((char *)self->frames[i].object);
    }
    g_free(self->frames);
    g_free(self->key);
    g_free(self);
}

int site_delta_compare(gconstpointer a, gconstpointer b)
{
    const SiteDelta *one = *(const SiteDelta *const *)a, *two = *(const SiteDelta *const *)b;
    if (one->delta_bytes != two->delta_bytes)
        return one->delta_bytes > two->delta_bytes ? -1 : 1;
    return strcmp(one->key, two->key);
}
