#include <limits.h>
#include <pthread.h>

#include "unwind/frame_step.h"
#include "python/python.h"
#include "python/python_stack.h"
#include "unwind/stack_cache.h"
#include "books/stack_tree.h"
#include "thread.h"

_Static_assert((int)STACK_CACHE_DEEPEST == (int)LEDGER_DEEPEST, "every stack can be remembered");

enum { NESTED = 2 };

/* One walk's paper: too much for the host's stack, which may be a signal's. */
typedef struct {
    uintptr_t addresses[LEDGER_DEEPEST];
    uint32_t nodes[LEDGER_DEEPEST];
} Paper;

struct ThreadDesk {
    StackCache *cache;
    PythonDesk *python;   /* only where there is one */
    Paper papers[NESTED]; /* the thread's own; that of a signal handler that comes in between */
};

__thread Thread thread_self;

static pthread_key_t key;
static bool key_made;

static void desk_free(ThreadDesk *desk)
{
    if (desk->cache != NULL)
        stack_cache_free(desk->cache);
    python_desk_free(desk->python);
    guest_unmap(desk, sizeof *desk);
}

/* Other destructors allocate and free too: this one comes again until the last round. What is allocated after
 * that has no known stack; what is freed needs none of this. */
static void thread_leave(void *desk)
{
    Thread *self = &thread_self;
    if (++self->rounds < PTHREAD_DESTRUCTOR_ITERATIONS && pthread_setspecific(key, desk) == 0)
        return;
    self->over = 1;
    self->desk = NULL;
    desk_free(desk);
}

void thread_open(void)
{
    key_made = pthread_key_create(&key, thread_leave) == 0;
}

static ThreadDesk *desk_of(Thread *self, uint32_t depth)
{
    if (LIKELY(self->desk != NULL) || self->over || depth > 0)
        return self->desk;
    ThreadDesk *desk = guest_map(sizeof *desk);
    if (desk == NULL)
        return NULL;
    desk->cache = stack_cache_new();
    desk->python = python_on() ? python_desk_new() : NULL;
    self->desk = desk;
    self->generation = __atomic_load_n(&guest_generation, __ATOMIC_ACQUIRE);
    /* A key of a high number makes the C library allocate here: one level down, where no desk is made. */
    if (key_made)
        pthread_setspecific(key, desk);
    return desk;
}

/* What is remembered from here on is of this generation. */
static void begin_anew(Thread *self, ThreadDesk *desk, uint32_t generation)
{
    self->generation = generation;
    if (desk->cache != NULL)
        stack_cache_clear(desk->cache);
    if (desk->python != NULL)
        python_desk_clear(desk->python);
    else if (python_on())
        desk->python = python_desk_new();
}

static uint32_t thread_walk(LedgerHeader *header, const UnwindStart *start, Paper *paper, StackCache *cache)
{
    uint32_t outer = 0;
    UnwindResult found = cache != NULL
                             ? stack_cache_walk(cache, start, paper->addresses, LEDGER_DEEPEST, &outer)
                             : unwind_walk(start, paper->addresses, LEDGER_DEEPEST);
    if (UNLIKELY(found.truncated))
        atomic_add(found.frames == LEDGER_DEEPEST ? &header->deep_stacks : &header->truncated_stacks, 1,
                   true);
    if (!stack_tree_nodes(header, paper->addresses, found.frames, found.truncated != 0, outer, paper->nodes))
        return STACK_TREE_UNKNOWN_SITE;
    uint32_t site = stack_tree_site(header, found.frames > 0 ? paper->nodes[0] : outer);
    if (cache != NULL)
        stack_cache_keep(cache, paper->nodes, site);
    return site;
}

/* What is remembered belongs to the outermost walk alone: deeper ones are those of signal handlers. */
static uint32_t stack_site(LedgerHeader *header, const UnwindStart *start, Thread *self, uint32_t depth)
{
    ThreadDesk *desk = LIKELY(depth < NESTED) ? desk_of(self, depth) : NULL;
    if (UNLIKELY(desk == NULL))
        return STACK_TREE_UNKNOWN_SITE;
    uint32_t now = __atomic_load_n(&guest_generation, __ATOMIC_ACQUIRE), site = 0;
    if (UNLIKELY(depth == 0 && self->generation != now))
        begin_anew(self, desk, now);
    if (python_on() && (site = python_stack_site(header, start, depth == 0 ? desk->python : NULL)) != 0)
        return site;
    StackCache *cache = depth == 0 ? desk->cache : NULL;
    site = LIKELY(cache != NULL) ? stack_cache_find(cache, start) : 0;
    return LIKELY(site != 0) ? site : thread_walk(header, start, &desk->papers[depth], cache);
}

/* Does the stack lead through this library? If not, a signal handler has left it without return (siglongjmp).
 */
static bool comes_from_tracer(const UnwindStart *start)
{
    extern GUEST_HIDDEN const char __ehdr_start[], _end[]; /* of this library, by the linker */
    Frame frame = frame_begin(start, 0);
    StepResult result = STEP_ON;
    while (result == STEP_ON) {
        StepWords words;
        result = frame_step(&frame, &words, start);
        if (frame.pc >= (uintptr_t)__ehdr_start && frame.pc < (uintptr_t)_end)
            return true;
    }
    return result == STEP_LOST;
}

uint32_t thread_site(LedgerHeader *header, const UnwindStart *start)
{
    Thread *self = &thread_self;
    if (UNLIKELY(self->own != 0))
        return LEDGER_OWN_SITE;
    uint32_t depth = self->inside;
    if (UNLIKELY(depth > 0) && !comes_from_tracer(start)) {
        depth = 0;
        self->generation = guest_generation - 1; /* what was remembered may be half written */
    }
    __atomic_store_n(&self->inside, depth + 1, __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    uint32_t site = stack_site(header, start, self, depth);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    __atomic_store_n(&self->inside, depth, __ATOMIC_RELAXED);
    return site;
}
