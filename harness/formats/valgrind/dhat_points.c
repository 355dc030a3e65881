#include "dhat_points.h"

#include <string.h>

#include "formats/allocator.h"
#include "formats/frame_label.h"

enum { MOST_FRAMES = 500 };

typedef struct {
    DhatAmount amounts[DHAT_NUMBERS];
    gsize at;
    gsize first_index;
    guint n_frames;
} Point;

void dhat_points_init(DhatPoints *self)
{
    self->points = g_array_new(FALSE, FALSE, sizeof(Point));
    self->indices = g_array_new(FALSE, FALSE, sizeof(guint32));
    self->labels = g_ptr_array_new_with_free_func(g_free);
    self->frames = NULL;
}

void dhat_points_clear(DhatPoints *self)
{
    g_clear_pointer(&self->points, g_array_unref);
    g_clear_pointer(&self->indices, g_array_unref);
    g_clear_pointer(&self->labels, g_ptr_array_unref);
    g_clear_pointer(&self->frames, g_array_unref);
}

/* How many of the indices belong to points already added. */
static gsize taken(const DhatPoints *self)
{
    if (self->points->len == 0)
        return 0;
    const Point *last = &g_array_index(self->points, Point, self->points->len - 1);
    return last->first_index + last->n_frames;
}

void dhat_points_add_frame(DhatPoints *self, guint32 index)
{
    if (self->indices->len - taken(self) < MOST_FRAMES)
        g_array_append_val(self->indices, index);
}

void dhat_points_add(DhatPoints *self, const DhatAmount *amounts, gsize at)
{
    gsize first = taken(self);
    Point point = {.at = at, .first_index = first, .n_frames = (guint)(self->indices->len - first)};
    memcpy(point.amounts, amounts, sizeof point.amounts);
    g_array_append_val(self->points, point);
}

void dhat_points_add_label(DhatPoints *self, char *label)
{
    g_ptr_array_add(self->labels, label);
}

gsize dhat_points_find_stray(const DhatPoints *self, guint32 *index)
{
    for (guint i = 0; i < self->points->len; i++) {
        const Point *point = &g_array_index(self->points, Point, i);
        for (guint k = 0; k < point->n_frames; k++) {
            *index = g_array_index(self->indices, guint32, point->first_index + k);
            if (*index >= self->labels->len)
                return point->at;
        }
    }
    return G_MAXSIZE;
}

/* Frame 0 is "[root]", which is no frame. */
static void split_labels(DhatPoints *self)
{
    if (self->frames != NULL)
        return;
    self->frames = g_array_new(FALSE, TRUE, sizeof(Frame));
    g_array_set_size(self->frames, self->labels->len);
    for (guint i = 1; i < self->labels->len; i++)
        frame_label_split(g_ptr_array_index(self->labels, i), &g_array_index(self->frames, Frame, i));
}

void dhat_points_add_to(DhatPoints *self, DhatNumber number, CallSites *sites)
{
    split_labels(self);
    Frame stack[MOST_FRAMES];
    for (guint i = 0; i < self->points->len; i++) {
        const Point *point = &g_array_index(self->points, Point, i);
        guint n = 0;
        for (guint k = 0; k < point->n_frames; k++) {
            guint32 index = g_array_index(self->indices, guint32, point->first_index + k);
            if (index != 0)
                stack[n++] =
                    index < self->frames->len ? g_array_index(self->frames, Frame, index) : (Frame){0};
        }
        guint own = allocator_count_frames(stack, n);
        call_sites_add(sites, stack + own, n - own, point->amounts[number].bytes,
                       point->amounts[number].blocks);
    }
}
