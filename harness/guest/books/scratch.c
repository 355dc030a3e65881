#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox.h"
#include "scratch.h"

enum { SMALLEST = 16384 };

/* What precedes each. */
typedef struct Scratch {
    struct Scratch *next;
    size_t size;      /* without this */
    uintptr_t thread; /* whose it is now; 0: nobody's */
    uint32_t pid;     /* of the process that took it */
    uint32_t padding;
} Scratch;

static Scratch *all; /* only ever added to */

/* Was it taken by a vfork's child of this thread, which is another program by now? */
static bool is_left(const Scratch *self, uintptr_t thread, uint32_t pid)
{
    const LedgerHeader *header = guest_desk->header;
    return __atomic_load_n(&self->thread, __ATOMIC_RELAXED) == thread && self->pid != pid && header != NULL &&
           header->pid == pid;
}

static bool claim(Scratch *self, uintptr_t thread, uint32_t pid)
{
    uintptr_t nobody = 0;
    if (!is_left(self, thread, pid) && !__atomic_compare_exchange_n(&self->thread, &nobody, thread, false,
                                                                    __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        return false;
    self->pid = pid;
    return true;
}

static Scratch *make(size_t size, uintptr_t thread, uint32_t pid)
{
    size = size > SMALLEST ? size : SMALLEST;
    Scratch *self = guest_map(sizeof *self + size);
    if (self == NULL)
        return NULL;
    *self = (Scratch){__atomic_load_n(&all, __ATOMIC_RELAXED), size, thread, pid, 0};
    while (!__atomic_compare_exchange_n(&all, &self->next, self, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
        continue;
    return self;
}

void *scratch_take(size_t size)
{
    uintptr_t thread = (uintptr_t)pthread_self();
    uint32_t pid = sandbox_entered ? 0 : (uint32_t)syscall(SYS_getpid); /* 0: no child is told apart */
    for (Scratch *at = __atomic_load_n(&all, __ATOMIC_ACQUIRE); at != NULL; at = at->next)
        if (at->size >= size && claim(at, thread, pid))
            return at + 1;
    Scratch *fresh = make(size, thread, pid);
    return fresh != NULL ? fresh + 1 : NULL;
}

void scratch_give(void *memory)
{
    if (memory != NULL)
        __atomic_store_n(&((Scratch *)memory - 1)->thread, 0, __ATOMIC_RELEASE);
}
