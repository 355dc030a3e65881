/* Memory that the program maps by itself, booked apart from the heap (mapped.h): by the call site of mmap and
 * its like, until it is unmapped. And what would otherwise lock the ledger into memory.
 *
 * What the C library and the loader map does not come by here: their calls are inside of them. What an
 * allocator library below us maps is booked by the blocks that it makes of it, and so are the arenas of
 * Python's. */
#include <dlfcn.h>
#include <errno.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "books/audit.h"
#include "bind.h"
#include "unwind/code_object.h"
#include "interpose_new.h"
#include "books/mapped.h"
#include "mapping.h"
#include "books/modules.h"
#include "python/python_memory.h"
#include "real.h"
#include "sandbox.h"

GUEST_EXPORT void *mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset);
GUEST_EXPORT void *mmap64(void *at, size_t size, int protection, int flags, int fd, off_t offset);
GUEST_EXPORT int munmap(void *at, size_t size);
GUEST_EXPORT void *mremap(void *at, size_t size, size_t new_size, int flags, ...);
GUEST_EXPORT int mprotect(void *at, size_t size, int protection);
GUEST_EXPORT int pkey_mprotect(void *at, size_t size, int protection, int key);
GUEST_EXPORT void *sbrk(intptr_t more);
GUEST_EXPORT int brk(void *end);
GUEST_EXPORT void *shmat(int id, const void *at, int flags);
GUEST_EXPORT int shmdt(const void *at);
GUEST_EXPORT int mlockall(int flags);
GUEST_EXPORT int dlclose(void *handle);

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4 /* Linux 5.7 */
#endif

/* glibc's by another name. */
extern void *__sbrk(intptr_t);

/* Of this library, by the linker. */
extern GUEST_HIDDEN const char __ehdr_start[], _end[];

/* The allocator library below us; none: the C library. */
static uintptr_t allocator_start, allocator_end;
static bool allocator_known;

static void find_allocator(void)
{
    CodeObject object;
    if (real.least != 0 && code_object_find((uintptr_t)real.malloc, &object)) {
        allocator_start = object.start;
        allocator_end = object.end;
    }
    allocator_known = true;
}

static bool is_internal(uintptr_t caller)
{
    if (UNLIKELY(!allocator_known) && guest_watching())
        find_allocator();
    return caller - (uintptr_t)__ehdr_start < (uintptr_t)(_end - __ehdr_start) ||
           caller - allocator_start < allocator_end - allocator_start;
}

/* Where nothing is open yet, a mapping does not open it: it may be the loader's time. */
static LedgerHeader *ledger_now(void)
{
    LedgerHeader *header = guest_desk->header;
    return LIKELY(header != NULL) || !guest_watching() ? header : guest_open();
}

/* The ledger, unless what is mapped here is no memory that the program asks for itself. */
static LedgerHeader *ledger_for(const UnwindStart *start)
{
    return is_internal(start->pc) || python_memory_is_inside(start->sp) ? NULL : ledger_now();
}

/* Of a file that lies in memory alone (memfd_create, shm_open) the kernel takes no page back. A sandbox might
 * forbid the question. */
static bool is_in_memory(int fd)
{
    struct statfs about;
    int error = errno;
    bool known = !sandbox_entered && syscall(SYS_fstatfs, fd, &about) == 0;
    errno = error;
    return known && (about.f_type == TMPFS_MAGIC || about.f_type == HUGETLBFS_MAGIC);
}

static unsigned mapping_state(int protection, int flags, int fd)
{
    if ((flags & MAP_ANONYMOUS) != 0)
        return protection == PROT_NONE ? LEDGER_PAGE_RESERVED : LEDGER_PAGE_HELD;
    if ((protection & PROT_WRITE) == 0)
        return LEDGER_PAGE_FILE;
    return (flags & MAP_TYPE) == MAP_PRIVATE || is_in_memory(fd) ? LEDGER_PAGE_HELD : LEDGER_PAGE_FILE;
}

