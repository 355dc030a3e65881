/* Pools that say what they hand out. Each way says what is to be in the books: bytes and blocks of the heap,
 * peak, bytes mapped, blocks that had no room, frees of what was never seen. */
#include <heapgate.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { PAGE = 4096, SLAB = 64 * PAGE };

static int expect(long bytes, long blocks, long peak, long mapped, long crowded)
{
    printf("%ld %ld %ld %ld %ld\n", bytes, blocks, peak, mapped, crowded);
    return 0;
}

static char *map_slab(void)
{
    char *slab = mmap(NULL, SLAB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (slab == MAP_FAILED)
        abort();
    heapgate_slab(slab, SLAB);
    return slab;
}

static void take(char *slab, int from, int to, int size)
{
    for (int i = from; i < to; i++)
        heapgate_block_taken(slab + i * size, (size_t)size - 1);
}

static void give_back(char *slab, int from, int to, int size)
{
    for (int i = from; i < to; i++)
        heapgate_block_given_back(slab + i * size);
}

static int way_over_mmap(void)
{
    char *slab = map_slab();
    take(slab, 0, 100, 64);
    give_back(slab, 10, 90, 64);
    take(slab, 20, 30, 64);
    heapgate_block_resized(slab, 63, 40);
    return expect(29 * 63 + 40, 30, 100 * 63, SLAB, 0);
}

/* Of the slab only whole pages are mapped; its blocks are apart from it, the first one at its very beginning.
 */
static int way_over_malloc(void)
{
    char *slab = malloc(SLAB);
    heapgate_slab(slab, SLAB);
    take(slab, 0, 100, 128);
    give_back(slab, 0, 50, 128);
    return expect(50 * 127, 50, SLAB, SLAB - PAGE, 0);
}

static int way_slab_freed(void)
{
    for (int i = 0; i < 10; i++) {
        char *slab = malloc(SLAB), *small = malloc(2000);
        heapgate_slab(slab, SLAB);
        heapgate_slab(small, 2000);
        take(slab, 0, 100, 128);
        take(small, 0, 10, 128);
        give_back(slab, 0, 100, 128);
        give_back(small, 0, 10, 128);
        slab = realloc(slab, 2 * SLAB);
        free(slab);
        free(small);
    }
    return expect(0, 0, 2 * SLAB, 0, 0);
}

static int way_crowded(void)
{
    char *slab = map_slab();
    take(slab, 0, 32, 16);
    return expect(16 * 15, 16, 16 * 15, SLAB, 16);
}

static int way_twice(void)
{
    char *slab = map_slab();
    take(slab, 0, 10, 64);
    take(slab, 0, 10, 64);
    return expect(10 * 63, 10, 10 * 63, SLAB, 10);
}

static const struct {
    const char *name;
    int (*go)(void);
} ways[] = {
    {"over_mmap", way_over_mmap},   {"over_malloc", way_over_malloc},
    {"slab_freed", way_slab_freed}, {"crowded", way_crowded},
    {"twice", way_twice},
};

int main(int argc, char **argv)
{
    static char buffer[256];
    setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    for (size_t i = 0; argc > 1 && i < sizeof ways / sizeof *ways; i++)
        if (strcmp(ways[i].name, argv[1]) == 0)
            return ways[i].go();
    return 2;
}
