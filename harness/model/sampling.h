/* The error of sampled figures.
 *
 * Poisson sampling: a block of s bytes is sampled with the probability p = 1 - exp(-s / S), where S is the
 * mean distance between samples in bytes, and then counts as s / p bytes. The estimate is unbiased. Its
 * variance is at most S times the bytes, which small blocks reach: each sample counts as about S bytes. */
#ifndef HEAPGATE_MODEL_SAMPLING_H
#define HEAPGATE_MODEL_SAMPLING_H

#include <glib.h>

/* The standard error, in bytes, of an estimate of `bytes`. sample_bytes: S; 0: not sampled, and so without
 * error. */
gint64 sampling_error(gint64 sample_bytes, gint64 bytes);

/* The most bytes by which a second estimate may exceed a first one of `bytes` by chance: four standard errors
 * of the difference (exceeded once in 30,000). For 0 bytes that is 16 samples. */
gint64 sampling_noise(gint64 sample_bytes, gint64 bytes);

#endif
