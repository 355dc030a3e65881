#include "sampling.h"

#include <math.h>

/* Doubles are exact enough: nobody counts on the last byte of an estimate. */
static gint64 as_bytes(double bytes)
{
    return bytes < (double)(G_MAXINT64 / 2) ? (gint64)ceil(bytes) : G_MAXINT64 / 2;
}

gint64 sampling_error(gint64 sample_bytes, gint64 bytes)
{
    return sample_bytes > 0 && bytes > 0 ? as_bytes(sqrt((double)sample_bytes * (double)bytes)) : 0;
}

/* The least d with d = 4 * sqrt(S * (bytes + (bytes + d))). */
gint64 sampling_noise(gint64 sample_bytes, gint64 bytes)
{
    double sample = (double)sample_bytes;
    if (sample_bytes <= 0)
        return 0;
    return as_bytes(8 * sample + 4 * sqrt(4 * sample * sample + 2 * sample * (double)MAX(bytes, 0)));
}
