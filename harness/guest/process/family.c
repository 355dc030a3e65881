#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "family.h"
#include "hello.h"
#include "memory.h"
#include "process.h"
#include "sandbox.h"

/* System calls by number: none of them is a cancellation point, and nobody else interposes them. */

static RollHeader *roll;     /* NULL: there is none */
static LedgerHeader *ledger; /* of this process or, after a fork, still of its parent */
static uint32_t number;      /* of that ledger */

bool family_is_open(void)
{
    return roll != NULL;
}

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

static RollFile file_at(int folder, const char *path, int flags)
{
    struct stat info;
    if (syscall(SYS_newfstatat, folder, path, &info, flags) != 0)
        return (RollFile){0, 0};
    return (RollFile){info.st_dev, info.st_ino};
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
    roll->room = room;
    roll->pid = (uint32_t)syscall(SYS_getpid);
    roll->family = make_identity(roll->pid);
    process_parent(&roll->parent_family, &roll->parent_entry);
    roll->image = file_at(AT_FDCWD, "/proc/self/exe", 0);
    roll->file = started_as != NULL ? file_at(AT_FDCWD, started_as, 0) : roll->image;
    roll_begin(roll);
}

/* LEDGER_OFF_NOT or why it cannot be. */
static uint32_t family_map(int file)
{
    uint32_t room = file_size(file);
    if (room == 0)
        return LEDGER_OFF_FILE_SIZE;
    roll = map_file(file, ROLL_SIZE, 0);
    ledger = roll != NULL ? map_file(file, LEDGER_FILE_SIZE, ROLL_LEDGER_AT(0)) : NULL;
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
    if (roll != NULL)
        unmap_file(roll, ROLL_SIZE);
    ledger = NULL;
    roll = NULL;
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
    char *at = reach(number, to);
    return (at != NULL && turn_by_growing(at, page)) || turn_in_place(to, page);
}

static RollEntry *entry_at(uint32_t entry)
{
    return (RollEntry *)((char *)roll + ROLL_ENTRIES_AT) + entry;
}

/* An entry for the caller to fill; 0: there is no room. */
static uint32_t entry_claim(void)
{
    uint32_t entry = __atomic_exchange_n(&roll->spare, 0, __ATOMIC_ACQ_REL);
    if (entry == 0 || entry >= ROLL_ENTRIES)
        entry = atomic_claim(&roll->entries, ROLL_ENTRIES);
    if (entry == 0) {
        __atomic_fetch_add(&roll->full_entries, 1, __ATOMIC_RELAXED);
        return 0;
    }
    RollEntry *at = entry_at(entry);
    at->pid = sandbox_entered ? 0 : (uint32_t)syscall(SYS_getpid);
    at->ledger = number;
    at->time_ns = guest_now_ns();
    at->file = (RollFile){0, 0};
    at->off_reason = LEDGER_OFF_NOT;
    at->path[0] = '\0';
    return entry;
}

static void entry_publish(uint32_t entry, uint32_t kind)
{
    __atomic_store_n(&entry_at(entry)->kind, kind, __ATOMIC_RELEASE);
}

static void put_text(char *to, size_t room, const char *from)
{
    size_t length = strlen(from);
    length = length < room ? length : room - 1;
    memcpy(to, from, length);
    to[length] = '\0';
}

static LedgerHeader *join_refused(uint32_t off_reason)
{
    uint32_t entry = entry_claim();
    if (entry == 0)
        return NULL;
    entry_at(entry)->off_reason = off_reason;
    put_text(entry_at(entry)->path, ROLL_PATH, process_executable());
    entry_publish(entry, ROLL_NO_BOOKS);
    return NULL;
}

LedgerHeader *family_join(void)
{
    if (roll == NULL)
        return NULL;
    uint32_t claimed = atomic_claim(&roll->ledgers, roll->room < ROLL_LEDGERS ? roll->room : ROLL_LEDGERS);
    if (claimed == 0)
        return join_refused(LEDGER_OFF_FILE_SIZE);
    uint32_t forked = ledger->forked == LEDGER_FORKED_APART ? LEDGER_FORKED_APART : LEDGER_FORKED;
    if (!turn_to(claimed))
        return join_refused(LEDGER_OFF_NO_MEMORY);
    number = claimed;
    process_header_fill(ledger, forked);
    return ledger;
}

static void put_number(char *to, uint32_t value)
{
    char digits[12], *at = digits + sizeof digits;
    for (*--at = '\0'; at == digits + sizeof digits - 1 || value != 0; value /= 10)
        *--at = (char)('0' + value % 10);
    memcpy(to, at, (size_t)(digits + sizeof digits - at));
}

