/* Sampling: of all blocks only some are booked, each with the chance 1 - exp(-size / mean), and each for so
 * many bytes more as its chance was smaller. So every sum of bytes is right in the mean (Poisson sampling;
 * Cohen and others, "Bottom-k sketches", and what tcmalloc's heap profiles do). Without HEAPGATE_SAMPLE every
 * block is booked as it is.
 *
 * A thread counts bytes down to its next sample. The distance is drawn from an exponential distribution,
 * which does not remember: after each sample it is drawn anew. */
#ifndef HEAPGATE_GUEST_BOOKS_SAMPLE_H
#define HEAPGATE_GUEST_BOOKS_SAMPLE_H

#include "books.h"
#include "process/thread.h"

#define SAMPLE_VARIABLE "HEAPGATE_SAMPLE"

/* text: what the environment says; "" or no number: no sampling. */
GUEST_HIDDEN void sample_open(const char *text);

/* Is this block a sample? */
GUEST_HIDDEN bool sample_draw(uint64_t size);

extern __thread int64_t sample_countdown GUEST_TLS;

static inline bool sample_hits(uint64_t size)
{
    if (LIKELY(sample_mean == 0))
        return true;
    thread_self.latest = 0;
    int64_t bytes = size < INT64_MAX ? (int64_t)size : INT64_MAX;
    if (LIKELY(sample_countdown > bytes)) {
        sample_countdown -= bytes;
        return false;
    }
    return sample_draw(size);
}

/* A new block whose stack begins here. */
static inline void sample_enter(LedgerHeader *header, const void *block, uint64_t size,
                                const UnwindStart *start)
{
    if (sample_hits(size))
        books_enter(header, block, size, thread_site(header, start));
}

/* As books_take; a block that was no sample is not one that was never seen. */
static inline BooksTaken sample_take(LedgerHeader *header, const void *block)
{
    if (UNLIKELY(sample_mean != 0) && !books_may_know(header, block)) {
        thread_self.latest = 0;
        return (BooksTaken){0};
    }
    return books_take(header, block);
}

/* As books_replace. */
static inline void sample_replace(LedgerHeader *header, const BooksTaken *taken, const void *block,
                                  uint64_t size, const UnwindStart *start)
{
    if (sample_hits(size))
        books_replace(header, taken, block, size, thread_site(header, start));
    else
        books_leave(header, taken);
}

#endif
