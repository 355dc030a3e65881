#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "entry.h"
#include "family.h"
#include "hello.h"
#include "memory.h"
#include "process.h"

/* System calls by number: none of them is a cancellation point, and nobody else interposes them. */

RollHeader *family_roll;
uint32_t family_number;
static LedgerHeader *ledger; /* of this process or, after a fork, still of its parent */

/* How many ledgers the file can have under this limit; 0: none. A file is not tried to grow beyond it: that
 * would be a signal. */
static uint32_t size_below(int file, rlim_t limit)
{
    for (uint32_t room = ROLL_LEDGERS; room > 0; room /= 2)
        if ((limit == RLIM_INFINITY || limit >= ROLL_LEDGER_AT(room)) &&
            syscall(SYS_ftruncate, file, ROLL_LEDGER_AT(room)) == 0)
            return room;
    return 0;
}

/* The host's limit on its files is lifted for the moment that this takes, as far as it may be. */
static uint32_t file_size(int file)
{
    struct rlimit own, lifted = {RLIM_INFINITY, RLIM_INFINITY};
    if (syscall(SYS_prlimit64, 0, RLIMIT_FSIZE, NULL, &own) != 0)
        return 0;
    if (own.rlim_cur == RLIM_INFINITY)
        return size_below(file, own.rlim_cur);
    if (syscall(SYS_prlimit64, 0, RLIMIT_FSIZE, &lifted, NULL) != 0) {
        lifted.rlim_cur = lifted.rlim_max = own.rlim_max;
        syscall(SYS_prlimit64, 0, RLIMIT_FSIZE, &lifted, NULL);
    }
    uint32_t room = size_below(file, lifted.rlim_cur);
    syscall(SYS_prlimit64, 0, RLIMIT_FSIZE, &own, NULL);
    return room;
}

static void *map_file(int file, uint64_t size, uint64_t at)
{
    memory_take_shared((int64_t)size); /* first: a limit of the program's follows */
    long memory = syscall(SYS_mmap, NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, file, at);
    if (memory == -1) {
        memory_take_shared(-(int64_t)size);
        return NULL;
    }
    syscall(SYS_madvise, memory, size, MADV_DONTDUMP);
    return (void *)memory;
}

static void unmap_file(void *memory, uint64_t size)
{
    syscall(SYS_munmap, memory, size);
    memory_take_shared(-(int64_t)size);
}

/* Never 0, and no other's on this machine. */
static uint64_t make_identity(uint32_t pid)
{
    uint64_t mixed = (guest_now_ns() ^ (uint64_t)pid << 40) * UINT64_C(0x9e3779b97f4a7c15);
    return (mixed ^ mixed >> 29) | 1;
}

static void roll_fill(uint32_t room)
{
    const char *started_as = (const char *)getauxval(AT_EXECFN);
    family_roll->room = room;
    family_roll->pid = (uint32_t)syscall(SYS_getpid);
    family_roll->family = make_identity(family_roll->pid);
    process_parent(&family_roll->parent_family, &family_roll->parent_entry);
    family_roll->image = entry_file_at(AT_FDCWD, "/proc/self/exe", 0);
    family_roll->file = started_as != NULL ? entry_file_at(AT_FDCWD, started_as, 0) : family_roll->image;
    roll_begin(family_roll);
}

/* LEDGER_OFF_NOT or why it cannot be. */
static uint32_t family_map(int file)
{
    uint32_t room = file_size(file);
    if (room == 0)
        return LEDGER_OFF_FILE_SIZE;
    family_roll = map_file(file, ROLL_SIZE, 0);
    ledger = family_roll != NULL ? map_file(file, LEDGER_FILE_SIZE, ROLL_LEDGER_AT(0)) : NULL;
    if (ledger == NULL)
        return LEDGER_OFF_NO_MEMORY;
    roll_fill(room);
    process_header_fill(ledger, 0);
    return hello_send(file);
}

static void family_unmap(void)
{
    if (ledger != NULL)
        unmap_file(ledger, LEDGER_FILE_SIZE);
    if (family_roll != NULL)
        unmap_file(family_roll, ROLL_SIZE);
    ledger = NULL;
    family_roll = NULL;
}

