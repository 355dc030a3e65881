/* DHAT's program points as indices into the frame table, which follows them in the file. */
#ifndef HEAPGATE_FORMATS_VALGRIND_DHAT_POINTS_H
#define HEAPGATE_FORMATS_VALGRIND_DHAT_POINTS_H

#include <glib.h>

#include "model/call_site.h"

/* What is known of a program point: of all that was ever there, of the instant with most bytes, of the end.
 */
typedef enum { DHAT_TOTAL, DHAT_PEAK, DHAT_END, DHAT_NUMBERS } DhatNumber;

typedef struct {
    gint64 bytes;  /* in ad-hoc mode units */
    gint64 blocks; /* in copy mode copies, in ad-hoc mode events */
} DhatAmount;

typedef struct {
    GArray *points;    /* Point */
    GArray *indices;   /* guint32: the frames of all points, innermost first */
    GPtrArray *labels; /* char *: the frame table */
    GArray *frames;    /* Frame: the same, split; NULL until dhat_points_add_to needs them */
} DhatPoints;

void dhat_points_init(DhatPoints *self);
void dhat_points_clear(DhatPoints *self); /* one of zeros is fine */

/* A point's frames are added one by one, then the point, with a DhatAmount for each DhatNumber. at: its
 * offset in the file, for messages. */
void dhat_points_add_frame(DhatPoints *self, guint32 index);
void dhat_points_add(DhatPoints *self, const DhatAmount *amounts, gsize at);
/* label: (transfer full) */
void dhat_points_add_label(DhatPoints *self, char *label);

/* The first point with an index outside the frame table: its offset; G_MAXSIZE where there is none. */
gsize dhat_points_find_stray(const DhatPoints *self, guint32 *index);
/* Adds one number of all points to sites; frames outside the table are unknown. Nothing can be added to the
 * points afterwards. */
void dhat_points_add_to(DhatPoints *self, DhatNumber number, CallSites *sites);

#endif
