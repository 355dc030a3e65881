/* Cross-compiled and run under qemu-user by `make check-aarch64`: no library but libc, no runner. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unwind.h>

#include "unwind/stack_cache.h"

enum { ROOM = STACK_CACHE_DEEPEST };

typedef struct {
    uintptr_t frames[ROOM];
    uint32_t count;
} Stack;

static StackCache *cache;
static unsigned compared, found;

#define REQUIRE(condition)                                                                                   \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                          \
            exit(EXIT_FAILURE);                                                                              \
        }                                                                                                    \
    } while (0)

static _Unwind_Reason_Code collect(struct _Unwind_Context *context, void *data)
{
    Stack *stack = data;
    uintptr_t pc = _Unwind_GetIP(context);
    if (stack->count < ROOM && pc != 0)
        stack->frames[stack->count++] = pc;
    return _URC_NO_REASON;
}

static void check_cache(const UnwindStart *start, const Stack *ours)
{
    static uintptr_t addresses[ROOM];
    static uint32_t nodes[ROOM];
    uint32_t outer, id = stack_cache_find(cache, start);
    if (id != 0) {
        found++;
        REQUIRE(id == ours->count);
        return;
    }
    UnwindResult walk = stack_cache_walk(cache, start, addresses, ROOM, &outer);
    REQUIRE(walk.frames + outer == ours->count);
    for (uint32_t i = 0; i < walk.frames; i++)
        nodes[i] = ours->count - i;
    stack_cache_keep(cache, nodes, ours->count);
}

/* How far the two agree; all the way but for what lies beyond main, which the C library may build without. */
static __attribute__((noinline)) void compare(unsigned at_least)
{
    static Stack ours, theirs;
    UnwindStart start = unwind_start_here();
    UnwindResult walk = unwind_walk(&start, ours.frames, ROOM);
    ours.count = walk.frames;
    theirs.count = 0;
    _Unwind_Backtrace(collect, &theirs);
    uint32_t skip = 0, same = 0;
    while (skip < theirs.count && theirs.frames[skip] != start.pc)
        skip++;
    while (same < ours.count && skip + same < theirs.count && ours.frames[same] == theirs.frames[skip + same])
        same++;
    REQUIRE(same >= at_least);
    compared++;
    check_cache(&start, &ours);
}

static __attribute__((noinline)) int descend(unsigned depth, unsigned all)
{
    volatile char room[100];
    room[depth % 100] = 1;
    if (depth == 0)
        compare(all);
    else
        descend(depth - 1, all);
    return room[depth % 100];
}

static void on_signal(int number)
{
    (void)number;
    compare(1);
}

int main(void)
{
    unwind_init();
    cache = stack_cache_new();
    REQUIRE(cache != NULL);
    for (unsigned depth = 0; depth < 300; depth++)
        for (volatile int turn = 0; turn < 2; turn++)
            descend(depth, depth + 2);
    REQUIRE(found == 300);
    signal(SIGUSR1, on_signal);
    raise(SIGUSR1);
    printf("check-aarch64: %u stacks equal, %u found again\n", compared, found);
    return EXIT_SUCCESS;
}
