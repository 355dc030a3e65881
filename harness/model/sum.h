/* Sums of untrusted numbers: files may contain any. */
#ifndef HEAPGATE_MODEL_SUM_H
#define HEAPGATE_MODEL_SUM_H

#include <glib.h>

/* The sum, or G_MAXINT64 or G_MININT64 where it overflows. */
static inline gint64 sum_add(gint64 sum, gint64 more)
{
    gint64 result;
    return __builtin_add_overflow(sum, more, &result) ? (more > 0 ? G_MAXINT64 : G_MININT64) : result;
}

#endif
