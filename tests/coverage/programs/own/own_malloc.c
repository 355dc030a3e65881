/* A program with malloc, calloc, realloc and free of its own, linked in, that calls the C library's
 * reallocarray and strdup besides; it leaks. */
#include <stdlib.h>
#include <string.h>

static char heap[8 << 20] __attribute__((aligned(16)));
static size_t used;
static void *kept[20];

void *malloc(size_t bytes)
{
    size_t *block = (size_t *)(heap + used);
    used += ((bytes + 15) & ~(size_t)15) + 16;
    if (used > sizeof heap)
        abort();
    *block = bytes;
    return block + 2;
}

void free(void *block)
{
    if (block != NULL && ((char *)block < heap || (char *)block >= heap + sizeof heap))
        abort();
}

void *calloc(size_t count, size_t bytes)
{
    return memset(malloc(count * bytes), 0, count * bytes);
}

void *realloc(void *old, size_t bytes)
{
    void *block = malloc(bytes);
    size_t before = old != NULL ? ((size_t *)old)[-2] : 0;
    if (old != NULL)
        memcpy(block, old, before < bytes ? before : bytes);
    free(old);
    return block;
}

int main(void)
{
    free(strdup("text"));
    free(reallocarray(malloc(100), 50, 50));
    for (int i = 0; i < 20; i++) {
        kept[i] = malloc(100000);
#ifndef LEAKING
        free(kept[i]);
        used = 0;
#endif
    }
    return 0;
}
