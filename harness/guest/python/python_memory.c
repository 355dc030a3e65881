#include "python_memory.h"

#include "books/books.h"
#include "python.h"
#include "python_check.h"
#include "python_code.h"
#include "books/sample.h"
#include "process/thread.h"

__thread uintptr_t python_memory_below;

/* What was there before, by domain. Kept even where the interpreter is given other allocators: a thread may
 * be on its way. */
static PythonAllocator below[PYTHON_DOMAINS];

/* What leads_here looks at. */
static bool probing, came_here;
static bool settled;

bool python_memory_is_inside_slowly(uintptr_t sp)
{
    if (sp <= python_memory_below)
        return true;
    python_memory_below = 0;
    return false;
}

/* Two blocks never start in one granule. */
static inline size_t at_least(size_t size)
{
    enum { LEAST = 1 << LEDGER_GRANULE_SHIFT };
    return size >= LEAST ? size : LEAST;
}

#define BELOW(call)                                                                                          \
    ({                                                                                                       \
        uintptr_t outer = python_memory_below;                                                               \
        __atomic_store_n(&python_memory_below, (uintptr_t)__builtin_frame_address(0), __ATOMIC_RELAXED);     \
        __atomic_signal_fence(__ATOMIC_SEQ_CST);                                                             \
        __typeof__(call) result = call;                                                                      \
        __atomic_signal_fence(__ATOMIC_SEQ_CST);                                                             \
        __atomic_store_n(&python_memory_below, outer, __ATOMIC_RELAXED);                                     \
        result;                                                                                              \
    })

/* The books, or NULL where this is another of our allocators' own doing. */
static inline LedgerHeader *books_for(const UnwindStart *start)
{
    return python_memory_is_inside(start->sp) ? NULL : guest_ledger();
}

static inline void *entered(LedgerHeader *header, void *block, size_t size, const UnwindStart *start)
{
    if (LIKELY(block != NULL) && LIKELY(header != NULL))
        sample_enter(header, block, size, start);
    return block;
}

static inline void *allocator_take(const PythonAllocator *from, size_t size, const UnwindStart *start)
{
    LedgerHeader *header = books_for(start);
    if (UNLIKELY(probing))
        came_here = true;
    void *block = BELOW(from->malloc(from->context, at_least(size)));
    return entered(header, block, size, start);
}

static inline void *take_zero(const PythonAllocator *from, size_t count, size_t size,
                              const UnwindStart *start)
{
    LedgerHeader *header = books_for(start);
    size_t bytes;
    bool too_large = __builtin_mul_overflow(count, size, &bytes);
    bool too_small = !too_large && bytes < at_least(bytes);
    void *block = BELOW(too_small ? from->calloc(from->context, 1, at_least(bytes))
                                  : from->calloc(from->context, count, size));
    return entered(header, block, bytes, start);
}

static inline void *resize(const PythonAllocator *from, void *old, size_t size, const UnwindStart *start)
{
    LedgerHeader *header = books_for(start);
    if (old == NULL || UNLIKELY(header == NULL)) {
        void *fresh = BELOW(from->realloc(from->context, old, at_least(size)));
        return entered(header, fresh, size, start);
    }
    BooksTaken taken = sample_take(header, old);
    python_code_freed(old, taken.size);
    void *block = BELOW(from->realloc(from->context, old, at_least(size)));
    if (LIKELY(block != NULL))
        sample_replace(header, &taken, block, size, start);
    else
        books_return(&taken);
    return block;
}

static inline void give_back(const PythonAllocator *to, void *block)
{
    LedgerHeader *header = block == NULL ? NULL : guest_ledger();
    if (LIKELY(header != NULL) && !python_memory_is_inside((uintptr_t)__builtin_frame_address(0))) {
        BooksTaken taken = sample_take(header, block);
        python_code_freed(block, taken.size);
        books_leave(header, &taken);
    }
    BELOW((to->free(to->context, block), 0));
}

/* The context stays the one before: whoever is changing over may see one from before and one from after. */
#define DOMAIN(name, domain)                                                                                 \
    static void *name##_malloc(void *context, size_t size)                                                   \
    {                                                                                                        \
        UnwindStart start = unwind_start_here();                                                             \
        (void)context;                                                                                       \
        return allocator_take(&below[domain - 1], size, &start);                                             \
    }                                                                                                        \
    static void *name##_calloc(void *context, size_t count, size_t size)                                     \
    {                                                                                                        \
        UnwindStart start = unwind_start_here();                                                             \
        (void)context;                                                                                       \
        return take_zero(&below[domain - 1], count, size, &start);                                           \
    }                                                                                                        \
    static void *name##_realloc(void *context, void *block, size_t size)                                     \
    {                                                                                                        \
        UnwindStart start = unwind_start_here();                                                             \
        (void)context;                                                                                       \
        return resize(&below[domain - 1], block, size, &start);                                              \
    }                                                                                                        \
    static void name##_free(void *context, void *block)                                                      \
    {                                                                                                        \
        (void)context;                                                                                       \
        give_back(&below[domain - 1], block);                                                                \
    }
DOMAIN(memory, PYTHON_DOMAIN_MEM)
DOMAIN(object, PYTHON_DOMAIN_OBJECT)

static const PythonAllocator ours[PYTHON_DOMAINS] = {
    {NULL, memory_malloc, memory_calloc, memory_realloc, memory_free},
    {NULL, object_malloc, object_calloc, object_realloc, object_free},
};

/* Whether what is asked of this allocator comes to us in the end: somebody else (tracemalloc) may stand in
 * front. */
static bool leads_here(const PythonAllocator *domain)
{
    probing = true;
    came_here = false;
    void *block = domain->malloc(domain->context, 1);
    probing = false;
    domain->free(domain->context, block);
    return came_here;
}

static void install(int i, const PythonAllocator *now)
{
    PythonAllocator hook = ours[i];
    below[i] = *now;
    hook.context = now->context;
    python.call.set_allocator(i + 1, &hook);
}

bool python_memory_open(void)
{
    bool installed = false;
    for (int i = 0; i < PYTHON_DOMAINS; i++) {
        PythonAllocator now = {0};
        python.call.get_allocator(i + 1, &now);
        if (now.malloc != NULL && now.malloc != ours[i].malloc) {
            install(i, &now);
            installed = true;
        }
    }
    return installed;
}

void python_memory_settle(void)
{
    settled = true;
    for (int i = 0; i < PYTHON_DOMAINS; i++) {
        PythonAllocator now = {0};
        python.call.get_allocator(i + 1, &now);
        if (now.malloc != NULL && now.malloc != ours[i].malloc && !leads_here(&now))
            install(i, &now);
    }
}

bool python_memory_mapped(uintptr_t caller)
{
    if (!python_hooked() || caller - python.start >= python.end - python.start)
        return false;
    if (!settled && python_memory_open())
        return true;
    if (python.call.thread_state() == NULL)
        return false;
    /* Who stands in front of it now is found out there. */
    if (!settled && !python_on())
        python_check_request();
    python_check_again();
    return false;
}
