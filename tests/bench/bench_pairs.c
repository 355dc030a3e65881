/* bench_pairs THREADS [PAIRS]: malloc and free of it at 24 frames, in as many threads; prints nanoseconds per
 * pair, so that a run alone and a run with something preloaded can be compared.
 *
 *   same      one call site, one stack
 *   varied    8 call sites below 64 stacks, 32 blocks alive */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { FRAMES = 22, ALIVE = 32, STACKS = 64 };

static long pairs = 2000000;

static double now_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

#define KEEP(pointer) __asm__ volatile("" : "+r"(pointer) : : "memory")
#define LEAF(number)                                                                                         \
    static __attribute__((noinline)) void *leaf##number(size_t size)                                         \
    {                                                                                                        \
        void *block = malloc(size);                                                                          \
        KEEP(block);                                                                                         \
        return block;                                                                                        \
    }
LEAF(0)
LEAF(1)
LEAF(2)
LEAF(3)
LEAF(4)
LEAF(5)
LEAF(6)
LEAF(7) static void *(*const leaves[])(size_t) = {leaf0, leaf1, leaf2, leaf3, leaf4, leaf5, leaf6, leaf7};

typedef struct {
    long left;
    void *alive[ALIVE];
} Work;

static __attribute__((noinline)) void same(Work *work)
{
    for (long i = 0; i < work->left; i++) {
        void *block = leaf0(48);
        KEEP(block);
        free(block);
    }
}

static __attribute__((noinline)) void varied(Work *work)
{
    for (int i = 0; i < 256; i++) {
        void **slot = &work->alive[i % ALIVE];
        free(*slot);
        *slot = leaves[i & 7](32 + (size_t)(i & 15) * 16);
    }
}

typedef void Deep(Work *work, unsigned path, int frames, void (*what)(Work *));
static Deep left, right;
#define DEEP(name)                                                                                           \
    static __attribute__((noinline)) void name(Work *work, unsigned path, int frames, void (*what)(Work *))  \
    {                                                                                                        \
        if (frames == 0)                                                                                     \
            what(work);                                                                                      \
        else                                                                                                 \
            (path & 1 ? left : right)(work, path >> 1, frames - 1, what);                                    \
        __asm__ volatile("" : : : "memory");                                                                 \
    }
DEEP(left)
DEEP(right)

static void *run_same(void *unused)
{
    Work work = {.left = pairs};
    left(&work, 0, FRAMES - 2, same);
    return unused;
}

static void *run_varied(void *unused)
{
    Work work = {0};
    for (long i = 0; i < pairs / 256; i++)
        right(&work, (unsigned)i % STACKS, FRAMES - 2, varied);
    for (int i = 0; i < ALIVE; i++)
        free(work.alive[i]);
    return unused;
}

static void bench(const char *name, int threads, void *(*run)(void *))
{
    pthread_t ids[64];
    double start = now_ns(CLOCK_MONOTONIC), cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID);
    if (threads == 1)
        run(NULL); /* no second thread was ever there */
    for (int i = 0; threads > 1 && i < threads; i++)
        pthread_create(&ids[i], NULL, run, NULL);
    for (int i = 0; threads > 1 && i < threads; i++)
        pthread_join(ids[i], NULL);
    printf("%s, threads %d: %.1f ns of time a pair, %.1f of CPU\n", name, threads,
           (now_ns(CLOCK_MONOTONIC) - start) / (double)pairs / threads,
           (now_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu) / (double)pairs / threads);
}

int main(int argc, char **argv)
{
    int threads = argc > 1 ? atoi(argv[1]) : 1;
    if (threads < 1 || threads > 64)
        return 2;
    if (argc > 2)
        pairs = atol(argv[2]);
    bench("same", threads, run_same);
    bench("varied", threads, run_varied);
    return 0;
}
