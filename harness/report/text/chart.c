#include "chart.h"

#include <string.h>

#include "model/units.h"

enum { MAX_POINTS = 4096 };

typedef struct {
    double time;
    gint64 bytes, behind;
} Point;

typedef enum { FRONT, BEHIND } Series;

struct Chart {
    guint count;
    guint stride;       /* how many added points make one kept point */
    guint pending;      /* how many were added to the last kept point */
    gboolean backwards; /* some time was before the one added before it */
    double last_time;
    Point points[MAX_POINTS]; /* kept; count of them */
};

Chart *chart_new(void)
{
    Chart *self = g_new0(Chart, 1);
    self->stride = 1;
    return self;
}

void chart_free(Chart *self)
{
    g_free(self);
}

/* Merges neighbours, the larger one of which stays. */
static void halve_points(Chart *self)
{
    for (guint i = 0; i < MAX_POINTS / 2; i++) {
        const Point *one = &self->points[2 * i], *two = &self->points[2 * i + 1];
        gint64 behind = MAX(one->behind, two->behind);
        self->points[i] = two->bytes > one->bytes ? *two : *one;
        self->points[i].behind = behind;
    }
    self->count = MAX_POINTS / 2;
    self->stride *= 2;
}

void chart_add(Chart *self, double time, gint64 bytes)
{
    chart_add_two(self, time, bytes, 0);
}

void chart_add_two(Chart *self, double time, gint64 bytes, gint64 behind)
{
    self->backwards |= self->count > 0 && time < self->last_time;
    self->last_time = time;
    if (self->count > 0 && self->pending < self->stride) {
        Point *last = &self->points[self->count - 1];
        if (bytes > last->bytes)
            *last = (Point){time, bytes, last->behind};
        last->behind = MAX(last->behind, behind);
        self->pending++;
        return;
    }
    if (self->count == MAX_POINTS)
        halve_points(self);
    self->points[self->count++] = (Point){time, bytes, behind};
    self->pending = 1;
}

static gint64 value_of(const Point *point, Series series)
{
    return series == FRONT ? point->bytes : point->behind;
}

static gint64 highest_of(const Chart *self, Series series)
{
    gint64 highest = 0;
    for (guint i = 0; i < self->count; i++)
        highest = MAX(highest, value_of(&self->points[i], series));
    return highest;
}

static guint column_of(const Chart *self, guint index, guint columns)
{
    double first = self->points[0].time, last = self->last_time;
    double share = self->backwards || last <= first ? (double)index / (self->count - 1)
                                                    : (self->points[index].time - first) / (last - first);
    return MIN((guint)(share * columns), columns - 1);
}

/* The largest value in each column; a column without a point has the value of the one before it. (transfer
 * full). */
static gint64 *column_heights(const Chart *self, Series series, guint columns)
{
    gint64 *heights = g_new(gint64, columns);
    for (guint x = 0; x < columns; x++)
        heights[x] = -1;
    for (guint i = 0; i < self->count; i++) {
        guint x = column_of(self, i, columns);
        heights[x] = MAX(heights[x], value_of(&self->points[i], series));
    }
    for (guint x = 0; x < columns; x++)
        if (heights[x] < 0)
            heights[x] = x > 0 ? heights[x - 1] : 0;
    return heights;
}

static void append_row(GString *output, const gint64 *heights, const gint64 *behind, guint columns,
                       double above, const char *label)
{
    g_string_append_printf(output, "%10s |", label);
    gsize filled = output->len;
    for (guint x = 0; x < columns; x++) {
        char sign = (double)heights[x] > above ? '#' : (double)behind[x] > above ? ':' : ' ';
        g_string_append_c(output, sign);
        if (sign != ' ')
            filled = output->len;
    }
    g_string_truncate(output, filled);
    g_string_append_c(output, '\n');
}

void chart_render(const Chart *self, guint columns, guint rows, const char *time_unit, GString *output)
{
    gint64 highest = MAX(highest_of(self, FRONT), highest_of(self, BEHIND));
    if (self->count < 2 || highest == 0)
        return;
    g_autofree gint64 *heights = column_heights(self, FRONT, columns);
    g_autofree gint64 *behind = column_heights(self, BEHIND, columns);
    g_autofree char *top = units_format_bytes(highest), *line = g_strnfill(columns, '-');
    for (guint row = rows; row > 0; row--)
        append_row(output, heights, behind, columns, (double)highest * (row - 1) / rows,
                   row == rows ? top : "");
    g_string_append_printf(output, "%10s +%s\n", "0 B", line);
    if (self->backwards) {
        g_string_append_printf(output, "%10s  (in the order of the file: its times run backwards)\n", "");
        return;
    }
    g_autofree char *start = g_strdup_printf("%.10g", self->points[0].time);
    g_autofree char *end = g_strdup_printf("%.10g %s", self->last_time, time_unit);
    int gap = MAX(1, (int)columns - (int)strlen(start) - (int)strlen(end));
    g_string_append_printf(output, "%10s  %s%*s%s\n", "", start, gap, "", end);
}

char *chart_line(const Chart *self, guint columns)
{
    enum { HEIGHTS = 8 };
    const gunichar lowest = 0x2581; /* LOWER ONE EIGHTH BLOCK; the higher ones follow */
    GString *line = g_string_new(NULL);
    gint64 highest = highest_of(self, FRONT);
    if (self->count < 2 || highest == 0)
        return g_string_free(line, FALSE);
    g_autofree gint64 *heights = column_heights(self, FRONT, columns);
    for (guint x = 0; x < columns; x++) {
        double share = (double)heights[x] / (double)highest;
        g_string_append_unichar(line, lowest + MIN((guint)(share * HEIGHTS), HEIGHTS - 1));
    }
    return g_string_free(line, FALSE);
}
