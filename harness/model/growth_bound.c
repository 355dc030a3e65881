/* Which leak would be called: by trying. */
#include "growth.h"

/* A series and a leak of one block in every iteration besides. */
typedef struct {
    gint64 *bytes, *blocks, *born_bytes, *born_blocks;
} Leaking;

static void add_leak(const gint64 *from, guint points, gint64 each, gint64 *to)
{
    for (guint i = 0; from != NULL && i < points; i++)
        to[i] = CLAMP(from[i], -GROWTH_LARGEST, GROWTH_LARGEST) + each * i;
}

static gboolean is_called(const GrowthSeries *series, guint points, gint64 leak, const Leaking *room)
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

/* A leak that outweighs every fall lets no fall be seen. */
static gint64 certain_of(const GrowthSeries *series, guint points)
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
    const Leaking leaking = {room, room + points, room + 2 * points, room + 3 * points};
    gint64 certain = certain_of(series, points), leak = MAX(least, 1);
    while (leak < certain && !is_called(series, points, leak, &leaking))
        leak = leak > certain / 2 ? certain : leak * 2;
    return leak;
}
