#include "memory.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

struct MemoryTaken memory_taken;
void (*memory_follow)(void);

static void memory_take(int64_t *taken, int64_t bytes)
{
    int64_t page = sysconf(_SC_PAGESIZE), whole = bytes < 0 ? -bytes : bytes;
    whole = (whole + page - 1) & ~(page - 1);
    __atomic_fetch_add(taken, bytes < 0 ? -whole : whole, __ATOMIC_RELAXED);
    if (memory_follow != NULL)
        memory_follow();
}

void *memory_map(size_t size)
{
    int error = errno;
    memory_take(&memory_taken.private_bytes, (int64_t)size);
    long memory = syscall(SYS_mmap, NULL, size, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0L);
    if (memory == -1)
        memory_take(&memory_taken.private_bytes, -(int64_t)size);
    errno = error;
    return memory != -1 ? (void *)memory : NULL;
}

void memory_unmap(void *memory, size_t size)
{
    int error = errno;
    syscall(SYS_munmap, memory, size);
    memory_take(&memory_taken.private_bytes, -(int64_t)size);
    errno = error;
}

void memory_take_shared(int64_t bytes)
{
    int error = errno;
    memory_take(&memory_taken.shared_bytes, bytes);
    errno = error;
}
