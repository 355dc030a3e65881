#include "foreign.h"

#include "booked.h"

enum { FOREIGN = 4 };
static Real foreign[FOREIGN];

#define FRONTS(n)                                                                                            \
    static void *malloc_##n(size_t size)                                                                     \
    {                                                                                                        \
        UnwindStart start = unwind_start_here();                                                             \
        return booked_malloc(&foreign[n], size, &start);                                                     \
    }                                                                                                        \
    static void *calloc_##n(size_t count, size_t size)                                                       \
    {                                                                                                        \
        UnwindStart start = unwind_start_here();                                                             \
        return booked_calloc(&foreign[n], count, size, &start);                                              \
    }                                                                                                        \
    static void *realloc_##n(void *block, size_t size)                                                       \
    {                                                                                                        \
        UnwindStart start = unwind_start_here();                                                             \
        return booked_realloc(&foreign[n], block, size, &start);                                             \
    }                                                                                                        \
    static void *reallocarray_##n(void *block, size_t count, size_t size)                                    \
    {                                                                                                        \
        UnwindStart start = unwind_start_here();                                                             \
        return booked_reallocarray(&foreign[n], block, count, size, &start);                                 \
    }                                                                                                        \
    static void free_##n(void *block)                                                                        \
    {                                                                                                        \
        booked_free(&foreign[n], block, (uintptr_t)__builtin_frame_address(0));                              \
    }                                                                                                        \
    static void *memalign_##n(size_t alignment, size_t size)                                                 \
    {                                                                                                        \
        UnwindStart start = unwind_start_here();                                                             \
        return booked_memalign(&foreign[n], alignment, size, &start);                                        \
    }                                                                                                        \
    static void *aligned_alloc_##n(size_t alignment, size_t size)                                            \
    {                                                                                                        \
        UnwindStart start = unwind_start_here();                                                             \
        return booked_aligned_alloc(&foreign[n], alignment, size, &start);                                   \
    }                                                                                                        \
    static int posix_memalign_##n(void **block, size_t alignment, size_t size)                               \
    {                                                                                                        \
        UnwindStart start = unwind_start_here();                                                             \
        return booked_posix_memalign(&foreign[n], block, alignment, size, &start);                           \
    }                                                                                                        \
    static void *valloc_##n(size_t size)                                                                     \
    {                                                                                                        \
        UnwindStart start = unwind_start_here();                                                             \
        return booked_valloc(&foreign[n], size, &start);                                                     \
    }                                                                                                        \
    static void *pvalloc_##n(size_t size)                                                                    \
    {                                                                                                        \
        UnwindStart start = unwind_start_here();                                                             \
        return booked_pvalloc(&foreign[n], size, &start);                                                    \
    }
FRONTS(0)
FRONTS(1)
FRONTS(2)
FRONTS(3)

static Real fronts[FOREIGN] = {
#define FRONT(n)                                                                                             \
    {                                                                                                        \
        malloc_##n, calloc_##n, realloc_##n, reallocarray_##n, free_##n, memalign_##n, aligned_alloc_##n,    \
            posix_memalign_##n, valloc_##n, pvalloc_##n, 0                                                   \
    }
    FRONT(0), FRONT(1), FRONT(2), FRONT(3)};

static bool real_is_same(const Real *self, const Real *other)
{
    return self->malloc == other->malloc && self->free == other->free && self->realloc == other->realloc;
}

/* One whose object is gone: nothing that is loaded refers to it. */
static bool is_gone(Real *self)
{
    return objects_at((void *)self->malloc) == NULL && objects_at((void *)self->free) == NULL;
}

/* Its number; -1: it is no allocator, or there is no room. */
static int foreign_number(const Object *object)
{
    Real found = {0};
    real_of(&found, object);
    if (found.malloc == NULL || found.free == NULL)
        return -1;
    for (int i = 0; i < FOREIGN; i++)
        if (real_is_same(&foreign[i], &found))
            return i;
    for (int i = 0; i < FOREIGN; i++)
        if (is_gone(&foreign[i])) {
            foreign[i] = found;
            return i;
        }
    return -1;
}

void *foreign_front(const Object *object, int name, const void *function)
{
    int number = foreign_number(object);
    return number >= 0 && *real_place(&foreign[number], &real_names[name]) == function
               ? *real_place(&fronts[number], &real_names[name])
               : NULL;
}

bool foreign_used(void)
{
    return foreign[0].malloc != NULL;
}
