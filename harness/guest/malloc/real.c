#include <errno.h>

#include "real.h"

const RealName real_names[REAL_NAMES] = {
    {"malloc", offsetof(Real, malloc)},
    {"calloc", offsetof(Real, calloc)},
    {"realloc", offsetof(Real, realloc)},
    {"reallocarray", offsetof(Real, reallocarray)},
    {"free", offsetof(Real, free)},
    {"memalign", offsetof(Real, memalign)},
    {"aligned_alloc", offsetof(Real, aligned_alloc)},
    {"posix_memalign", offsetof(Real, posix_memalign)},
    {"valloc", offsetof(Real, valloc)},
    {"pvalloc", offsetof(Real, pvalloc)},
};

/* Whoever calls first looks for them: these stand in their places until then, and where there is none. */
#define FOUND(name) (real_open(), LIKELY(real.name != first_##name))

static void *none(void)
{
    errno = ENOMEM;
    return NULL;
}

static void *first_malloc(size_t size)
{
    return FOUND(malloc) ? real.malloc(size) : none();
}

static void *first_calloc(size_t count, size_t size)
{
    return FOUND(calloc) ? real.calloc(count, size) : none();
}

static void *first_realloc(void *block, size_t size)
{
    return FOUND(realloc) ? real.realloc(block, size) : none();
}

static void *first_reallocarray(void *block, size_t count, size_t size)
{
    return FOUND(reallocarray) ? real.reallocarray(block, count, size) : none();
}

static void first_free(void *block)
{
    if (FOUND(free))
        real.free(block);
}

static void *first_memalign(size_t alignment, size_t size)
{
    return FOUND(memalign) ? real.memalign(alignment, size) : none();
}

static void *first_aligned_alloc(size_t alignment, size_t size)
{
    return FOUND(aligned_alloc) ? real.aligned_alloc(alignment, size) : none();
}

static int first_posix_memalign(void **block, size_t alignment, size_t size)
{
    return FOUND(posix_memalign) ? real.posix_memalign(block, alignment, size) : ENOMEM;
}

static void *first_valloc(size_t size)
{
    return FOUND(valloc) ? real.valloc(size) : none();
}

static void *first_pvalloc(size_t size)
{
    return FOUND(pvalloc) ? real.pvalloc(size) : none();
}

Real real = {
    .malloc = first_malloc,
    .calloc = first_calloc,
    .realloc = first_realloc,
    .reallocarray = first_reallocarray,
    .free = first_free,
    .memalign = first_memalign,
    .aligned_alloc = first_aligned_alloc,
    .posix_memalign = first_posix_memalign,
    .valloc = first_valloc,
    .pvalloc = first_pvalloc,
};
const Object *real_object;
bool real_is_passed;

void real_of(Real *self, const Object *object)
{
    for (int i = 0; i < REAL_NAMES; i++)
        *real_place(self, &real_names[i]) = object_find(object, real_names[i].name);
    self->least = object_find(object, "gnu_get_libc_version") != NULL ? 0 : 1 << LEDGER_GRANULE_SHIFT;
}

/* An executable that defines one of these never calls ours, or hands us blocks of its own. One that only
 * takes malloc's address may stand for it in name, by an entry that defines nothing. */
static bool stands_before(const Object *own)
{
    static const char *const names[] = {"malloc", "calloc", "realloc", "free"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (objects_find(objects_first(), own, names[i], NULL) != NULL)
            return true;
    return false;
}

static bool looked;

/* All of one library, whose blocks do not mix with another's. What it does not have is the next one's, as it
 * would be without the tracer. */
void real_open(void)
{
    if (looked)
        return;
    const Object *own = objects_own(), *allocator = NULL, *next = own != NULL ? own->l_next : NULL;
    objects_find(next, NULL, "malloc", &allocator);
    if (allocator == NULL)
        return;
    Real found;
    bool passed = stands_before(own);
    real_of(&found, allocator);
    for (int i = 0; i < REAL_NAMES; i++) {
        void **place = real_place(&found, &real_names[i]);
        if (passed || *place == NULL)
            *place = objects_find(next, NULL, real_names[i].name, NULL);
        if (*place == NULL)
            *place = *real_place(&real, &real_names[i]);
    }
    if (passed)
        found.least = 0;
    real = found;
    real_object = passed ? NULL : allocator;
    real_is_passed = passed;
    __atomic_store_n(&looked, true, __ATOMIC_RELEASE);
}
