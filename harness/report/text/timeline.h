/* Draws the timeline of a measurement: how much was allocated when, and how much memory was resident. */
#ifndef HEAPGATE_REPORT_TEXT_TIMELINE_H
#define HEAPGATE_REPORT_TEXT_TIMELINE_H

#include "model/measurement.h"

/* Appends a chart with its legend; nothing where there are fewer than two points. points: of TimelinePoint.
 * unit: of their times; may be NULL. rows: the chart's height without its axis. */
void timeline_draw(const GArray *points, const char *unit, guint rows, GString *output);
/* One line: "heap over 1.2 s: ▁▃█▂; resident at most 12.4 MiB"; (transfer full), or NULL where the timeline
 * is not in milliseconds or there is nothing to draw. */
char *timeline_line(const Measurement *measurement);

#endif