/* What a link of /proc/ leads to, and how a path looks from the root: only its owner can tell. */
static void entry_name(RollEntry *at, int folder, const char *path)
{
    if (sandbox_entered) {
        put_text(at->path, sizeof at->path, path);
        return;
    }
    char link[40] = "/proc/self/fd/";
    if (path[0] == '\0') {
        put_number(link + strlen(link), (uint32_t)folder);
        path = link;
    }
    if (strncmp(path, "/proc/", 6) == 0) {
        long length = syscall(SYS_readlinkat, AT_FDCWD, path, at->path, sizeof at->path - 1);
        at->path[length > 0 ? length : 0] = '\0';
        if (length > 0)
            return;
    }
    if (path[0] != '/' && folder == AT_FDCWD && syscall(SYS_getcwd, at->path, sizeof at->path) > 0) {
        size_t length = strlen(at->path);
        if (length + 1 + strlen(path) < sizeof at->path) {
            at->path[length] = '/';
            put_text(at->path + length + 1, sizeof at->path - length - 1, path);
            return;
        }
    }
    put_text(at->path, sizeof at->path, path);
}

uint32_t family_enter(uint32_t kind, int folder, const char *path, int flags, bool known)
{
    if (roll == NULL || path == NULL)
        return 0;
    errno = 0;
    RollFile what = known && !sandbox_entered ? file_at(folder, path, flags) : (RollFile){0, 0};
    uint32_t entry = errno == ENOENT || errno == ENOTDIR ? 0 : entry_claim();
    if (entry == 0)
        return 0;
    RollEntry *at = entry_at(entry);
    at->file = what;
    entry_name(at, folder, path);
    if (kind == ROLL_SPAWN)
        at->pid = 0;
    entry_publish(entry, kind);
    return entry;
}

/* Folder and file in `to`; false: too long. */
static bool join_path(char *to, size_t room, const char *folder, size_t length, const char *name)
{
    size_t more = strlen(name);
    if (length == 0)
        folder = ".", length = 1;
    if (length + more + 2 > room)
        return false;
    memcpy(to, folder, length);
    to[length] = '/';
    memcpy(to + length + 1, name, more + 1);
    return true;
}

uint32_t family_enter_found(uint32_t kind, const char *name, const char **found)
{
    const char *folders = getenv("PATH");
    *found = NULL;
    if (sandbox_entered)
        return family_enter(kind, AT_FDCWD, name, 0, false);
    uint32_t entry = roll != NULL && name != NULL && name[0] != '\0' ? entry_claim() : 0;
    if (entry == 0)
        return 0;
    RollEntry *at = entry_at(entry);
    for (const char *folder = folders != NULL ? folders : "/bin:/usr/bin"; folder != NULL;) {
        const char *end = strchrnul(folder, ':');
        if (join_path(at->path, sizeof at->path, folder, (size_t)(end - folder), name) &&
            syscall(SYS_faccessat, AT_FDCWD, at->path, X_OK) == 0) {
            at->file = file_at(AT_FDCWD, at->path, 0);
            if (kind == ROLL_SPAWN)
                at->pid = 0;
            entry_publish(entry, kind);
            *found = at->path;
            return entry;
        }
        folder = *end == ':' ? end + 1 : NULL;
    }
    family_take_back(entry);
    return 0;
}

void family_loosen(uint32_t entry)
{
    if (entry != 0)
        entry_at(entry)->file = (RollFile){0, 0};
}

void family_explain(uint32_t entry, uint32_t off_reason)
{
    if (entry != 0)
        entry_at(entry)->off_reason = off_reason;
}

void family_take_back(uint32_t entry)
{
    if (entry == 0)
        return;
    entry_publish(entry, ROLL_NOTHING);
    __atomic_store_n(&roll->spare, entry, __ATOMIC_RELEASE);
}

void family_started(uint32_t entry, uint32_t pid)
{
    if (entry != 0)
        __atomic_store_n(&entry_at(entry)->pid, pid, __ATOMIC_RELAXED);
}

static char *put_hexadecimal(char *to, uint64_t value, int digits)
{
    while (digits-- > 0)
        *to++ = "0123456789abcdef"[value >> 4 * digits & 15];
    return to;
}

void family_parent_text(uint32_t entry, char *text)
{
    text[0] = '\0';
    if (entry == 0)
        return;
    char *end = put_hexadecimal(text, roll->family, 16);
    *end++ = '.';
    *put_hexadecimal(end, entry, 8) = '\0';
}
