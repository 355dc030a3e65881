#include "audit.h"

#include <errno.h>
#include <fcntl.h>
#include <gnu/libc-version.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "malloc/foreign.h"
#include "sandbox.h"

int64_t audit_besides_bytes;
bool audit_mixed;

typedef struct mallinfo2 Info;

/* glibc's own, also where another allocator has one of this name; NULL: it is older than 2.33. */
static Info (*info_of_glibc(void))(void)
{
    const Object *library = NULL;
    objects_find(objects_first(), NULL, "gnu_get_libc_version", &library);
    return library != NULL ? (Info(*)(void))object_find(library, "mallinfo2") : NULL;
}

/* Is it certain that no frame of a signal is below us? */
static bool is_outside_signals(const UnwindStart *start)
{
#ifdef __x86_64__
    size_t size = sizeof(uintptr_t) * LEDGER_DEEPEST;
    uintptr_t *addresses = guest_map(size);
    if (addresses == NULL)
        return false;
    UnwindResult found = unwind_walk(start, addresses, LEDGER_DEEPEST);
    bool outside = found.frames > 0 && !found.truncated;
    for (uint32_t i = 0; i < found.frames; i++)
        outside = outside && (addresses[i] & LEDGER_FRAME_EXACT) == 0;
    guest_unmap(addresses, size);
    return outside;
#else
    (void)start; /* frame pointers do not show them */
    return false;
#endif
}

/* Who tunes malloc may make it keep more than is reckoned with. */
static bool is_tuned(void)
{
    const char *tunables = getenv("GLIBC_TUNABLES");
    return tunables != NULL && strstr(tunables, "glibc.malloc.") != NULL;
}

/* What glibc takes for itself besides, at the most: an arena's own part, of eight for each processor; in
 * releases after 2.41 more in each thread's reserve. */
static int64_t own_of_glibc(uint32_t threads)
{
    enum { ARENAS = 8, ARENA = 4096, CACHED_MORE = 9 * 64 * (32 + 1040) / 2 };
    unsigned long processors[128] = {0};
    const char *version = gnu_get_libc_version();
    int64_t bytes = 0;
    if (guest_shared())
        syscall(SYS_sched_getaffinity, 0, sizeof processors, processors);
    for (size_t i = 0; i < sizeof processors / sizeof *processors; i++)
        bytes += (int64_t)__builtin_popcountl(processors[i]) * ARENAS * ARENA;
    if (version[0] != '2' || version[1] != '.' || atoi(version + 2) > 41)
        bytes += (int64_t)threads * CACHED_MORE;
    return bytes;
}

/* A folder for each; 0: not known. */
static uint32_t threads_now(void)
{
    struct stat tasks;
    if (!guest_shared())
        return 1;
    return syscall(SYS_newfstatat, AT_FDCWD, "/proc/self/task", &tasks, 0) == 0 && tasks.st_nlink > 2
               ? (uint32_t)(tasks.st_nlink - 2)
               : 0;
}

static int64_t live_now(LedgerHeader *header)
{
    return __atomic_load_n(&header->live_bytes, __ATOMIC_ACQUIRE) +
           __atomic_load_n(&header->own_bytes, __ATOMIC_RELAXED);
}

static int64_t blocks_now(LedgerHeader *header)
{
    int64_t blocks = 0;
    uint32_t sites = __atomic_load_n(&header->sites, __ATOMIC_ACQUIRE);
    for (uint32_t i = 1; i < sites && i < LEDGER_SITES; i++)
        if (guest_sites(header)[i].kind == LEDGER_SITE_HEAP)
            blocks += __atomic_load_n(&guest_sites(header)[i].live_blocks, __ATOMIC_RELAXED);
    return blocks;
}

static void audit(LedgerHeader *header, LedgerAudit *to, uint32_t threads, uint32_t mark)
{
    Info (*ask)(void) = info_of_glibc();
    if (ask == NULL)
        return;
    Info info = ask();
    *to = (LedgerAudit){
        .allocator_bytes = (int64_t)(info.uordblks + info.hblkhd),
        .live_bytes = live_now(header),
        .live_blocks = blocks_now(header),
        .besides_bytes = __atomic_load_n(&audit_besides_bytes, __ATOMIC_RELAXED),
        .mapped_blocks = (uint32_t)info.hblks,
        .threads = threads,
        .mark = mark,
        .made = 1,
    };
    if (to == &header->last_audit)
        to->besides_bytes += own_of_glibc(threads);
    if (header->python_state != LEDGER_PYTHON_NOT || audit_mixed || foreign_used())
        header->audit_kind |= LEDGER_AUDIT_MIXED;
    else if (real.least != 0)
        header->audit_kind |= LEDGER_AUDIT_APART;
}

static void audit_if_safe(LedgerHeader *header, LedgerAudit *to, uint32_t mark, const UnwindStart *start)
{
    if (sandbox_entered || header->sample_bytes != 0 || is_tuned())
        return;
    int error = errno;
    uint32_t threads = threads_now();
    if (threads == 1 && is_outside_signals(start))
        audit(header, to, threads, mark);
    errno = error;
}

void audit_mark(LedgerHeader *header, uint32_t number, bool end)
{
    UnwindStart start = unwind_start_here();
    if (end)
        audit_if_safe(header, &header->last_audit, number, &start);
    else if (number == 1)
        audit_if_safe(header, &header->first_audit, number, &start);
}

void audit_exit(LedgerHeader *header)
{
    UnwindStart start = unwind_start_here();
    if (!sandbox_entered && !header->forked && header->end_mark == 0 &&
        header->pid == (uint32_t)syscall(SYS_getpid))
        audit_if_safe(header, &header->last_audit, 0, &start);
}
