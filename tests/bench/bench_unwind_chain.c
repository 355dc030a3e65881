#include "bench_unwind_chain.h"

#ifdef WITH_FP
#define CHAIN chain_with_fp
#else
#define CHAIN chain_without_fp
void chain_nothing(const UnwindStart *start)
{
    (void)start;
}
#endif

typedef struct {
    unsigned depth, path;
    ChainEnd end;
    void *data;
} Way;

static unsigned go(Way way);

/* Different amounts of stack and of saved registers, two places to call from. */
#define STEP(name, bytes)                                                                                    \
    static __attribute__((noinline)) unsigned name(Way way)                                                  \
    {                                                                                                        \
        volatile char room[bytes];                                                                           \
        room[0] = (char)way.depth;                                                                           \
        unsigned a = way.depth * 3, b = way.path ^ a;                                                        \
        if (way.path & 4)                                                                                    \
            b += go(way);                                                                                    \
        else                                                                                                 \
            a ^= go(way);                                                                                    \
        return a + b + (unsigned)room[0];                                                                    \
    }
STEP(step_small, 16)
STEP(step_middle, 72)
STEP(step_large, 200)
STEP(step_other, 40)

static inline __attribute__((always_inline)) unsigned go(Way way)
{
    static unsigned (*const steps[])(Way) = {step_small, step_middle, step_large, step_other};
    unsigned which = way.path & 3;
    way.path = way.path >> 3 | way.path << 29;
    if (way.depth-- > 0)
        return steps[which](way) + 1;
    way.end(way.data);
    return 1;
}

void CHAIN(unsigned depth, unsigned path, ChainEnd end, void *data)
{
    volatile unsigned sum = go((Way){depth - 1, path, end, data});
    (void)sum;
}
