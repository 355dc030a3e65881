/* What chance does to sampled figures.
 *
 * Poisson sampling: a block of s bytes is seen with the chance 1 - exp(-s / S), S the mean distance of
 * samples, and then stands for s divided by that chance. The estimate is unbiased. Its variance is at most S
 * times the bytes: that of small blocks, each sample standing for S. */
#ifndef HEAPGATE_MODEL_SAMPLING_H
#define HEAPGATE_MODEL_SAMPLING_H

#include <glib.h>

/* One standard error of an estimate of so many bytes. sample_bytes: S; 0: nothing is left to chance. */
gint64 sampling_error(gint64 sample_bytes, gint64 bytes);

/* By how much a second estimate may exceed a first one of `bytes` by chance: four standard errors of the
 * difference (one in 30,000). For 0 bytes that is 16 samples. */
gint64 sampling_noise(gint64 sample_bytes, gint64 bytes);

#endif
