/* Nanoseconds for one stack of 24 frames: walked and found again, against the peers. Built twice: this file
 * as programs are by default, bench_unwind_chain.c with and without frame pointers. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unwind.h>

#include "unwind/stack_cache.h"
#include "unwind/unwind.h"
#include "bench_unwind_chain.h"

enum {
    ROOM = 512,
    FRAMES = 24,
    CHAIN = 19 /* the rest: the bench's own and main's callers */,
    STACKS = 64,
    ROUNDS = 20,
    TURNS = 20000
};

static uintptr_t addresses[ROOM];
static uint32_t nodes[ROOM];
static uint32_t frames;
static StackCache *cache;
static int (*libunwind_backtrace)(void **buffer, int size);

static _Unwind_Reason_Code count_frame(struct _Unwind_Context *context, void *data)
{
    uint32_t *count = data;
    addresses[(*count)++] = _Unwind_GetIP(context);
    return _URC_NO_REASON;
}

static void by_rules(const UnwindStart *start)
{
    frames = unwind_walk(start, addresses, ROOM).frames;
}

static void by_cache(const UnwindStart *start)
{
    if (stack_cache_find(cache, start) != 0)
        return;
    uint32_t outer;
    UnwindResult walk = stack_cache_walk(cache, start, addresses, ROOM, &outer);
    for (uint32_t i = 0; i < walk.frames; i++)
        nodes[i] = i + 1;
    stack_cache_keep(cache, nodes, 1);
}

/* What a stack costs that was never seen, though its outer part was. */
static void by_shared_walk(const UnwindStart *start)
{
    uint32_t outer;
    by_cache(start);
    frames = stack_cache_walk(cache, start, addresses, ROOM, &outer).frames;
}

static void by_libgcc(const UnwindStart *start)
{
    (void)start;
    frames = 0;
    _Unwind_Backtrace(count_frame, &frames);
}

static void by_frame_pointers(const UnwindStart *start)
{
    frames = 0;
    for (uintptr_t *fp = (uintptr_t *)start->fp; frames < CHAIN; fp = (uintptr_t *)fp[0])
        addresses[frames++] = fp[1];
}

static void by_libunwind(const UnwindStart *start)
{
    (void)start;
    frames = libunwind_backtrace((void **)addresses, ROOM);
}

static double now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1e9 + time.tv_nsec;
}

/* At the bottom of the chain. The best of the rounds: the rest is other people's work. */
static void measure(void *data)
{
    Measure *self = data;
    UnwindStart start = unwind_start_here();
    for (unsigned round = 0; round < ROUNDS; round++) {
        double began = now_ns();
        for (unsigned turn = 0; turn < self->turns; turn++)
            self->take(&start);
        double each = (now_ns() - began) / self->turns;
        if (round == 0 || each < self->best_ns)
            self->best_ns = each;
    }
    self->frames = frames;
}

static void one_stack(const char *name, void (*take)(const UnwindStart *start), ChainCall chain,
                      unsigned turns)
{
    Measure self = {.take = take, .turns = turns};
    chain(CHAIN, 0, measure, &self);
    printf("%-58s %9.1f ns  (%u frames)\n", name, self.best_ns, self.frames);
}

static void take_once(void *data)
{
    Measure *self = data;
    UnwindStart start = unwind_start_here();
    self->take(&start);
}

/* Many stacks in turn: the chain's time is taken off. */
static void many_stacks(const char *name, void (*take)(const UnwindStart *start))
{
    Measure self = {.take = take}, empty = {.take = chain_nothing};
    double best[2] = {0, 0};
    for (unsigned round = 0; round < 2 * ROUNDS; round++) {
        double began = now_ns();
        for (unsigned turn = 0; turn < TURNS / STACKS; turn++)
            for (unsigned path = 0; path < STACKS; path++)
                chain_without_fp(CHAIN, path * 2654435761u, take_once, round % 2 == 0 ? &self : &empty);
        double each = (now_ns() - began) / (TURNS / STACKS * STACKS);
        if (round < 2 || each < best[round % 2])
            best[round % 2] = each;
    }
    self.best_ns = best[0] - best[1];
    printf("%-58s %9.1f ns  (%u stacks in turn)\n", name, self.best_ns, STACKS);
}

int main(void)
{
    unwind_init();
    cache = stack_cache_new();
    void *library = dlopen("libunwind.so.8", RTLD_NOW | RTLD_LOCAL);
    libunwind_backtrace = library != NULL ? (int (*)(void **, int))dlsym(library, "unw_backtrace") : NULL;

    one_stack("stack cache, found", by_cache, chain_without_fp, TURNS);
    one_stack("stack cache, walk that ends where others were", by_shared_walk, chain_without_fp, TURNS);
    one_stack("rules, the whole walk", by_rules, chain_without_fp, TURNS);
    one_stack("frame pointers (program built for them)", by_frame_pointers, chain_with_fp, TURNS);
    if (libunwind_backtrace != NULL)
        one_stack("libunwind, unw_backtrace", by_libunwind, chain_without_fp, TURNS);
    one_stack("libgcc, _Unwind_Backtrace", by_libgcc, chain_without_fp, TURNS / 20);
    many_stacks("stack cache, found", by_cache);
    many_stacks("rules, the whole walk", by_rules);
    return EXIT_SUCCESS;
}
