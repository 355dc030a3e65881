#include "sampling.h"

#include <math.h>

/* Rounded up, and kept in range. */
static gint64 as_bytes(double bytes)
{
    return bytes < (double)(G_MAXINT64 / 2) ? (gint64)ceil(bytes) : G_MAXINT64 / 2;
}

gint64 sampling_error(gint64 sample_bytes, gint64 bytes)
{
    return sample_bytes > 0 && bytes > 0 ? as_bytes(sqrt((double)sample_bytes * (double)bytes)) : 0;
}

/* Solves d = 4 * sqrt(S * (bytes + (bytes + d))) for d. */
gint64 sampling_noise(gint64 sample_bytes, gint64 bytes)
{
    double sample = (double)sample_bytes;
    if (sample_bytes <= 0)
        return 0;
    return as_bytes(8 * sample + 4 * sqrt(4 * sample * sample + 2 * sample * (double)MAX(bytes, 0)));
}
