#include "dhat_points.h"

#include "formats/allocator.h"
#include "formats/frame_label.h"

enum { MOST_FRAMES = 500 };

typedef struct {
    gint64 bytes, blocks;
    gsize at;
    gsize first_index;
    guint n_frames;
} Point;

void dhat_points_init(DhatPoints *self)
{
    self->points = g_array_new(FALSE, FALSE, sizeof(Point));
    self->indices = g_array_new(FALSE, FALSE, sizeof(guint32));
    self->labels = g_ptr_array_new_with_free_func(g_free);
}

void dhat_points_clear(DhatPoints *self)
{
    g_array_unref(self->points);
    g_array_unref(self->indices);
    g_ptr_array_unref(self->labels);
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

void dhat_points_add(DhatPoints *self, gint64 bytes, gint64 blocks, gsize at)
{
    gsize first = taken(self);
    Point point = {bytes, blocks, at, first, (guint)(self->indices->len - first)};
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
static GArray *split_labels(DhatPoints *self)
{
    GArray *frames = g_array_new(FALSE, TRUE, sizeof(Frame));
    g_array_set_size(frames, self->labels->len);
    for (guint i = 1; i < self->labels->len; i++)
        frame_label_split(g_ptr_array_index(self->labels, i), &g_array_index(frames, Frame, i));
    return frames;
}

void dhat_points_add_to(DhatPoints *self, CallSites *sites)
{
    g_autoptr(GArray) frames = split_labels(self);
    Frame stack[MOST_FRAMES];
    for (guint i = 0; i < self->points->len; i++) {
        const Point *point = &g_array_index(self->points, Point, i);
        guint n = 0;
        for (guint k = 0; k < point->n_frames; k++) {
            guint32 index = g_array_index(self->indices, guint32, point->first_index + k);
            if (index != 0)
                stack[n++] = index < frames->len ? g_array_index(frames, Frame, index) : (Frame){0};
        }
        guint own = allocator_count_frames(stack, n);
        call_sites_add(sites, stack + own, n - own, point->bytes, point->blocks);
    }
}
