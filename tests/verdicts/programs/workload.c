/* A program of some twenty call sites whose behaviour is drawn from a seed: rings, caches, queues, sessions,
 * batches, buffers. All of it is healthy; a leak can be added at one of them or at a call site of its own.
 *
 *   workload SEED ITERATIONS [noise] [site=N] [every=N] [chance=PERCENT] [bytes=N]
 *
 * noise: sizes and lifetimes are drawn anew in each run, which is what differs from run to run. site: 0: a
 * call site of its own; N: that of the N-th. Without one of every and chance nothing leaks. */
#include <heapgate.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SITES = 20, HELD = 4096 };

typedef struct {
    uint64_t state;
} Dice;

static uint32_t roll(Dice *dice, uint32_t sides)
{
    dice->state = dice->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(dice->state >> 33) % sides;
}

#define SITE(n)                                                                                              \
    __attribute__((noinline)) static char *new_##n(size_t size)                                              \
    {                                                                                                        \
        char *block = malloc(size);                                                                          \
        if (block == NULL)                                                                                   \
            abort();                                                                                         \
        memset(block, n, size);                                                                              \
        return block;                                                                                        \
    }
SITE(1)
SITE(2) SITE(3) SITE(4) SITE(5) SITE(6) SITE(7) SITE(8) SITE(9) SITE(10) SITE(11) SITE(12) SITE(13) SITE(14)
    SITE(15) SITE(16) SITE(17) SITE(18) SITE(19) SITE(20)
        SITE(0) static char *(*const new_of[SITES + 1])(size_t) = {
            new_0,  new_1,  new_2,  new_3,  new_4,  new_5,  new_6,  new_7,  new_8,  new_9, new_10,
            new_11, new_12, new_13, new_14, new_15, new_16, new_17, new_18, new_19, new_20};

typedef enum { STATIC, RING, FILL, SESSION, BATCH, QUEUE, ONCE, DOUBLING, SCRATCH, KINDS } Kind;

typedef struct {
    Kind kind;
    int number;              /* of its call site */
    uint32_t capacity, rate; /* blocks held at most; blocks an iteration */
    uint32_t size, period;
    char *held[HELD];
    uint32_t dies[HELD]; /* of a session: the iteration */
    uint32_t at, count;
} Site;

static Site sites[SITES];
static Dice shape, fate; /* what the program is; what happens in it */
static char *volatile sink;

static size_t size_of(const Site *site, int noisy)
{
    return site->size + (noisy ? roll(&fate, 64) : 0);
}

static void shape_site(Site *site, int number, uint32_t iterations)
{
    site->kind = (Kind)roll(&shape, KINDS);
    site->number = number;
    site->size = 16 + 16 * roll(&shape, 20);
    site->rate = 1 + roll(&shape, 6);
    site->capacity = 1 + roll(&shape, 60);
    if (site->kind == RING) /* it is full when half of the run is over, and when it leaks ends can be seen */
        site->capacity = 1 + roll(&shape, site->rate * iterations / 4);
    if (site->kind == FILL)
        site->capacity = 1 + roll(&shape, site->rate * 3);
    site->period = 1 + roll(&shape, 5);
}

static void put(Site *site, uint32_t place, int noisy)
{
    free(site->held[place]);
    site->held[place] = new_of[site->number](size_of(site, noisy));
}

static void begin(Site *site, int noisy)
{
    uint32_t first = site->kind == STATIC || site->kind == QUEUE ? site->capacity : site->kind == DOUBLING;
    for (uint32_t i = 0; i < first; i++)
        put(site, i, noisy);
    site->count = first;
}

static void end_sessions(Site *site, uint32_t iteration)
{
    for (uint32_t i = 0; i < HELD; i++)
        if (site->held[i] != NULL && site->dies[i] <= iteration) {
            free(site->held[i]);
            site->held[i] = NULL;
        }
}

static void empty(Site *site)
{
    while (site->count > 0) {
        free(site->held[--site->count]);
        site->held[site->count] = NULL;
    }
}

static void iterate(Site *site, uint32_t iteration, int noisy)
{
    uint32_t rate = noisy ? 1 + roll(&fate, 2 * site->rate) : site->rate;
    switch (site->kind) {
    case RING:
        for (uint32_t i = 0; i < rate; i++)
            put(site, site->at++ % site->capacity, noisy);
        break;
    case FILL:
        for (uint32_t i = 0; i < rate && site->count < site->capacity; i++)
            put(site, site->count++, noisy);
        break;
    case SESSION:
        end_sessions(site, iteration);
        for (uint32_t i = 0; i < rate; i++) {
            uint32_t place = site->at++ % HELD;
            put(site, place, noisy);
            site->dies[place] = iteration + 1 + roll(&fate, site->period);
        }
        break;
    case BATCH:
        for (uint32_t i = 0; i < rate; i++)
            put(site, site->count++, noisy);
        if (iteration % site->period == 0)
            empty(site);
        break;
    case QUEUE:
        for (uint32_t i = 0; i < rate && site->count > 0; i++) {
            free(site->held[--site->count]);
            site->held[site->count] = NULL;
        }
        break;
    case ONCE:
        if (iteration == site->period)
            put(site, 0, noisy);
        break;
    case DOUBLING:
        site->at += site->rate;
        for (; site->count < site->at; site->count *= 2)
            sink = site->held[0] = realloc(site->held[0], site->count * 2 * (size_t)16);
        break;
    case SCRATCH:
        for (uint32_t i = 0; i < rate; i++)
            put(site, i % site->capacity, noisy);
        for (uint32_t i = 0; i < site->capacity; i++) {
            free(site->held[i]);
            site->held[i] = NULL;
        }
        break;
    default:
        break;
    }
}

static uint32_t option(int argc, char **argv, const char *name, uint32_t otherwise)
{
    for (int i = 3; i < argc; i++)
        if (strncmp(argv[i], name, strlen(name)) == 0 && argv[i][strlen(name)] == '=')
            return (uint32_t)strtoul(argv[i] + strlen(name) + 1, NULL, 10);
    return otherwise;
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    uint32_t seed = (uint32_t)strtoul(argv[1], NULL, 10), iterations = (uint32_t)strtoul(argv[2], NULL, 10);
    int noisy = argc > 3 && strcmp(argv[3], "noise") == 0;
    uint32_t leak_site = option(argc, argv, "site", 0) % (SITES + 1), every = option(argc, argv, "every", 0);
    uint32_t chance = option(argc, argv, "chance", 0), bytes = option(argc, argv, "bytes", 16);
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    shape.state = seed * UINT64_C(0x9e3779b97f4a7c15);
    fate.state = noisy ? (uint64_t)now.tv_nsec * 2654435761U + (uint64_t)now.tv_sec : seed;
    Dice leak = {seed + 77};
    for (int i = 0; i < SITES; i++)
        shape_site(&sites[i], i + 1, iterations);
    for (int i = 0; i < SITES; i++)
        begin(&sites[i], noisy);
    for (uint32_t iteration = 1; iteration <= iterations; iteration++) {
        for (int i = 0; i < SITES; i++)
            iterate(&sites[i], iteration, noisy);
        if ((every > 0 && iteration % every == 0) || (chance > 0 && roll(&leak, 100) < chance))
            sink = new_of[leak_site](bytes);
        heapgate_iteration();
    }
    heapgate_mark("end");
    return 0;
}
