/* storm THREADS OPERATIONS [end|forever]: threads that allocate, resize and free each other's blocks through
 * a shared table, each block from one of a few call sites, and a program that knows at the end what of each
 * is there. forever: until it is killed. end: the mark "end" is set while the storm goes on. */
#include <heapgate.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SITES = 4, SITE_BYTES = 64, SLOTS = 512, THREADS = 64 };

/* What a block knows of itself; at its head. */
typedef struct {
    uint32_t site;
    uint32_t size;
} Block;

typedef Block *Allocate(Block *old, size_t size);

#define SITE(name, call)                                                                                     \
    static __attribute__((noinline, section("sites"), aligned(SITE_BYTES))) Block *name(Block *old,          \
                                                                                        size_t size)         \
    {                                                                                                        \
        Block *block = call;                                                                                 \
        __asm__ volatile("" : "+r"(block));                                                                  \
        return block;                                                                                        \
    }
SITE(by_malloc, ((void)old, malloc(size)))
SITE(by_calloc, ((void)old, calloc(1, size)))
SITE(by_memalign, ((void)old, aligned_alloc(64, size)))
SITE(by_realloc, realloc(old, size))
static Allocate *const allocate[SITES] = {by_malloc, by_calloc, by_memalign, by_realloc};
static const char *const names[SITES] = {"by_malloc", "by_calloc", "by_memalign", "by_realloc"};
static _Atomic(Block *) slots[SLOTS];
static long operations;

static uint64_t random_next(uint64_t *state)
{
    *state ^= *state << 13, *state ^= *state >> 7, *state ^= *state << 17;
    return *state;
}

static size_t random_size(uint64_t random)
{
    size_t size = 16 + random % 200;
    return random % 64 == 0 ? size * 97 : random % 4096 == 0 ? size * 4099 : size;
}

static void step(uint64_t *random)
{
    uint64_t dice = random_next(random);
    size_t size = random_size(random_next(random)), slot = dice % SLOTS;
    Block *old = atomic_exchange(&slots[slot], NULL), *block = NULL;
    uint32_t site = dice >> 20 & 3;
    if (old != NULL && (site != 3 || dice >> 30 & 1)) {
        free(old);
        old = NULL;
    }
    if (dice >> 31 & 1 || old != NULL) {
        site = old != NULL ? 3 : site;
        block = allocate[site](old, size);
        *block = (Block){site, (uint32_t)size};
    }
    block = atomic_exchange(&slots[slot], block);
    free(block);
}

static void *storm(void *seed)
{
    uint64_t random = 88172645463325252u + (uintptr_t)seed * 7919;
    for (long i = 0; i < operations || operations < 0; i++)
        step(&random);
    return NULL;
}

int main(int argc, char **argv)
{
    int threads = argc > 1 ? atoi(argv[1]) : 4;
    int forever = argc > 3 && strcmp(argv[3], "forever") == 0;
    operations = forever ? -1 : argc > 2 ? atol(argv[2]) : 100000;
    pthread_t ids[THREADS];
    for (intptr_t i = 0; i < threads; i++)
        pthread_create(&ids[i], NULL, storm, (void *)i);
    if (argc > 3 && strcmp(argv[3], "end") == 0)
        for (int i = 0; i < 5; i++)
            heapgate_mark("end");
    for (int i = 0; i < threads; i++)
        pthread_join(ids[i], NULL);
    uint64_t bytes[SITES] = {0}, blocks[SITES] = {0};
    for (int i = 0; i < SLOTS; i++)
        if (slots[i] != NULL) {
            bytes[slots[i]->site] += slots[i]->size;
            blocks[slots[i]->site]++;
        }
    for (int i = 0; i < SITES; i++)
        dprintf(1, "%s %lx %lx %lu %lu\n", names[i], (long)allocate[i], (long)allocate[i] + SITE_BYTES,
                bytes[i], blocks[i]);
    _exit(0);
}