/* Whoever maps something: what lies there now may have been the program's, and is so no more. */
static void *map(void *at, size_t size, int protection, int flags, int fd, off_t offset,
                 const UnwindStart *start)
{
    LedgerHeader *mine = ledger_for(start), *header = ledger_now();
    if (mine != NULL && python_memory_mapped(start->pc))
        mine = NULL; /* an arena: from now on the books are in front */
    MappedTaken taken = {0};
    if ((flags & MAP_FIXED) != 0 && header != NULL)
        mapped_take(header, at, size, &taken);
    void *memory = (void *)syscall(SYS_mmap, at, size, protection, flags, fd, offset);
    if (memory != MAP_FAILED && mine != NULL)
        mapped_enter(mine, memory, size, mapping_state(protection, flags, fd), start);
    else if (memory == MAP_FAILED && taken.count > 0)
        mapped_return(header, &taken);
    return memory;
}

void *mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
    UnwindStart start = unwind_start_here();
    return map(at, size, protection, flags, fd, offset, &start);
}

void *mmap64(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
    UnwindStart start = unwind_start_here();
    return map(at, size, protection, flags, fd, offset, &start);
}

static int unmap(void *at, size_t size)
{
    LedgerHeader *header = ledger_now();
    MappedTaken taken = {0};
    if (header != NULL)
        mapped_take(header, at, size, &taken);
    int result = (int)syscall(SYS_munmap, at, size);
    if (result != 0 && taken.count > 0)
        mapped_return(header, &taken);
    return result;
}

int munmap(void *at, size_t size)
{
    return unmap(at, size);
}

static void *remap(void *at, size_t size, size_t new_size, int flags, void *wanted, const UnwindStart *start)
{
    LedgerHeader *header = ledger_for(start);
    if (header == NULL)
        return (void *)syscall(SYS_mremap, at, size, new_size, flags, wanted);
    unsigned state = mapped_state(header, at);
    MappedTaken taken = {0}, replaced = {0};
    mapped_take(header, at, size, &taken);
    if ((flags & MREMAP_FIXED) != 0)
        mapped_take(header, wanted, new_size, &replaced);
    void *memory = (void *)syscall(SYS_mremap, at, size, new_size, flags, wanted);
    if (memory == MAP_FAILED) {
        mapped_return(header, &taken);
        mapped_return(header, &replaced);
        return memory;
    }
    if ((flags & MREMAP_DONTUNMAP) != 0)
        mapped_return(header, &taken);
    mapped_enter(header, memory, new_size, state != LEDGER_PAGE_NONE ? state : LEDGER_PAGE_HELD, start);
    return memory;
}

void *mremap(void *at, size_t size, size_t new_size, int flags, ...)
{
    UnwindStart start = unwind_start_here();
    void *wanted = NULL;
    if ((flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) != 0) {
        va_list list;
        va_start(list, flags);
        wanted = va_arg(list, void *);
        va_end(list);
    }
    return remap(at, size, new_size, flags, wanted, &start);
}

/* result: of the call that did it. */
static int protection_set(int result, void *at, size_t size, int protection, const UnwindStart *start)
{
    LedgerHeader *header = result == 0 ? ledger_for(start) : NULL;
    if (header != NULL)
        mapped_protect(header, at, size, protection != PROT_NONE, start);
    return result;
}

int mprotect(void *at, size_t size, int protection)
{
    UnwindStart start = unwind_start_here();
    int result = (int)syscall(SYS_mprotect, at, size, protection);
    return protection_set(result, at, size, protection, &start);
}

int pkey_mprotect(void *at, size_t size, int protection, int key)
{
    UnwindStart start = unwind_start_here();
    int result = key == -1 ? (int)syscall(SYS_mprotect, at, size, protection)
                           : (int)syscall(SYS_pkey_mprotect, at, size, protection, key);
    return protection_set(result, at, size, protection, &start);
}

