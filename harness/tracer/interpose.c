/* The allocation functions in the program's place. Every promise is the real function's: errno, alignments,
 * zero sizes, overflow; ours is only that nothing is added to them. */
#include <errno.h>

#include "python_code.h"
#include "python_memory.h"
#include "real.h"
#include "sample.h"

/* Declared here rather than by their headers, whose attributes would let the compiler look through them. */
GUEST_EXPORT void *malloc(size_t size);
GUEST_EXPORT void *calloc(size_t count, size_t size);
GUEST_EXPORT void *realloc(void *block, size_t size);
GUEST_EXPORT void *reallocarray(void *block, size_t count, size_t size);
GUEST_EXPORT void free(void *block);
GUEST_EXPORT void cfree(void *block);
GUEST_EXPORT void *memalign(size_t alignment, size_t size);
GUEST_EXPORT void *aligned_alloc(size_t alignment, size_t size);
GUEST_EXPORT int posix_memalign(void **block, size_t alignment, size_t size);
GUEST_EXPORT void *valloc(size_t size);
GUEST_EXPORT void *pvalloc(size_t size);

/* NULL also where Python's allocator asks: what it makes of it is booked. */
static inline LedgerHeader *ledger_for(uintptr_t sp)
{
    return python_memory_is_inside(sp) ? NULL : guest_ledger();
}

static inline size_t at_least(size_t size)
{
    return LIKELY(size >= real.least) ? size : real.least;
}

/* realloc of a block to nothing frees it. */
static inline void *real_resize(void *block, size_t size)
{
    return real.realloc(block, block != NULL && size == 0 ? 0 : at_least(size));
}

static inline void *entered(LedgerHeader *header, void *block, size_t size, const UnwindStart *start)
{
    if (LIKELY(block != NULL) && LIKELY(header != NULL))
        sample_enter(header, block, size, start);
    return block;
}

void *malloc(size_t size)
{
    UnwindStart start = unwind_start_here();
    LedgerHeader *header = ledger_for(start.sp);
    return entered(header, real.malloc(at_least(size)), size, &start);
}

void *calloc(size_t count, size_t size)
{
    UnwindStart start = unwind_start_here();
    LedgerHeader *header = ledger_for(start.sp);
    size_t bytes;
    bool too_small = !__builtin_mul_overflow(count, size, &bytes) && bytes < real.least;
    void *block = UNLIKELY(too_small) ? real.calloc(1, real.least) : real.calloc(count, size);
    return entered(header, block, bytes, &start);
}

/* The record is out while the real function runs: the old address may be another thread's before it returns.
 */
static void *resize(LedgerHeader *header, void *old, size_t size, const UnwindStart *start)
{
    BooksTaken taken = sample_take(header, old);
    python_code_freed(old, taken.size);
    void *block = real_resize(old, size);
    if (LIKELY(block != NULL))
        sample_replace(header, &taken, block, size, start);
    else if (size == 0)
        books_leave(header, &taken); /* it was freed */
    else
        books_return(&taken);
    return block;
}

void *realloc(void *old, size_t size)
{
    UnwindStart start = unwind_start_here();
    LedgerHeader *header = ledger_for(start.sp);
    if (old == NULL || UNLIKELY(header == NULL))
        return entered(header, real_resize(old, size), size, &start);
    return resize(header, old, size, &start);
}

void *reallocarray(void *old, size_t count, size_t size)
{
    UnwindStart start = unwind_start_here();
    LedgerHeader *header = ledger_for(start.sp);
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    if (old == NULL || UNLIKELY(header == NULL))
        return entered(header, real_resize(old, bytes), bytes, &start);
    return resize(header, old, bytes, &start);
}

void free(void *block)
{
    if (block == NULL)
        return;
    LedgerHeader *header = ledger_for((uintptr_t)__builtin_frame_address(0));
    if (LIKELY(header != NULL)) {
        BooksTaken taken = sample_take(header, block);
        python_code_freed(block, taken.size);
        books_leave(header, &taken);
    }
    real.free(block);
}

/* Gone from glibc's headers, but old programs are linked to it. */
void cfree(void *block)
{
    free(block);
}

void *memalign(size_t alignment, size_t size)
{
    UnwindStart start = unwind_start_here();
    LedgerHeader *header = ledger_for(start.sp);
    return entered(header, real.memalign(alignment, at_least(size)), size, &start);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    UnwindStart start = unwind_start_here();
    LedgerHeader *header = ledger_for(start.sp);
    return entered(header, real.aligned_alloc(alignment, at_least(size)), size, &start);
}

int posix_memalign(void **block, size_t alignment, size_t size)
{
    UnwindStart start = unwind_start_here();
    LedgerHeader *header = ledger_for(start.sp);
    int result = real.posix_memalign(block, alignment, at_least(size));
    if (LIKELY(result == 0))
        entered(header, *block, size, &start);
    return result;
}

void *valloc(size_t size)
{
    UnwindStart start = unwind_start_here();
    LedgerHeader *header = ledger_for(start.sp);
    return entered(header, real.valloc(at_least(size)), size, &start);
}

void *pvalloc(size_t size)
{
    UnwindStart start = unwind_start_here();
    LedgerHeader *header = ledger_for(start.sp);
    return entered(header, real.pvalloc(at_least(size)), size, &start);
}
