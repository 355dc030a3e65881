/* The processors that a program may run on: pools, arenas and threads are made by their number. */
#ifndef HEAPGATE_RUN_PROCESSORS_H
#define HEAPGATE_RUN_PROCESSORS_H

#include <glib.h>

/* How many this process may use, and at most `most` of them; most: 0: all. At least 1. */
gint64 processors_available(gint64 most);
/* Keeps the calling process, and what it starts, to the first `count` of those it may use; 0: leaves all.
 * System calls only: it may be called between fork and exec. */
void processors_keep(gint64 count);

#endif
