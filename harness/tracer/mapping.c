/* Memory that the program maps by itself, counted apart from the heap: whole pages of mappings that took new
 * room, until they are unmapped. Reservations count like the rest. And what would otherwise lock the ledger
 * into memory. */
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bind.h"
#include "guest.h"
#include "interpose_new.h"
#include "modules.h"
#include "python_memory.h"

GUEST_EXPORT void *mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset);
GUEST_EXPORT void *mmap64(void *at, size_t size, int protection, int flags, int fd, off_t offset);
GUEST_EXPORT int munmap(void *at, size_t size);
GUEST_EXPORT void *mremap(void *at, size_t size, size_t new_size, int flags, ...);
GUEST_EXPORT int mlockall(int flags);
GUEST_EXPORT int dlclose(void *handle);

static int64_t pages(LedgerHeader *header, size_t size)
{
    size_t mask = header->page_size - 1;
    return (int64_t)((size + mask) & ~mask);
}

static void mapped_add(int64_t bytes)
{
    LedgerHeader *header = guest_desk->header;
    if (header == NULL || bytes == 0)
        return;
    int64_t now = __atomic_add_fetch(&header->mapped_bytes, bytes, __ATOMIC_ACQ_REL);
    int64_t peak = __atomic_load_n(&header->peak_mapped_bytes, __ATOMIC_RELAXED);
    while (now > peak && !__atomic_compare_exchange_n(&header->peak_mapped_bytes, &peak, now, true,
                                                      __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
        continue;
}

static int64_t counted(size_t size)
{
    LedgerHeader *header = guest_desk->header;
    return header != NULL ? pages(header, size) : 0;
}

/* Of this library, by the linker. */
extern GUEST_HIDDEN const char __ehdr_start[], _end[];

static bool is_ours(const void *caller)
{
    return (const char *)caller >= __ehdr_start && (const char *)caller < _end;
}

/* What Python's allocator maps is booked by the objects it makes of it. */
static bool is_inside_python(void)
{
    return python_memory_is_inside((uintptr_t)__builtin_frame_address(0));
}

static void *map(void *at, size_t size, int protection, int flags, int fd, off_t offset, const void *caller)
{
    void *memory = (void *)syscall(SYS_mmap, at, size, protection, flags, fd, offset);
    if (is_inside_python() || python_memory_mapped((uintptr_t)caller))
        return memory;
    if (memory != MAP_FAILED && (flags & MAP_FIXED) == 0 && !is_ours(caller))
        mapped_add(counted(size));
    return memory;
}

void *mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
    return map(at, size, protection, flags, fd, offset, __builtin_return_address(0));
}

void *mmap64(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
    return map(at, size, protection, flags, fd, offset, __builtin_return_address(0));
}

int munmap(void *at, size_t size)
{
    int result = (int)syscall(SYS_munmap, at, size);
    if (result == 0 && !is_inside_python() && !is_ours(__builtin_return_address(0)))
        mapped_add(-counted(size));
    return result;
}

void *mremap(void *at, size_t size, size_t new_size, int flags, ...)
{
    void *wanted = NULL;
    if ((flags & MREMAP_FIXED) != 0) {
        va_list list;
        va_start(list, flags);
        wanted = va_arg(list, void *);
        va_end(list);
    }
    void *memory = (void *)syscall(SYS_mremap, at, size, new_size, flags, wanted);
    if (memory != MAP_FAILED && !is_inside_python())
        mapped_add(counted(new_size) - counted(size));
    return memory;
}

/* The ledger is tens of gigabytes of nothing: locking it would make it real. Pages are locked as they are
 * touched. */
int mlockall(int flags)
{
    if (guest_desk->header != NULL && flags != 0)
        flags |= MCL_ONFAULT;
    return (int)syscall(SYS_mlockall, flags);
}

static int (*next_dlclose)(void *);

__attribute__((constructor)) static void mapping_begin(void)
{
    *(void **)&next_dlclose = dlsym(RTLD_NEXT, "dlclose");
}

int dlclose(void *handle)
{
    if (next_dlclose == NULL)
        mapping_begin();
    bind_waited();
    int result = next_dlclose(handle);
    interpose_new_forget();
    LedgerHeader *header = guest_desk->header;
    if (header != NULL)
        modules_closed(header);
    return result;
}
