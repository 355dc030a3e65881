#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "books/audit.h"
#include "books/books.h"
#include "family.h"
#include "memory.h"
#include "books/modules.h"
#include "books/pages.h"
#include "process.h"
#include "python/python.h"
#include "malloc/real.h"
#include "books/sample.h"
#include "sandbox.h"
#include "books/stack_tree.h"
#include "start.h"
#include "thread.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14 */
#endif

enum { NEW, OPENING, OPEN, OFF };

static GuestDesk closed;
GuestDesk *guest_desk = &closed;
uint32_t guest_generation;

static int state;
static LedgerHeader *mapped; /* of this process or, after a fork, still of its parent */

void *guest_map(size_t size)
{
    return memory_map(size);
}

void guest_unmap(void *memory, size_t size)
{
    memory_unmap(memory, size);
}

void guest_empty(void *memory, size_t size)
{
    int error = errno;
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE) - 1;
    uintptr_t start = ((uintptr_t)memory + page) & ~page, end = ((uintptr_t)memory + size) & ~page;
    if (end > start)
        syscall(SYS_mmap, start, end - start, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    errno = error;
}

void guest_populate(void *memory, size_t size)
{
    int error = errno;
    if (!sandbox_entered)
        syscall(SYS_madvise, memory, size, MADV_POPULATE_WRITE);
    errno = error;
}

uint64_t guest_now_ns(void)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

bool guest_watching(void)
{
    return __atomic_load_n(&state, __ATOMIC_ACQUIRE) == OPEN;
}

void guest_off(uint32_t off_reason)
{
    __atomic_store_n(&state, OFF, __ATOMIC_RELEASE);
    if (mapped != NULL)
        mapped->off_reason = off_reason;
    if (guest_desk != &closed)
        __atomic_store_n(&guest_desk->header, NULL, __ATOMIC_RELEASE);
}

/* A page that a fork empties. */
static bool desk_open(void)
{
    if (guest_desk != &closed)
        return true;
    GuestDesk *desk = guest_map((size_t)sysconf(_SC_PAGESIZE));
    if (desk == NULL || syscall(SYS_madvise, desk, sysconf(_SC_PAGESIZE), MADV_WIPEONFORK) != 0)
        return false;
    guest_desk = desk;
    return true;
}

static LedgerHeader *ledger_open(bool forked)
{
    if (process_inheritance.socket[0] == '\0' || !desk_open())
        return NULL;
    LedgerHeader *header = forked ? family_join() : family_begin();
    if (header == NULL)
        return NULL;
    mapped = header;
    pages_open();
    python_ledger(header);
    bool memory = stack_tree_open(header) && books_open();
    if (!memory)
        header->off_reason = LEDGER_OFF_NO_MEMORY;
    return memory ? header : NULL;
}

static LedgerHeader *open_first(bool forked)
{
    if (!forked) {
        real_open();
        process_inherit();
        sample_open(process_inheritance.sample);
        limits_inherit(process_inheritance.limits);
        unwind_init();
    }
    modules_gone = 0;
    guest_generation++;
    LedgerHeader *header = ledger_open(forked);
    if (header == NULL) {
        __atomic_store_n(&state, OFF, __ATOMIC_RELEASE);
        return NULL;
    }
    if (real_is_passed) {
        guest_off(LEDGER_OFF_OWN_MALLOC);
        return NULL;
    }
    __atomic_store_n(&guest_desk->header, header, __ATOMIC_RELEASE);
    __atomic_store_n(&state, OPEN, __ATOMIC_RELEASE);
    return header;
}

/* While it is being opened, what the C library asks for on the way is passed through. */
LedgerHeader *guest_open(void)
{
    int was = __atomic_load_n(&state, __ATOMIC_ACQUIRE);
    if (was == OFF || was == OPENING)
        return NULL;
    int error = errno;
    LedgerHeader *header = NULL;
    if (__atomic_compare_exchange_n(&state, &was, OPENING, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        header = open_first(was == OPEN);
    errno = error;
    return header;
}

void guest_ended(bool ended)
{
    LedgerHeader *header = guest_desk->header;
    if (header != NULL && (sandbox_entered || header->pid == (uint32_t)syscall(SYS_getpid)))
        __atomic_store_n(&header->ended_ns, ended ? guest_now_ns() : 0, __ATOMIC_RELEASE);
}

static void remember_library(void)
{
    Dl_info info;
    if (dladdr(&state, &info) != 0 && strlen(info.dli_fname) < sizeof process_inheritance.library)
        strcpy(process_inheritance.library, info.dli_fname);
}

__attribute__((constructor)) static void process_begin(void)
{
    bool on = guest_ledger() != NULL;
    remember_library();
    start_open(); /* what a program starts is traced, though it has its own malloc */
    if (!on)
        return;
    unwind_init();
    thread_open();
    python_open();
}

__attribute__((destructor)) static void process_end(void)
{
    LedgerHeader *header = guest_desk->header;
    if (header != NULL)
        audit_exit(header);
    guest_ended(true);
}
