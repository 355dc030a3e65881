/* A program with a malloc of its own: nothing that is preloaded sees it. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void *malloc(size_t size);
void free(void *block);
void *calloc(size_t count, size_t size);
void *realloc(void *block, size_t size);
void *reallocarray(void *block, size_t count, size_t size);
void *aligned_alloc(size_t alignment, size_t size);
int posix_memalign(void **block, size_t alignment, size_t size);

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

static int is_own(const void *block)
{
    return (const char *)block >= room && (const char *)block < room + sizeof room;
}

/* What it does not define is the C library's, which calls the program's. */
static void print_others(void)
{
    void *block = NULL;
    char *text = malloc(100);
    strcpy(text, "whole");
    text = reallocarray(text, 30, 10);
    printf("%s %d", text, is_own(text));
    printf(" %d", is_own(strdup("text")));
    printf(" %d %d\n", posix_memalign(&block, 64, 1000), aligned_alloc(64, 128) != NULL);
}

int main(int argc, char **argv)
{
    printf("%d\n", malloc(100) != NULL);
    print_others();
    if (argc > 1) {
        fflush(stdout);
        execv(argv[1], argv + 1);
    }
    return argc > 1;
}
