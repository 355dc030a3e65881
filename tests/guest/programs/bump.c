/* An allocator that a signal handler may enter at any instant: it only ever hands out. Preloaded after the
 * tracer, it is the real allocator. Small blocks lie 8 bytes apart, unlike glibc's. */
#include <errno.h>
#include <stddef.h>
#include <string.h>

enum { ROOM = 1 << 30 };
static char room[ROOM] __attribute__((aligned(4096)));
static size_t used;

void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *realloc(void *block, size_t size);
void free(void *block);
void *memalign(size_t alignment, size_t size);
void *aligned_alloc(size_t alignment, size_t size);
int posix_memalign(void **block, size_t alignment, size_t size);
size_t bump_used(void);

static void *take(size_t alignment, size_t size)
{
    size_t at = __atomic_load_n(&used, __ATOMIC_RELAXED), start;
    do {
        start = (at + alignment - 1) & ~(alignment - 1);
        if (size > ROOM - start) {
            errno = ENOMEM;
            return NULL;
        }
    } while (!__atomic_compare_exchange_n(&used, &at, start + size, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    return room + start;
}

void *malloc(size_t size)
{
    size_t whole = size <= 8 ? 8 : (size + 15) & ~(size_t)15;
    return take(whole == 8 ? 8 : 16, whole);
}

void *memalign(size_t alignment, size_t size)
{
    return take(alignment, size);
}

/* By way of the function that others interpose: they hear of the block twice. */
void *aligned_alloc(size_t alignment, size_t size)
{
    return memalign(alignment, size);
}

int posix_memalign(void **block, size_t alignment, size_t size)
{
    *block = take(alignment, size);
    return *block != NULL ? 0 : ENOMEM;
}

void *calloc(size_t count, size_t size)
{
    return take(16, count * size);
}

void *realloc(void *block, size_t size)
{
    char *fresh = take(16, size);
    size_t room_left = block != NULL ? (size_t)(room + ROOM - (char *)block) : 0;
    if (fresh != NULL && block != NULL)
        memmove(fresh, block, size < room_left ? size : room_left);
    return fresh;
}

void free(void *block)
{
    (void)block;
}
