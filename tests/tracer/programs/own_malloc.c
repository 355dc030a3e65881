/* A program with a malloc of its own: nothing that is preloaded sees it. */
#include <stddef.h>
#include <stdio.h>

void *malloc(size_t size);
void free(void *block);
void *calloc(size_t count, size_t size);
void *realloc(void *block, size_t size);

static char room[1 << 20] __attribute__((aligned(16)));
static size_t used;

void *malloc(size_t size)
{
    used += (size + 31) & ~(size_t)15;
    return room + used - ((size + 15) & ~(size_t)15);
}

void free(void *block)
{
    (void)block;
}

void *calloc(size_t count, size_t size)
{
    return malloc(count * size);
}

void *realloc(void *block, size_t size)
{
    char *fresh = malloc(size), *old = block;
    for (size_t i = 0; old != NULL && i < size; i++)
        fresh[i] = old[i];
    return fresh;
}

int main(void)
{
    printf("%d\n", malloc(100) != NULL);
    return 0;
}
