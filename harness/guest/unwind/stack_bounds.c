#include "stack_bounds.h"

#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { PAGE = 4096, KEPT = 6 };

__thread StackBounds stack_bounds_last __attribute__((tls_model("initial-exec")));

/* The process's first thread's, found when the process began; it grows into what it has room for. */
static StackBounds first;
static bool first_known;
/* The thread's own, unless that is the first one. */
static __thread StackBounds own __attribute__((tls_model("initial-exec")));
/* Other stacks this thread was on before: programs that switch stacks come back to them. */
static __thread StackBounds kept[KEPT] __attribute__((tls_model("initial-exec")));
static __thread unsigned kept_next __attribute__((tls_model("initial-exec")));

/* The same by what malloc may call: page by page, for each asks about the one mapping it lies in. */
static bool is_mapped_quietly(uintptr_t low, uintptr_t high)
{
    for (low &= ~(uintptr_t)(PAGE - 1); low < high; low += PAGE)
        if (syscall(SYS_mremap, low, PAGE, PAGE, 0) == -1)
            return false;
    return true;
}

/* Whether every page is there; asked in pieces, for the answer takes a byte a page. */
static bool range_is_mapped(uintptr_t low, uintptr_t high)
{
    unsigned char pages[256];
    if (sandbox_entered)
        return is_mapped_quietly(low, high);
    for (low &= ~(uintptr_t)(PAGE - 1); low < high; low += sizeof pages * PAGE) {
        uintptr_t size = high - low < sizeof pages * PAGE ? high - low : sizeof pages * PAGE;
        if (syscall(SYS_mincore, low, size, pages) != 0)
            return false;
    }
    return true;
}

bool memory_read(uintptr_t address, void *buffer, size_t size)
{
    if (sandbox_entered)
        return false;
    int saved_errno = errno;
    struct iovec here = {buffer, size}, there = {(void *)address, size};
    bool got = syscall(SYS_process_vm_readv, syscall(SYS_getpid), &here, 1L, &there, 1L, 0L) == (long)size;
    if (!got && errno != EFAULT && range_is_mapped(address, address + size)) { /* a sandbox forbids it */
        memcpy(buffer, (const void *)address, size);
        got = true;
    }
    errno = saved_errno;
    return got;
}

/* What is near it is the same stack; what is farther away may be another one, below a hole. */
static bool reaches(uintptr_t sp, uintptr_t end, bool may_ask)
{
    enum { NEAR = 64 << 10, LARGEST = 64 << 20 };
    return sp < end && (end - sp <= NEAR || (may_ask && end - sp <= LARGEST && range_is_mapped(sp, end)));
}

/* A thread's control block lies at the end of its stack, unless it is the first thread. Only the first stack
 * that a thread is seen on is taken for its own. */
static bool find_own(uintptr_t sp)
{
    uintptr_t block = (uintptr_t)__builtin_thread_pointer() & ~(uintptr_t)7;
    bool is_known = own.high != 0;
    if (is_known ? !reaches(sp, own.low, sandbox_entered) : kept_next != 0 || !reaches(sp, block, true))
        return false;
    own.low = sp & ~(uintptr_t)(PAGE - 1);
    __atomic_signal_fence(__ATOMIC_SEQ_CST); /* a handler that comes in between finds no end, and no stack */
    own.high = block;
    return true;
}

/* Reading /proc/self/maps a piece at a time, by system calls alone. */
typedef struct {
    int file;
    ssize_t size, at;
    char buffer[1024];
} Maps;

/* The next byte; 0 at the end. */
static char maps_byte(Maps *self)
{
    if (self->at == self->size) {
        self->size = syscall(SYS_read, self->file, self->buffer, sizeof self->buffer);
        self->at = 0;
        if (self->size <= 0) {
            self->size = 0;
            return 0;
        }
    }
    return self->buffer[self->at++];
}

