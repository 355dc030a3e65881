/* A small chart of bytes over time, drawn with characters, of one series or of two. It keeps a bounded number
 * of points: when there are too many, neighbours are merged and the larger one stays. */
#ifndef HEAPGATE_REPORT_TEXT_CHART_H
#define HEAPGATE_REPORT_TEXT_CHART_H

#include <glib.h>

typedef struct Chart Chart;

Chart *chart_new(void);       /* (transfer full) */
void chart_free(Chart *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Chart, chart_free)

/* Adds a point. If times ever run backwards, all of them are ignored, and points are drawn at equal distances
 * in the order in which they were added. */
void chart_add(Chart *self, double time, gint64 bytes);
/* Adds a point of two series; `behind`, in bytes, is drawn behind the first where it is higher. */
void chart_add_two(Chart *self, double time, gint64 bytes, gint64 behind);

/* Appends the chart in this many columns and rows, axes not included. Appends nothing where there are fewer
 * than two points or all are 0. time_unit: the label of the time axis. */
void chart_render(const Chart *self, guint columns, guint rows, const char *time_unit, GString *output);
/* The first series as one line of block characters in eight heights, "▁▃█▂"; "" where chart_render would
 * append nothing. (transfer full). */
char *chart_line(const Chart *self, guint columns);

#endif
