/* Preloaded: takes every Nth allocation's stack by unwind_walk, by the stack cache and by _Unwind_Backtrace,
 * and at exit adds one line of counts to a file.
 *
 *   COMPARE_OUTPUT=FILE COMPARE_EVERY=N LD_PRELOAD=compare_unwind.so PROGRAM... */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <unwind.h>

#include "unwind/stack_cache.h"
#include "unwind/unwind.h"

enum { DEEPEST = STACK_CACHE_DEEPEST, SHOWN = 3 };

extern void *__libc_malloc(size_t size);
extern void *__libc_realloc(void *old, size_t size);

typedef struct {
    uintptr_t frames[DEEPEST + 8];
    uint32_t count;
} Stack;

static struct {
    unsigned long taken, equal, different, truncated, theirs_shorter, frames, hits, shared, wrong_hits,
        wrong_walks;
} counts;
static unsigned long every = 1, seen, shown;
static const char *output;

static __thread bool busy __attribute__((tls_model("initial-exec")));
static __thread StackCache *cache __attribute__((tls_model("initial-exec")));

#define COUNT(name) __atomic_fetch_add(&counts.name, 1, __ATOMIC_RELAXED)

static void report(const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    int file = open(output, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (file >= 0 && write(file, text, length) < 0)
        errno = 0;
    close(file);
}

static _Unwind_Reason_Code collect(struct _Unwind_Context *context, void *data)
{
    Stack *stack = data;
    int exact = 0;
    uintptr_t pc = _Unwind_GetIPInfo(context, &exact);
    if (stack->count == DEEPEST + 8 || pc == 0)
        return _URC_END_OF_STACK;
    stack->frames[stack->count++] = exact ? pc | UINT64_C(1) << 63 : pc;
    return _URC_NO_REASON;
}

static void show(const Stack *ours, const Stack *theirs)
{
    if (__atomic_fetch_add(&shown, 1, __ATOMIC_RELAXED) >= SHOWN)
        return;
    report("  ours %u, theirs %u\n", ours->count, theirs->count);
    for (uint32_t i = 0; i < ours->count || i < theirs->count; i++)
        report("    %#lx %#lx\n", i < ours->count ? ours->frames[i] : 0,
               i < theirs->count ? theirs->frames[i] : 0);
}

static void compare(const Stack *ours, bool truncated, const Stack *theirs)
{
    uint32_t common = 0;
    uint32_t count = theirs->count < DEEPEST ? theirs->count : DEEPEST;
    while (common < ours->count && common < count && ours->frames[common] == theirs->frames[common])
        common++;
    __atomic_fetch_add(&counts.frames, common, __ATOMIC_RELAXED);
    if (common == ours->count && common == count)
        COUNT(equal);
    else if (common == count)
        COUNT(theirs_shorter);
    else if (truncated && common == ours->count)
        COUNT(truncated);
    else
        COUNT(different);
    if (common != ours->count || common != count)
        show(ours, theirs);
}

static uint32_t child(uint32_t node, uintptr_t address)
{
    uint64_t h = (node ^ address) * UINT64_C(0x9e3779b97f4a7c15);
    return (uint32_t)(h >> 32) | 1;
}

static uint32_t nodes_of(const uintptr_t *addresses, uint32_t count, uint32_t node, uint32_t *nodes)
{
    while (count-- > 0)
        nodes[count] = node = child(node, addresses[count]);
    return node;
}

/* What the cache says must be what the walk found. */
static void check_cache(const UnwindStart *start, const Stack *ours)
{
    static __thread uint32_t nodes[DEEPEST] __attribute__((tls_model("initial-exec")));
    uint32_t truth = nodes_of(ours->frames, ours->count, 0, nodes), outer;
    if (cache == NULL)
        cache = stack_cache_new();
    uint32_t id = stack_cache_find(cache, start);
    if (id != 0) {
        COUNT(hits);
        if (id != truth)
            COUNT(wrong_hits);
        return;
    }
    uintptr_t addresses[DEEPEST];
    UnwindResult walk = stack_cache_walk(cache, start, addresses, DEEPEST, &outer);
    if (outer != 0)
        COUNT(shared);
    if (nodes_of(addresses, walk.frames, outer, nodes) != truth)
        COUNT(wrong_walks);
    stack_cache_keep(cache, nodes, truth);
}

static __attribute__((noinline)) void take(const UnwindStart *start)
{
    Stack ours = {.count = 0}, theirs = {.count = 0};
    UnwindResult walk = unwind_walk(start, ours.frames, DEEPEST);
    ours.count = walk.frames;
    _Unwind_Backtrace(collect, &theirs);
    /* Ours begins with the caller of malloc. */
    uint32_t skip = 0;
    while (skip < theirs.count && theirs.frames[skip] != start->pc)
        skip++;
    theirs.count -= skip;
    memmove(theirs.frames, theirs.frames + skip, theirs.count * sizeof theirs.frames[0]);
    COUNT(taken);
    compare(&ours, walk.truncated, &theirs);
    check_cache(start, &ours);
}

static inline __attribute__((always_inline)) void sample(const UnwindStart *start)
{
    if (busy || output == NULL || __atomic_fetch_add(&seen, 1, __ATOMIC_RELAXED) % every != 0)
        return;
    int saved_errno = errno;
    busy = true;
    take(start);
    busy = false;
    errno = saved_errno;
}

__attribute__((visibility("default"))) void *malloc(size_t size)
{
    UnwindStart start = unwind_start_here();
    sample(&start);
    return __libc_malloc(size);
}

__attribute__((visibility("default"))) void *realloc(void *old, size_t size)
{
    UnwindStart start = unwind_start_here();
    sample(&start);
    return __libc_realloc(old, size);
}

__attribute__((constructor)) static void begin(void)
{
    busy = true;
    unwind_init();
    const char *number = getenv("COMPARE_EVERY");
    every = number != NULL && atol(number) > 0 ? atol(number) : 1;
    output = getenv("COMPARE_OUTPUT");
    busy = false;
}

__attribute__((destructor)) static void end(void)
{
    busy = true;
    if (output == NULL || counts.taken == 0)
        return;
    char program[256] = "";
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    program[length > 0 ? length : 0] = 0;
    report("%s stacks %lu equal %lu different %lu truncated %lu theirs-shorter %lu frames %lu | cache: hits "
           "%lu shared "
           "%lu wrong-hits %lu wrong-walks %lu\n",
           program, counts.taken, counts.equal, counts.different, counts.truncated, counts.theirs_shorter,
           counts.frames / counts.taken, counts.hits, counts.shared, counts.wrong_hits, counts.wrong_walks);
}
