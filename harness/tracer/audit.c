#include "audit.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "foreign.h"
#include "sandbox.h"

int64_t audit_aligned_bytes;

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
    UnwindResult found = unwind_walk(start, addresses, LEDGER_DEEPEST, NULL, 0);
    bool outside = found.frames > 0 && !found.truncated;
    for (uint32_t i = 0; i < found.frames; i++)
        outside = outside && addresses[i] >> 63 == 0;
    guest_unmap(addresses, size);
    return outside;
#else
    (void)start; /* frame pointers do not show them */
    return false;
#endif
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

/* high: of what the books hold before and after, the most. */
static LedgerAudit look(LedgerHeader *header, Info (*ask)(void), bool high)
{
    int64_t before = live_now(header);
    Info info = ask();
    int64_t after = live_now(header);
    return (LedgerAudit){
        .allocator_bytes = (int64_t)(info.uordblks + info.hblkhd),
        .live_bytes = (before > after) == high ? before : after,
        .mapped_blocks = (uint32_t)info.hblks,
        .aligned_bytes = __atomic_load_n(&audit_aligned_bytes, __ATOMIC_RELAXED),
        .made = 1,
    };
}

static int64_t gap(const LedgerAudit *self)
{
    return self->allocator_bytes - self->live_bytes;
}

/* Other threads have blocks that only one of the two has as yet: of several looks the one with the smaller
 * gap or, at the first, the larger counts. */
static void audit(LedgerHeader *header, LedgerAudit *to, uint32_t threads, uint32_t mark)
{
    enum { LOOKS = 3 };
    bool last = to == &header->last_audit;
    Info (*ask)(void) = info_of_glibc();
    if (ask == NULL)
        return;
    LedgerAudit best = look(header, ask, last);
    for (int i = 1; i < LOOKS && threads > 1; i++) {
        LedgerAudit other = look(header, ask, last);
        if ((gap(&other) < gap(&best)) == last)
            best = other;
    }
    best.live_blocks = blocks_now(header);
    best.threads = threads;
    best.mark = mark;
    if (header->python_state != LEDGER_PYTHON_NOT || foreign_used())
        header->audit_kind |= LEDGER_AUDIT_MIXED;
    else if (real.least != 0)
        header->audit_kind |= LEDGER_AUDIT_APART;
    *to = best;
}

/* most: so many threads there may be. */
static void audit_if_safe(LedgerHeader *header, LedgerAudit *to, uint32_t most, uint32_t mark,
                          const UnwindStart *start)
{
    if (sandbox_entered || header->sample_bytes != 0)
        return;
    int error = errno;
    uint32_t threads = threads_now();
    if (threads != 0 && threads <= most && is_outside_signals(start))
        audit(header, to, threads, mark);
    errno = error;
}

void audit_mark(LedgerHeader *header, uint32_t number, bool end)
{
    UnwindStart start = unwind_start_here();
    if (end)
        audit_if_safe(header, &header->last_audit, UINT32_MAX, number, &start);
    else if (number == 1)
        audit_if_safe(header, &header->first_audit, UINT32_MAX, number, &start);
}

void audit_exit(LedgerHeader *header)
{
    UnwindStart start = unwind_start_here();
    if (!sandbox_entered && !header->forked && header->end_mark == 0 &&
        header->pid == (uint32_t)syscall(SYS_getpid))
        audit_if_safe(header, &header->last_audit, 1, 0, &start);
}
