#include "stack_bounds.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { PAGE = 4096, KEPT = 6 };

__thread StackBounds stack_bounds_last __attribute__((tls_model("initial-exec")));

/* Stacks this thread was on before: programs that switch stacks come back to them. */
static __thread StackBounds kept[KEPT] __attribute__((tls_model("initial-exec")));
static __thread unsigned kept_next __attribute__((tls_model("initial-exec")));

bool memory_read(uintptr_t address, void *buffer, size_t size)
{
    int saved_errno = errno;
    struct iovec here = {buffer, size}, there = {(void *)address, size};
    long got = syscall(SYS_process_vm_readv, (long)syscall(SYS_getpid), &here, 1L, &there, 1L, 0L);
    errno = saved_errno;
    return got == (long)size;
}

/* Whether every page is there; asked in pieces, for the answer takes a byte a page. */
static bool is_mapped(uintptr_t low, uintptr_t high)
{
    unsigned char pages[256];
    for (low &= ~(uintptr_t)(PAGE - 1); low < high; low += sizeof pages * PAGE) {
        uintptr_t size = high - low < sizeof pages * PAGE ? high - low : sizeof pages * PAGE;
        if (syscall(SYS_mincore, low, size, pages) != 0)
            return false;
    }
    return true;
}

/* A thread's control block lies at the end of its stack, unless it is the first thread. Only the first stack
 * that a thread is seen on is taken for its own. */
static bool below_control_block(uintptr_t sp, StackBounds *bounds)
{
    enum { LARGEST = 64 << 20 };
    uintptr_t block = (uintptr_t)__builtin_thread_pointer();
    if (kept_next != 0 || block <= sp || block - sp > LARGEST || !is_mapped(sp, block))
        return false;
    *bounds = (StackBounds){sp & ~(uintptr_t)(PAGE - 1), block & ~(uintptr_t)7};
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

/* One line: "start-end perms ..."; false at the end. */
static bool maps_line(Maps *self, StackBounds *range, bool *readable)
{
    range->low = maps_number(self);
    range->high = maps_number(self);
    *readable = maps_byte(self) == 'r';
    char c;
    while ((c = maps_byte(self)) != '\n' && c != 0)
        ;
    return range->high != 0;
}

/* The mapping that holds sp, with the readable ones that go on where it ends. Below it, up to its neighbour,
 * is where a stack grows. */
static bool find_in_maps(Maps *maps, uintptr_t sp, StackBounds *bounds)
{
    StackBounds range;
    bool readable, found = false;
    uintptr_t below = 0;
    while (maps_line(maps, &range, &readable)) {
        if (found && (range.low != bounds->high || !readable))
            return true;
        if (found)
            bounds->high = range.high;
        else if (sp >= range.low && sp < range.high && readable) {
            found = true;
            *bounds = (StackBounds){below, range.high};
        }
        below = range.high;
    }
    return found;
}

static bool from_maps(uintptr_t sp, StackBounds *bounds)
{
    Maps maps = {.size = 0, .at = 0};
    maps.file = syscall(SYS_openat, AT_FDCWD, "/proc/self/maps", O_RDONLY | O_CLOEXEC);
    if (maps.file < 0)
        return false;
    bool found = find_in_maps(&maps, sp, bounds);
    syscall(SYS_close, maps.file);
    return found;
}

/* Without /proc: as many pages as are there, doubling. */
static bool by_probing(uintptr_t sp, StackBounds *bounds)
{
    enum { MOST = 8 << 20 };
    uintptr_t page = sp & ~(uintptr_t)(PAGE - 1);
    uintptr_t size = 0;
    for (uintptr_t step = PAGE; step > 0 && size + step <= MOST;) {
        if (is_mapped(page + size, page + size + step)) {
            size += step;
            step *= 2;
        } else {
            step = step > PAGE ? step / 2 : 0;
        }
    }
    *bounds = (StackBounds){page, page + size};
    return size > 0;
}

__attribute__((noinline, cold)) uintptr_t stack_bounds_find(uintptr_t sp)
{
    for (unsigned i = 0; i < KEPT; i++)
        if (sp - kept[i].low < kept[i].high - kept[i].low) {
            stack_bounds_last = kept[i];
            return kept[i].high;
        }
    int saved_errno = errno;
    StackBounds bounds = {sp, sp};
    if (below_control_block(sp, &bounds) || from_maps(sp, &bounds) || by_probing(sp, &bounds)) {
        kept[kept_next++ % KEPT] = bounds;
        stack_bounds_last = bounds;
    }
    errno = saved_errno;
    return bounds.high;
}
