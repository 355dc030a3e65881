#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "process.h"
#include "program_name.h"
#include "books/sample.h"
#include "sandbox.h"

/* System calls by number, as in family.c. */

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
        copy_value(self->limits, sizeof self->limits, *entry, LIMITS_VARIABLE);
        copy_value(self->sample, sizeof self->sample, *entry, SAMPLE_VARIABLE);
        copy_value(self->parent, sizeof self->parent, *entry, ROLL_PARENT_VARIABLE);
    }
}

static uint64_t hexadecimal_value(const char *text, size_t digits)
{
    uint64_t value = 0;
    for (size_t i = 0; i < digits; i++) {
        const char *digit = strchr("0123456789abcdef", text[i]);
        if (digit == NULL)
            return 0;
        value = value << 4 | (uint64_t)(*digit >= 'a' ? *digit - 'a' + 10 : *digit - '0');
    }
    return value;
}

void process_parent(uint64_t *family, uint32_t *entry)
{
    const char *text = process_inheritance.parent;
    bool whole = strlen(text) == ROLL_PARENT_SIZE - 1 && text[16] == '.';
    *family = whole ? hexadecimal_value(text, 16) : 0;
    *entry = whole ? (uint32_t)hexadecimal_value(text + 17, 8) : 0;
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

const char *process_executable(void)
{
    if (!identity.known)
        identity_read();
    return identity.executable;
}

void process_header_fill(LedgerHeader *header, uint32_t forked)
{
    if (!identity.known)
        identity_read();
    ledger_begin(header);
    if (!sandbox_entered) {
        header->pid = (uint32_t)syscall(SYS_getpid);
        header->parent_pid = (uint32_t)syscall(SYS_getppid);
    }
    /* A parent beyond one's own namespace is 0. */
    header->forked = forked != 0 && header->parent_pid == 0 ? LEDGER_FORKED_APART : forked;
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