/* Of the break only whole pages are booked, to whoever moved it across them. */
static void break_moved(char *before, char *now, const UnwindStart *start)
{
    LedgerHeader *header = ledger_for(start);
    if (header == NULL)
        return;
    uintptr_t mask = header->page_size - 1;
    char *low = (char *)(((uintptr_t)before + mask) & ~mask),
         *high = (char *)(((uintptr_t)now + mask) & ~mask);
    MappedTaken taken;
    if (now > before)
        audit_besides((size_t)((const char *)now - (const char *)before));
    if (high > low)
        mapped_enter(header, low, (size_t)(high - low), LEDGER_PAGE_HELD, start);
    else if (low > high)
        mapped_take(header, high, (size_t)(low - high), &taken);
}

void *sbrk(intptr_t more)
{
    UnwindStart start = unwind_start_here();
    char *before = __sbrk(more);
    if (more != 0 && before != (void *)-1)
        break_moved(before, before + more, &start);
    return before;
}

int brk(void *end)
{
    UnwindStart start = unwind_start_here();
    char *before = __sbrk(0);
    if (__sbrk((char *)end - before) == (void *)-1)
        return -1;
    break_moved(before, end, &start);
    return 0;
}

#ifdef __x86_64__
/* Where the break is afterwards, as the kernel says it: it is no error that it did not move. */
static long break_set(long end, const UnwindStart *start)
{
    long before = syscall(SYS_brk, 0L), now = syscall(SYS_brk, end);
    if (now != before)
        break_moved((char *)before, (char *)now, start);
    return now;
}

/* The program calls syscall (sandbox_calls.c) with one of these numbers. */
GUEST_HIDDEN long mapping_syscall(long number, long a, long b, long c, long d, long e, long f)
    __attribute__((used));
long mapping_syscall(long number, long a, long b, long c, long d, long e, long f)
{
    UnwindStart start = unwind_start_here();
    if (number == SYS_mmap)
        return (long)map((void *)a, (size_t)b, (int)c, (int)d, (int)e, f, &start);
    if (number == SYS_mremap)
        return (long)remap((void *)a, (size_t)b, (size_t)c, (int)d, (void *)e, &start);
    if (number == SYS_munmap)
        return unmap((void *)a, (size_t)b);
    if (number == SYS_brk)
        return break_set(a, &start);
    return protection_set((int)syscall(SYS_mprotect, a, b, c), (void *)a, (size_t)b, (int)c, &start);
}
#endif

void *shmat(int id, const void *at, int flags)
{
    UnwindStart start = unwind_start_here();
    LedgerHeader *header = ledger_for(&start);
    void *memory = (void *)syscall(SYS_shmat, id, at, flags);
    struct shmid_ds segment;
    int error = errno;
    if (memory != (void *)-1 && header != NULL && !sandbox_entered &&
        syscall(SYS_shmctl, id, IPC_STAT, &segment) == 0)
        mapped_enter(header, memory, segment.shm_segsz, LEDGER_PAGE_HELD, &start);
    errno = error;
    return memory;
}

int shmdt(const void *at)
{
    LedgerHeader *header = ledger_now();
    MappedTaken taken = {0};
    if (header != NULL)
        mapped_take(header, at, mapped_size(header, at), &taken);
    int result = (int)syscall(SYS_shmdt, at);
    if (result != 0 && taken.count > 0)
        mapped_return(header, &taken);
    return result;
}

/* sbrk and brk are not among them: another C library has a break of its own. */
void *mapping_ours(const char *name)
{
    static const struct {
        const char *name;
        void *ours;
    } rows[] = {
        {"mmap", mmap},     {"mmap64", mmap64},     {"munmap", munmap},
        {"mremap", mremap}, {"mprotect", mprotect}, {"pkey_mprotect", pkey_mprotect},
        {"shmat", shmat},   {"shmdt", shmdt},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].name, name) == 0)
            return rows[i].ours;
    return NULL;
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
