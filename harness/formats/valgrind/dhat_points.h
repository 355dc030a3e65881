/* DHAT's program points as indices into the frame table, which follows them in the file. */
#ifndef HEAPGATE_FORMATS_VALGRIND_DHAT_POINTS_H
#define HEAPGATE_FORMATS_VALGRIND_DHAT_POINTS_H

#include <glib.h>

#include "model/call_site.h"

typedef struct {
    GArray *points;    /* Point */
    GArray *indices;   /* guint32: the frames of all points, innermost first */
    GPtrArray *labels; /* char *: the frame table */
} DhatPoints;

void dhat_points_init(DhatPoints *self);
void dhat_points_clear(DhatPoints *self);

/* A point's frames are added one by one, then the point. at: its offset in the file, for messages. */
void dhat_points_add_frame(DhatPoints *self, guint32 index);
void dhat_points_add(DhatPoints *self, gint64 bytes, gint64 blocks, gsize at);
/* label: (transfer full) */
void dhat_points_add_label(DhatPoints *self, char *label);

/* The first point with an index outside the frame table: its offset; G_MAXSIZE where there is none. */
gsize dhat_points_find_stray(const DhatPoints *self, guint32 *index);
/* Adds all points to sites; frames outside the table are unknown. Splits the labels: to be called once. */
void dhat_points_add_to(DhatPoints *self, CallSites *sites);

#endif
