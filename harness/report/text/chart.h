/* A small chart of bytes over time, drawn with text: one series, or a second one behind it. Holds a bounded
 * number of points, however many are added: neighbours are merged, the larger one stays. */
#ifndef HEAPGATE_REPORT_TEXT_CHART_H
#define HEAPGATE_REPORT_TEXT_CHART_H

#include <glib.h>

typedef struct Chart Chart;

Chart *chart_new(void); /* (transfer full) */
void chart_free(Chart *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Chart, chart_free)

/* Times that run backwards are put aside: the points are then drawn in their order. */
void chart_add(Chart *self, double time, gint64 bytes);
/* The same with a second series, drawn behind where it is higher. */
void chart_add_two(Chart *self, double time, gint64 bytes, gint64 behind);

/* Appends the chart, this many columns and rows without the axes; nothing where there are fewer than two
 * points or all are 0. time_unit: what stands at the time axis. */
void chart_render(const Chart *self, guint columns, guint rows, const char *time_unit, GString *output);
/* The first series alone as one line of blocks of eight heights (UTF-8), "▁▃█▂"; "" where chart_render would
 * append nothing. (transfer full). */
char *chart_line(const Chart *self, guint columns);

#endif
