#include "timeline.h"

#include "chart.h"
#include "model/units.h"
#include "model/text.h"

enum { COLUMNS = 64, LINE_COLUMNS = 32 };

static Chart *chart_of(const GArray *points)
{
    Chart *chart = chart_new();
    for (guint i = 0; i < points->len; i++) {
        const TimelinePoint *point = &g_array_index(points, TimelinePoint, i);
        chart_add_two(chart, point->time, point->bytes, point->rss_bytes);
    }
    return chart;
}

static gint64 highest_rss(const GArray *points)
{
    gint64 highest = 0;
    for (guint i = 0; i < points->len; i++)
        highest = MAX(highest, g_array_index(points, TimelinePoint, i).rss_bytes);
    return highest;
}

void timeline_draw(const GArray *points, const char *unit, guint rows, GString *output)
{
    if (points->len < 2)
        return;
    g_autoptr(Chart) chart = chart_of(points);
    g_autofree char *line = text_line(unit != NULL ? unit : "");
    gsize before = output->len;
    chart_render(chart, COLUMNS, rows, line, output);
    if (output->len > before && highest_rss(points) > 0)
        g_string_append_printf(output, "%10s  # heap   : resident memory\n", "");
}

char *timeline_line(const Measurement *measurement)
{
    const GArray *points = measurement->timeline;
    if (points->len < 2 || g_strcmp0(measurement->time_unit, "ms") != 0)
        return NULL;
    g_autoptr(Chart) chart = chart_of(points);
    g_autofree char *blocks = chart_line(chart, LINE_COLUMNS);
    if (*blocks == '\0')
        return NULL;
    const TimelinePoint *last = &g_array_index(points, TimelinePoint, points->len - 1);
    g_autofree char *time = units_format_duration((gint64)CLAMP(last->time * 1000, 0, 1e15));
    g_autofree char *rss = units_format_bytes(highest_rss(points));
    return g_strdup_printf("heap over %s: %s; resident at most %s", time, blocks, rss);
}
