/* The bound: the smallest leak that would be called. It is found by adding leaks to the series and judging it
 * again. */
#include "growth.h"

/* Room for a series with a leak added to it. */
typedef struct {
    gint64 *bytes, *blocks, *born_bytes, *born_blocks;
} LeakingSeries;

static void add_leak(const gint64 *from, guint points, gint64 each, gint64 *to)
{
    for (guint i = 0; from != NULL && i < points; i++)
        to[i] = CLAMP(from[i], -GROWTH_LARGEST, GROWTH_LARGEST) + each * i;
}

/* Would a leak of one block of `leak` bytes in every iteration be sure evidence? */
static gboolean is_called(const GrowthSeries *series, guint points, gint64 leak, const LeakingSeries *room)
{
    add_leak(series->bytes, points, leak, room->bytes);
    add_leak(series->blocks, points, 1, room->blocks);
    add_leak(series->born_bytes, points, leak, room->born_bytes);
    add_leak(series->born_blocks, points, 1, room->born_blocks);
    const GrowthSeries with = {
        .bytes = room->bytes,
        .blocks = series->blocks != NULL ? room->blocks : NULL,
        .born_bytes = series->born_bytes != NULL ? room->born_bytes : NULL,
        .born_blocks = series->born_blocks != NULL ? room->born_blocks : NULL,
        .oldest_freed = series->oldest_freed,
    };
    return growth_of_series(&with, points).evidence == GROWTH_SURE;
}

/* One byte more than the largest fall: with a leak of that size the series rises at every point. */
static gint64 leak_above_falls(const GrowthSeries *series, guint points)
{
    gint64 fall = 0;
    for (guint i = 1; i < points; i++)
        fall = MAX(fall, CLAMP(series->bytes[i - 1], -GROWTH_LARGEST, GROWTH_LARGEST) -
                             CLAMP(series->bytes[i], -GROWTH_LARGEST, GROWTH_LARGEST));
    return MIN(fall, GROWTH_LARGEST) + 1;
}

gint64 growth_bound_of_series(const GrowthSeries *series, guint points, gint64 least)
{
    g_autofree gint64 *room = g_new0(gint64, 4 * (gsize)points);
    const LeakingSeries leaking = {room, room + points, room + 2 * points, room + 3 * points};
    gint64 certain = leak_above_falls(series, points), leak = MAX(least, 1);
    while (leak < certain && !is_called(series, points, leak, &leaking))
        leak = leak > certain / 2 ? certain : leak * 2;
    return leak;
}
