/* Each function of an allocator with the books in front. Every promise is the real function's: errno,
 * alignments, zero sizes, overflow; ours is only that nothing is added to them. to: whose; start: where the
 * program's call was made. */
#ifndef HEAPGATE_GUEST_MALLOC_BOOKED_H
#define HEAPGATE_GUEST_MALLOC_BOOKED_H

#include <errno.h>

#include "books/audit.h"
#include "python/python_code.h"
#include "python/python_memory.h"
#include "real.h"
#include "books/sample.h"

/* NULL also where Python's allocator asks: what it makes of it is booked. */
static inline LedgerHeader *booked_ledger(uintptr_t sp)
{
    return python_memory_is_inside(sp) ? NULL : guest_ledger();
}

static inline size_t booked_size(const Real *to, size_t size)
{
    return LIKELY(size >= to->least) ? size : to->least;
}

/* realloc of a block to nothing frees it. */
static inline void *booked_real_resize(const Real *to, void *block, size_t size)
{
    return to->realloc(block, block != NULL && size == 0 ? 0 : booked_size(to, size));
}

static inline void *booked_enter(LedgerHeader *header, void *block, size_t size, const UnwindStart *start)
{
    if (LIKELY(block != NULL) && LIKELY(header != NULL))
        sample_enter(header, block, size, start);
    return block;
}

static inline void *booked_malloc(const Real *to, size_t size, const UnwindStart *start)
{
    LedgerHeader *header = booked_ledger(start->sp);
    return booked_enter(header, to->malloc(booked_size(to, size)), size, start);
}

static inline void *booked_calloc(const Real *to, size_t count, size_t size, const UnwindStart *start)
{
    LedgerHeader *header = booked_ledger(start->sp);
    size_t bytes;
    bool too_small = !__builtin_mul_overflow(count, size, &bytes) && bytes < to->least;
    void *block = UNLIKELY(too_small) ? to->calloc(1, to->least) : to->calloc(count, size);
    return booked_enter(header, block, bytes, start);
}

/* The record is out while the real function runs: the old address may be another thread's before it returns.
 */
static inline void *booked_resize(const Real *to, LedgerHeader *header, void *old, size_t size,
                                  const UnwindStart *start)
{
    BooksTaken taken = sample_take(header, old);
    python_code_freed(old, taken.size);
    void *block = booked_real_resize(to, old, size);
    if (LIKELY(block != NULL))
        sample_replace(header, &taken, block, size, start);
    else if (size == 0)
        books_leave(header, &taken); /* it was freed */
    else
        books_return(&taken);
    return block;
}

static inline void *booked_realloc(const Real *to, void *old, size_t size, const UnwindStart *start)
{
    LedgerHeader *header = booked_ledger(start->sp);
    if (old == NULL || UNLIKELY(header == NULL))
        return booked_enter(header, booked_real_resize(to, old, size), size, start);
    return booked_resize(to, header, old, size, start);
}

static inline void *booked_reallocarray(const Real *to, void *old, size_t count, size_t size,
                                        const UnwindStart *start)
{
    size_t bytes;
    if (UNLIKELY(real_is_passed))
        return to->reallocarray(old, count, size); /* by the program's own realloc */
    if (__builtin_mul_overflow(count, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    return booked_realloc(to, old, bytes, start);
}

/* sp: of the function that the program called. */
static inline void booked_forget(void *block, uintptr_t sp)
{
    LedgerHeader *header = booked_ledger(sp);
    if (UNLIKELY(header == NULL))
        return;
    BooksTaken taken = sample_take(header, block);
    python_code_freed(block, taken.size);
    books_leave(header, &taken);
}

static inline void booked_free(const Real *to, void *block, uintptr_t sp)
{
    if (block == NULL)
        return;
    booked_forget(block, sp);
    to->free(block);
}

static inline void *booked_memalign(const Real *to, size_t alignment, size_t size, const UnwindStart *start)
{
    LedgerHeader *header = booked_ledger(start->sp);
    audit_aligned(alignment);
    return booked_enter(header, to->memalign(alignment, booked_size(to, size)), size, start);
}

static inline void *booked_aligned_alloc(const Real *to, size_t alignment, size_t size,
                                         const UnwindStart *start)
{
    LedgerHeader *header = booked_ledger(start->sp);
    audit_aligned(alignment);
    return booked_enter(header, to->aligned_alloc(alignment, booked_size(to, size)), size, start);
}

static inline int booked_posix_memalign(const Real *to, void **block, size_t alignment, size_t size,
                                        const UnwindStart *start)
{
    LedgerHeader *header = booked_ledger(start->sp);
    audit_aligned(alignment);
    int result = to->posix_memalign(block, alignment, booked_size(to, size));
    if (LIKELY(result == 0))
        booked_enter(header, *block, size, start);
    return result;
}

static inline void *booked_valloc(const Real *to, size_t size, const UnwindStart *start)
{
    LedgerHeader *header = booked_ledger(start->sp);
    return booked_enter(header, to->valloc(booked_size(to, size)), size, start);
}

static inline void *booked_pvalloc(const Real *to, size_t size, const UnwindStart *start)
{
    LedgerHeader *header = booked_ledger(start->sp);
    return booked_enter(header, to->pvalloc(booked_size(to, size)), size, start);
}

#endif