static uint32_t family_make(void)
{
    int file = (int)syscall(SYS_memfd_create, "heapgate-ledger", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (file < 0)
        return errno == EMFILE || errno == ENFILE ? LEDGER_OFF_NO_DESCRIPTOR : LEDGER_OFF_NO_FILE;
    uint32_t off_reason = family_map(file);
    syscall(SYS_close, file);
    if (off_reason != LEDGER_OFF_NOT)
        family_unmap();
    return off_reason;
}

typedef struct {
    uint32_t off_reason;
    bool only_tell;
} Making;

/* In a thread that has its own descriptors, so that it may close some. */
static int make_apart(void *data)
{
    Making *making = data;
    for (int fd = 0; fd < 3; fd++)
        syscall(SYS_close, fd);
    if (making->only_tell)
        hello_send_off(making->off_reason);
    else
        making->off_reason = family_make();
    return 0;
}

/* Until the thread has ended this one stands still, and nobody is told. */
static uint32_t make_by_another(uint32_t off_reason, bool only_tell)
{
    enum { STACK = 1 << 16 };
    Making making = {off_reason, only_tell};
    char *stack = guest_map(STACK);
    if (stack == NULL)
        return off_reason;
    clone(make_apart, stack + STACK, CLONE_VM | CLONE_VFORK | CLONE_SIGHAND | CLONE_THREAD, &making);
    guest_unmap(stack, STACK);
    return making.off_reason;
}

LedgerHeader *family_begin(void)
{
    uint32_t off_reason = family_make();
    if (off_reason == LEDGER_OFF_NO_DESCRIPTOR)
        off_reason = make_by_another(off_reason, false);
    if (off_reason != LEDGER_OFF_NOT && off_reason != LEDGER_OFF_NO_HARNESS &&
        hello_send_off(off_reason) == LEDGER_OFF_NO_DESCRIPTOR)
        make_by_another(off_reason, true);
    return ledger;
}

/* One page at the beginning of a later ledger, which is reached by growing a mapping: there is no descriptor
 * any more. NULL: there is no room. */
static char *reach(uint32_t from, uint32_t to)
{
    enum { STRIDE = 256 }; /* ledgers at a time: address space has an end */
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *at = (char *)ledger;
    for (size_t size = 0; from < to; size = page) { /* 0: a second mapping of the same pages */
        uint32_t step = to - from < STRIDE ? to - from : STRIDE;
        size_t passed = step * ROLL_LEDGER_SIZE;
        memory_take_shared((int64_t)(passed + page));
        long grown = syscall(SYS_mremap, at, size, passed + page, MREMAP_MAYMOVE);
        if (grown == -1) {
            memory_take_shared(-(int64_t)(passed + page));
            if (size != 0)
                unmap_file(at, page);
            return NULL;
        }
        unmap_file((void *)grown, passed);
        memory_take_shared(-(int64_t)size);
        at = (char *)grown + passed;
        from += step;
    }
    return at;
}

/* By a mapping of one page that grows and is moved. Kernels want room for what it grows by, though it takes
 * another's place. */
static bool turn_by_growing(char *at, size_t page)
{
    int64_t growth = (int64_t)(LEDGER_FILE_SIZE - page);
    memory_take_shared(growth);
    long moved = syscall(SYS_mremap, at, page, LEDGER_FILE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, ledger);
    memory_take_shared(-growth);
    if (moved == -1)
        syscall(SYS_munmap, at, page);
    memory_take_shared(-(int64_t)page);
    return moved != -1;
}

/* Where address space is short, by the other way, of which kernels warn. Without the flag it would fill the
 * whole file. */
static bool turn_in_place(uint32_t to, size_t page)
{
    return syscall(SYS_remap_file_pages, ledger, LEDGER_FILE_SIZE, 0, ROLL_LEDGER_AT(to) / page,
                   MAP_NONBLOCK) == 0;
}

/* Puts a later ledger where this one is mapped, so that nobody who still looks there finds nothing. */
static bool turn_to(uint32_t to)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *at = reach(family_number, to);
    return (at != NULL && turn_by_growing(at, page)) || turn_in_place(to, page);
}

LedgerHeader *family_join(void)
{
    if (family_roll == NULL)
        return NULL;
    uint32_t claimed = atomic_claim(&family_roll->ledgers,
                                    family_roll->room < ROLL_LEDGERS ? family_roll->room : ROLL_LEDGERS);
    if (claimed == 0) {
        entry_refuse(LEDGER_OFF_FILE_SIZE);
        return NULL;
    }
    uint32_t forked = ledger->forked == LEDGER_FORKED_APART ? LEDGER_FORKED_APART : LEDGER_FORKED;
    if (!turn_to(claimed)) {
        entry_refuse(LEDGER_OFF_NO_MEMORY);
        return NULL;
    }
    family_number = claimed;
    process_header_fill(ledger, forked);
    return ledger;
}