/* A hexadecimal number and the byte after it. */
static uintptr_t maps_number(Maps *self)
{
    uintptr_t number = 0;
    for (;;) {
        char c = maps_byte(self);
        if (c >= '0' && c <= '9')
            number = number << 4 | (uintptr_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            number = number << 4 | (uintptr_t)(c - 'a' + 10);
        else
            return number;
    }
}

typedef struct {
    StackBounds range;
    bool readable, stack;
} Mapping;

/* One line: "start-end perms ... [stack]"; false at the end. */
static bool maps_line(Maps *self, Mapping *mapping)
{
    mapping->range.low = maps_number(self);
    mapping->range.high = maps_number(self);
    mapping->readable = maps_byte(self) == 'r';
    mapping->stack = false;
    char c, before = 0;
    while ((c = maps_byte(self)) != '\n' && c != 0) {
        mapping->stack |= before == '[' && c == 's';
        before = c;
    }
    return mapping->range.high != 0;
}

/* Where a stack's mapping may be said to begin: the first thread's grows down, though never into its
 * neighbour. The kernel puts nothing else in between. */
static uintptr_t low_end(const Mapping *mapping, uintptr_t below)
{
    const uintptr_t growth = (uintptr_t)1 << 30;
    if (!mapping->stack)
        return mapping->range.low;
    return mapping->range.low - below > growth ? mapping->range.low - growth : below;
}

/* The mapping that holds sp, with the readable ones that go on where it ends. */
static void find_in_maps(Maps *maps, uintptr_t sp, StackBounds *bounds)
{
    Mapping mapping;
    bool found = false, is_first = false;
    uintptr_t below = 0;
    while (maps_line(maps, &mapping)) {
        if (found && (mapping.range.low != bounds->high || !mapping.readable))
            break;
        if (found)
            bounds->high = mapping.range.high;
        else if (sp - mapping.range.low < mapping.range.high - mapping.range.low && mapping.readable) {
            found = true;
            is_first = mapping.stack;
            *bounds = (StackBounds){low_end(&mapping, below), mapping.range.high};
        }
        below = mapping.range.high;
    }
    if (is_first && !first_known) {
        first = *bounds;
        __atomic_store_n(&first_known, true, __ATOMIC_RELEASE);
    }
}

/* False where /proc cannot be asked; no bounds where sp points at nothing that may be read. */
static bool from_maps(uintptr_t sp, StackBounds *bounds)
{
    Maps maps = {.size = 0, .at = 0};
    if (sandbox_entered)
        return false;
    maps.file = syscall(SYS_openat, AT_FDCWD, "/proc/self/maps", O_RDONLY | O_CLOEXEC);
    if (maps.file < 0)
        return false;
    find_in_maps(&maps, sp, bounds);
    syscall(SYS_close, maps.file);
    return true;
}

/* Without /proc: as many pages as are there, doubling. */
static void by_probing(uintptr_t sp, StackBounds *bounds)
{
    enum { MOST = 8 << 20 };
    uintptr_t page = sp & ~(uintptr_t)(PAGE - 1);
    uintptr_t size = 0;
    for (uintptr_t step = PAGE; step > 0 && size + step <= MOST;) {
        if (range_is_mapped(page + size, page + size + step)) {
            size += step;
            step *= 2;
        } else {
            step = step > PAGE ? step / 2 : 0;
        }
    }
    if (size > 0)
        *bounds = (StackBounds){page, page + size};
}

static bool bounds_hold(const StackBounds *bounds, uintptr_t sp)
{
    return sp - bounds->low < bounds->high - bounds->low;
}

static const StackBounds *find_known(uintptr_t sp)
{
    if (bounds_hold(&own, sp))
        return &own;
    for (unsigned i = 0; i < KEPT; i++)
        if (bounds_hold(&kept[i], sp))
            return &kept[i];
    return __atomic_load_n(&first_known, __ATOMIC_ACQUIRE) && bounds_hold(&first, sp) ? &first : NULL;
}

/* A stack that was not seen before; NULL: nothing could be learnt. */
static const StackBounds *find_new(uintptr_t sp)
{
    StackBounds bounds = {sp, sp};
    if (find_own(sp))
        return &own;
    if (!from_maps(sp, &bounds))
        by_probing(sp, &bounds);
    if (bounds.high <= sp)
        return NULL;
    StackBounds *place = &kept[kept_next++ % KEPT];
    *place = bounds;
    return place;
}

__attribute__((noinline, cold)) uintptr_t stack_bounds_find(uintptr_t sp)
{
    int saved_errno = errno;
    const StackBounds *found = find_known(sp);
    if (found == NULL)
        found = find_new(sp);
    if (found != NULL)
        stack_bounds_last = *found;
    errno = saved_errno;
    return found != NULL ? found->high : sp;
}
