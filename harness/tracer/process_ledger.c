#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <errno.h>
#include <unistd.h>

#include "hello.h"
#include "memory.h"
#include "process.h"
#include "program_name.h"
#include "sample.h"

/* System calls by number: none of them is a cancellation point, and nobody else interposes them. */

extern void *__libc_stack_end; /* the loader's: where the program's arguments begin */
extern char **environ;

ProcessInheritance process_inheritance;

/* After arguments and environment of the kernel's making: argc, argv, NULL, envp. */
static char **initial_environment(void)
{
    if (environ != NULL)
        return environ;
    long *argc = __libc_stack_end;
    return argc != NULL ? (char **)(argc + 1) + *argc + 1 : NULL;
}

static void copy_value(char *to, size_t room, const char *entry, const char *name)
{
    size_t length = strlen(name);
    if (strncmp(entry, name, length) != 0 || entry[length] != '=')
        return;
    const char *value = entry + length + 1;
    if (strlen(value) < room)
        strcpy(to, value);
}

void process_inherit(void)
{
    ProcessInheritance *self = &process_inheritance;
    for (char **entry = initial_environment(); entry != NULL && *entry != NULL; entry++) {
        copy_value(self->socket, sizeof self->socket, *entry, LEDGER_SOCKET_VARIABLE);
        copy_value(self->preload, sizeof self->preload, *entry, "LD_PRELOAD");
        copy_value(self->sample, sizeof self->sample, *entry, SAMPLE_VARIABLE);
    }
}

/* Read once: a forked child's are the same. */
static struct {
    char executable[sizeof((LedgerHeader *)0)->executable];
    char command[sizeof((LedgerHeader *)0)->command];
    uint32_t command_size;
    char program[sizeof((LedgerHeader *)0)->program];
    bool known;
} identity;

static void identity_read(void)
{
    syscall(SYS_readlinkat, AT_FDCWD, "/proc/self/exe", identity.executable, sizeof identity.executable - 1);
    int fd = (int)syscall(SYS_openat, AT_FDCWD, "/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        long got = syscall(SYS_read, fd, identity.command, sizeof identity.command - 1);
        identity.command_size = got > 0 ? (uint32_t)got : 0;
        syscall(SYS_close, fd);
    }
    program_name(identity.program, sizeof identity.program, identity.executable);
    identity.known = true;
}

static void header_fill(LedgerHeader *header, bool forked)
{
    if (!identity.known)
        identity_read();
    header->magic = LEDGER_MAGIC;
    header->version = LEDGER_VERSION;
    header->header_size = sizeof *header;
    header->file_size = LEDGER_FILE_SIZE;
    header->pid = (uint32_t)syscall(SYS_getpid);
    header->parent_pid = (uint32_t)syscall(SYS_getppid);
    header->forked = forked;
    header->started_ns = guest_now_ns();
    header->sample_bytes = sample_mean;
    header->page_size = (uint32_t)sysconf(_SC_PAGESIZE);
#ifdef __x86_64__
    header->cut_stack_unwinder = 1;
#else
    header->cut_stack_unwinder = 2;
#endif
    memcpy(header->executable, identity.executable, sizeof header->executable);
    memcpy(header->command, identity.command, sizeof header->command);
    memcpy(header->program, identity.program, sizeof header->program);
    header->command_size = identity.command_size;
}

/* Beyond this limit the kernel does not refuse: it sends a signal that ends the host. */
static bool may_grow_to(uint64_t bytes)
{
    struct rlimit limit;
    return syscall(SYS_prlimit64, 0, RLIMIT_FSIZE, NULL, &limit) == 0 &&
           (limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur >= bytes);
}

/* A header without books: the harness learns that there was a process, and why nothing is known of it. */
static void send_no_memory(int fd, bool forked)
{
    static LedgerHeader header; /* not on the host's stack; one thread opens */
    header_fill(&header, forked);
    header.off_reason = LEDGER_OFF_NO_MEMORY;
    if (syscall(SYS_pwrite64, fd, &header, sizeof header, 0) == (long)sizeof header)
        hello_send(&header, fd);
    else
        syscall(SYS_close, fd);
}

/* errno is memfd_create's: no memory file can be made at all. */
static void report_no_file(bool forked)
{
    hello_send_off(forked,
                   errno == EMFILE || errno == ENFILE ? LEDGER_OFF_NO_DESCRIPTOR : LEDGER_OFF_NO_MEMORY);
}

LedgerHeader *process_ledger_new(void *at, bool forked, int *fd)
{
    errno = EFBIG;
    *fd = may_grow_to(sizeof(LedgerHeader)) ? (int)syscall(SYS_memfd_create, "heapgate-ledger", MFD_CLOEXEC)
                                            : -1;
    if (*fd < 0) {
        report_no_file(forked);
        return NULL;
    }
    void *memory = MAP_FAILED;
    if (may_grow_to(LEDGER_FILE_SIZE) && syscall(SYS_ftruncate, *fd, LEDGER_FILE_SIZE) == 0)
        memory = (void *)syscall(SYS_mmap, at, LEDGER_FILE_SIZE, PROT_READ | PROT_WRITE,
                                 MAP_SHARED | MAP_NORESERVE | (at != NULL ? MAP_FIXED : 0), *fd, 0);
    if (memory == MAP_FAILED) {
        send_no_memory(*fd, forked);
        return NULL;
    }
    if (at == NULL)
        memory_take_shared((int64_t)LEDGER_FILE_SIZE);
    syscall(SYS_madvise, memory, LEDGER_FILE_SIZE, MADV_DONTDUMP);
    header_fill(memory, forked);
    return memory;
}
