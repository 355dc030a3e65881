/* The C functions. Each is also known by the other names under which glibc exports it. */
#include "booked.h"
#include "interpose.h"

void *malloc(size_t size)
{
    UnwindStart start = unwind_start_here();
    return booked_malloc(&real, size, &start);
}

void *calloc(size_t count, size_t size)
{
    UnwindStart start = unwind_start_here();
    return booked_calloc(&real, count, size, &start);
}

void *realloc(void *block, size_t size)
{
    UnwindStart start = unwind_start_here();
    return booked_realloc(&real, block, size, &start);
}

void *reallocarray(void *block, size_t count, size_t size)
{
    UnwindStart start = unwind_start_here();
    return booked_reallocarray(&real, block, count, size, &start);
}

void free(void *block)
{
    booked_free(&real, block, (uintptr_t)__builtin_frame_address(0));
}

/* C23's promise more than is needed: a small block may have been asked for at another size. */
void free_sized(void *block, size_t size)
{
    (void)size;
    booked_free(&real, block, (uintptr_t)__builtin_frame_address(0));
}

void free_aligned_sized(void *block, size_t alignment, size_t size)
{
    (void)alignment, (void)size;
    booked_free(&real, block, (uintptr_t)__builtin_frame_address(0));
}

void *memalign(size_t alignment, size_t size)
{
    UnwindStart start = unwind_start_here();
    return booked_memalign(&real, alignment, size, &start);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    UnwindStart start = unwind_start_here();
    return booked_aligned_alloc(&real, alignment, size, &start);
}

int posix_memalign(void **block, size_t alignment, size_t size)
{
    UnwindStart start = unwind_start_here();
    return booked_posix_memalign(&real, block, alignment, size, &start);
}

void *valloc(size_t size)
{
    UnwindStart start = unwind_start_here();
    return booked_valloc(&real, size, &start);
}

void *pvalloc(size_t size)
{
    UnwindStart start = unwind_start_here();
    return booked_pvalloc(&real, size, &start);
}

#if __has_attribute(copy)
#define AS(name) alias(#name), copy(name)
#else
#define AS(name) alias(#name)
#endif
#define ALSO(name, other) GUEST_EXPORT __typeof__(name) other __attribute__((AS(name)))
ALSO(malloc, __libc_malloc);
ALSO(calloc, __libc_calloc);
ALSO(realloc, __libc_realloc);
ALSO(free, __libc_free);
ALSO(memalign, __libc_memalign);
ALSO(valloc, __libc_valloc);
ALSO(pvalloc, __libc_pvalloc);
ALSO(posix_memalign, __posix_memalign);
/* Gone from glibc's headers, but old programs are linked to them. */
ALSO(free, cfree);
ALSO(free, __libc_cfree);
