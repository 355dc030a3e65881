/* The course of a run: how much was allocated when, and how much memory was resident. */
#ifndef HEAPGATE_REPORT_TEXT_TIMELINE_H
#define HEAPGATE_REPORT_TEXT_TIMELINE_H

#include "model/measurement.h"

/* Appends a small chart with its legend; nothing where there are fewer than two points. points:
 * TimelinePoint; unit: of their times, may be NULL; rows: the chart's height without its axis. */
void timeline_draw(const GArray *points, const char *unit, guint rows, GString *output);
/* "heap over 1.2 s: ▁▃█▂; resident at most 12.4 MiB", for points in milliseconds; NULL for
 * others and where there is nothing to draw. (transfer full). */
char *timeline_line(const Measurement *measurement);

#endif
