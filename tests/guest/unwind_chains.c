#include "unwind_chains.h"

#include <alloca.h>
#include <stdlib.h>

typedef unsigned (*Step)(unsigned depth, unsigned path, ChainEnd end, void *data);

static unsigned go(unsigned depth, unsigned path, ChainEnd end, void *data);

#define STEP(name, bytes)                                                                                    \
    static __attribute__((noinline)) unsigned name(unsigned depth, unsigned path, ChainEnd end, void *data)  \
    {                                                                                                        \
        volatile char room[bytes];                                                                           \
        room[0] = (char)depth;                                                                               \
        unsigned a = depth * 3, b = path ^ a;                                                                \
        if (path & 4)                                                                                        \
            b += go(depth, path, end, data);                                                                 \
        else                                                                                                 \
            a ^= go(depth, path, end, data);                                                                 \
        return a + b + (unsigned)room[0];                                                                    \
    }
STEP(step_small, 16)
STEP(step_middle, 72)
STEP(step_large, 200)
STEP(step_other, 40)

static inline __attribute__((always_inline)) unsigned go(unsigned depth, unsigned path, ChainEnd end,
                                                         void *data)
{
    static const Step steps[] = {step_small, step_middle, step_large, step_other};
    if (depth > 0)
        return steps[path & 3](depth - 1, path >> 3 | path << 29, end, data) + 1;
    end(data);
    return 1;
}

__attribute__((noinline)) unsigned chain_mixed(unsigned depth, unsigned path, ChainEnd end, void *data)
{
    return go(depth, path, end, data) + 1;
}

__attribute__((noinline)) unsigned chain_alloca(unsigned depth, unsigned path, ChainEnd end, void *data)
{
    volatile char *room = alloca(path % 777 + 1);
    room[0] = 1;
    unsigned sum =
        depth == 0 ? chain_mixed(3, path, end, data) : chain_alloca(depth - 1, path * 5 + 1, end, data);
    return sum + (unsigned)room[0];
}

__attribute__((noinline, force_align_arg_pointer)) static unsigned
realigned_entry(unsigned depth, unsigned path, ChainEnd end, void *data)
{
    return chain_realigned(depth, path, end, data) + 1;
}

__attribute__((noinline)) static unsigned realigned_alloca(unsigned depth, unsigned path, ChainEnd end,
                                                           void *data)
{
    volatile char room[64] __attribute__((aligned(128)));
    volatile char *more = alloca(path % 333 + 1);
    room[path % 64] = more[0] = 1;
    return realigned_entry(depth, path * 7 + 1, end, data) + (unsigned)room[path % 64] + (unsigned)more[0];
}

__attribute__((noinline)) unsigned chain_realigned(unsigned depth, unsigned path, ChainEnd end, void *data)
{
    volatile char room[32] __attribute__((aligned(64)));
    room[path % 32] = 1;
    unsigned sum =
        depth == 0 ? chain_mixed(3, path, end, data) : realigned_alloca(depth - 1, path * 3 + 1, end, data);
    return sum + (unsigned)room[path % 32];
}

__attribute__((noinline)) unsigned chain_huge(unsigned depth, unsigned path, ChainEnd end, void *data)
{
    volatile char room[5 << 20];
    unsigned at = path % sizeof room;
    room[at] = 1;
    return chain_mixed(depth, path, end, data) + (unsigned)room[at];
}

typedef struct {
    unsigned depth, path;
    ChainEnd end;
    void *data;
    int called;
} Bridge;

static int bridge(const void *a, const void *b, void *data)
{
    Bridge *self = data;
    if (!self->called++)
        chain_mixed(self->depth, self->path, self->end, self->data);
    return a < b;
}

__attribute__((noinline)) unsigned chain_library(unsigned depth, unsigned path, ChainEnd end, void *data)
{
    int numbers[4] = {4, 3, 2, 1};
    Bridge self = {depth, path, end, data, 0};
    qsort_r(numbers, 4, sizeof numbers[0], bridge, &self);
    return (unsigned)numbers[0];
}
