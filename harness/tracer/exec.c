/* What a process starts is traced too, also where the program hands on an environment of its own making; and
 * a process that leaves by another door than exit has ended in good order all the same.
 *
 * Between vfork and exec this runs in the parent's memory: nothing is allocated, nothing global is written.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hello.h"
#include "process.h"
#include "sample.h"

typedef char *const *Strings;
typedef int Spawn(pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *,
                  Strings, Strings);

GUEST_EXPORT int execve(const char *path, Strings arguments, Strings environment);
GUEST_EXPORT int execvpe(const char *file, Strings arguments, Strings environment);
GUEST_EXPORT int execv(const char *path, Strings arguments);
GUEST_EXPORT int execvp(const char *file, Strings arguments);
GUEST_EXPORT int execl(const char *path, const char *first, ...);
GUEST_EXPORT int execlp(const char *file, const char *first, ...);
GUEST_EXPORT int execle(const char *path, const char *first, ...);
GUEST_EXPORT int fexecve(int fd, Strings arguments, Strings environment);
GUEST_EXPORT int execveat(int folder, const char *path, Strings arguments, Strings environment, int flags);
GUEST_EXPORT Spawn posix_spawn, posix_spawnp;
GUEST_EXPORT void _exit(int status) __attribute__((noreturn));
GUEST_EXPORT void _Exit(int status) __attribute__((noreturn));
GUEST_EXPORT void quick_exit(int status) __attribute__((noreturn));

static struct {
    int (*execve)(const char *, Strings, Strings);
    int (*execvpe)(const char *, Strings, Strings);
    int (*fexecve)(int, Strings, Strings);
    int (*execveat)(int, const char *, Strings, Strings, int);
    Spawn *posix_spawn, *posix_spawnp;
    void (*quick_exit)(int) __attribute__((noreturn));
} next;

/* Before main, so that nothing is looked up in a vfork's child. */
__attribute__((constructor)) static void exec_begin(void)
{
    *(void **)&next.execve = dlsym(RTLD_NEXT, "execve");
    *(void **)&next.execvpe = dlsym(RTLD_NEXT, "execvpe");
    *(void **)&next.fexecve = dlsym(RTLD_NEXT, "fexecve");
    *(void **)&next.execveat = dlsym(RTLD_NEXT, "execveat");
    *(void **)&next.posix_spawn = dlsym(RTLD_NEXT, "posix_spawn");
    *(void **)&next.posix_spawnp = dlsym(RTLD_NEXT, "posix_spawnp");
    *(void **)&next.quick_exit = dlsym(RTLD_NEXT, "quick_exit");
}

/* Room for the entries of an environment that lacks them. */
enum { ENTRIES = 3 };
typedef struct {
    char sample[sizeof SAMPLE_VARIABLE + 1 + sizeof((ProcessInheritance *)0)->sample];
    char socket[sizeof LEDGER_SOCKET_VARIABLE + 1 + sizeof((ProcessInheritance *)0)->socket];
    char preload[16384];
} Entries;

static const char *value_of(const char *entry, const char *name)
{
    size_t length = strlen(name);
    return strncmp(entry, name, length) == 0 && entry[length] == '=' ? entry + length + 1 : NULL;
}

static const char *find(Strings environment, const char *name)
{
    for (; environment != NULL && *environment != NULL; environment++) {
        const char *value = value_of(*environment, name);
        if (value != NULL)
            return value;
    }
    return NULL;
}

static size_t count(Strings strings)
{
    size_t n = 0;
    while (strings != NULL && strings[n] != NULL)
        n++;
    return n;
}

static bool is_complete(Strings environment)
{
    const char *preload = find(environment, "LD_PRELOAD");
    return !guest_watching() || process_inheritance.library[0] == '\0' ||
           (preload != NULL && strstr(preload, process_inheritance.library) != NULL &&
            find(environment, LEDGER_SOCKET_VARIABLE) != NULL &&
            (sample_mean == 0 || find(environment, SAMPLE_VARIABLE) != NULL));
}

/* This library before whatever else is asked for. */
static void preload_entry(Entries *self, const char *wanted)
{
    const ProcessInheritance *inherited = &process_inheritance;
    size_t length = wanted != NULL ? strlen(wanted) : 0;
    strcpy(self->preload, "LD_PRELOAD=");
    if (wanted == NULL || wanted[0] == '\0') {
        strcat(self->preload, inherited->preload[0] != '\0' ? inherited->preload : inherited->library);
    } else if (strstr(wanted, inherited->library) != NULL) {
        strncat(self->preload, wanted, sizeof self->preload - 16);
    } else {
        strcat(self->preload, inherited->library);
        if (length < sizeof self->preload - sizeof inherited->library - 16)
            strcat(strcat(self->preload, ":"), wanted);
    }
}

static bool is_one_of_ours(const char *entry)
{
    return value_of(entry, "LD_PRELOAD") != NULL || value_of(entry, LEDGER_SOCKET_VARIABLE) != NULL ||
           value_of(entry, SAMPLE_VARIABLE) != NULL;
}

/* merged: room for ENTRIES more than the environment has, and NULL. */
static Strings complete(Strings environment, char **merged, Entries *entries)
{
    if (is_complete(environment))
        return environment;
    size_t used = 0;
    for (Strings entry = environment; entry != NULL && *entry != NULL; entry++)
        if (!is_one_of_ours(*entry))
            merged[used++] = *entry;
    preload_entry(entries, find(environment, "LD_PRELOAD"));
    strcpy(entries->socket, LEDGER_SOCKET_VARIABLE "=");
    strcat(entries->socket, process_inheritance.socket);
    merged[used++] = entries->preload;
    merged[used++] = entries->socket;
    strcpy(entries->sample, SAMPLE_VARIABLE "=");
    strcat(entries->sample, process_inheritance.sample);
    if (sample_mean != 0)
        merged[used++] = entries->sample;
    merged[used] = NULL;
    return merged;
}

/* Where the program lies, as the search of execvp finds it; -1: there is none, or no descriptor free. */
static int open_program(const char *file, bool search)
{
    const int flags = O_PATH | O_CLOEXEC;
    const char *folders = getenv("PATH");
    char path[PATH_MAX];
    if (!search || strchr(file, '/') != NULL)
        return (int)syscall(SYS_openat, AT_FDCWD, file, flags);
    for (const char *folder = folders != NULL ? folders : "/bin:/usr/bin"; folder != NULL;) {
        const char *end = strchrnul(folder, ':');
        size_t length = (size_t)(end - folder), name = strlen(file);
        if (length + name + 2 < sizeof path) {
            memcpy(path, length > 0 ? folder : ".", length > 0 ? length : 1);
            length = length > 0 ? length : 1;
            path[length] = '/';
            memcpy(path + length + 1, file, name + 1);
            if (syscall(SYS_faccessat, AT_FDCWD, path, X_OK) == 0)
                return (int)syscall(SYS_openat, AT_FDCWD, path, flags);
        }
        folder = *end == ':' ? end + 1 : NULL;
    }
    return -1;
}

/* The harness expects a hello of the new program and, where none comes, looks at its file. Returns whether it
 * was told. */
static bool announce(uint32_t kind, pid_t pid, int program)
{
    if (program < 0 || process_inheritance.socket[0] == '\0')
        return false;
    hello_announce(kind, (uint32_t)pid, program);
    return true;
}

static void close_program(int program)
{
    if (program >= 0)
        syscall(SYS_close, program);
}

/* An exec that succeeds ends the program; one that fails does not. program: evaluates to a descriptor, which
 * is closed if it is not the caller's own. */
#define EXEC(environment, opened, closes, call)                                                              \
    Entries entries;                                                                                         \
    char *merged[count(environment) + ENTRIES + 1];                                                          \
    Strings whole = complete(environment, merged, &entries);                                                 \
    int program = opened;                                                                                    \
    bool told = announce(LEDGER_HELLO_EXEC, (pid_t)syscall(SYS_getpid), program);                            \
    if (closes)                                                                                              \
        close_program(program);                                                                              \
    guest_ended(true);                                                                                       \
    int result = call;                                                                                       \
    int error = errno;                                                                                       \
    guest_ended(false);                                                                                      \
    if (told)                                                                                                \
        hello_announce(LEDGER_HELLO_STAYS, (uint32_t)syscall(SYS_getpid), -1);                               \
    errno = error;                                                                                           \
    return result

int execve(const char *path, Strings arguments, Strings environment)
{
    EXEC(environment, open_program(path, false), true, next.execve(path, arguments, whole));
}

int execvpe(const char *file, Strings arguments, Strings environment)
{
    EXEC(environment, open_program(file, true), true, next.execvpe(file, arguments, whole));
}

int fexecve(int fd, Strings arguments, Strings environment)
{
    EXEC(environment, fd, false, next.fexecve(fd, arguments, whole));
}

int execveat(int folder, const char *path, Strings arguments, Strings environment, int flags)
{
    bool itself = path[0] == '\0' && (flags & AT_EMPTY_PATH) != 0;
    EXEC(environment, itself ? folder : (int)syscall(SYS_openat, folder, path, O_PATH | O_CLOEXEC), !itself,
         next.execveat(folder, path, arguments, whole, flags));
}

int execv(const char *path, Strings arguments)
{
    return execve(path, arguments, environ);
}

int execvp(const char *file, Strings arguments)
{
    return execvpe(file, arguments, environ);
}

/* Arguments until NULL, which the first may be: odd, but allowed. */
static size_t count_arguments(const char *first, va_list list)
{
    va_list copy;
    va_copy(copy, list);
    size_t n = 0;
    for (const char *argument = first; argument != NULL; argument = va_arg(copy, const char *))
        n++;
    va_end(copy);
    return n;
}

static void take_arguments(char **arguments, const char *first, va_list *list)
{
    *arguments = (char *)first;
    while (*arguments != NULL)
        *++arguments = va_arg(*list, char *);
}

#define ARGUMENTS(first)                                                                                     \
    va_list list;                                                                                            \
    va_start(list, first);                                                                                   \
    char *arguments[count_arguments(first, list) + 1];                                                       \
    take_arguments(arguments, first, &list)

int execl(const char *path, const char *first, ...)
{
    ARGUMENTS(first);
    va_end(list);
    return execve(path, arguments, environ);
}

int execlp(const char *file, const char *first, ...)
{
    ARGUMENTS(first);
    va_end(list);
    return execvpe(file, arguments, environ);
}

int execle(const char *path, const char *first, ...)
{
    ARGUMENTS(first);
    char **environment = va_arg(list, char **);
    va_end(list);
    return execve(path, arguments, environment);
}

/* The file is opened before the child exists: it may replace or remove it. */
static int spawn(Spawn *function, bool search, pid_t *pid, const char *file,
                 const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes,
                 Strings arguments, Strings environment)
{
    Entries entries;
    char *merged[count(environment) + ENTRIES + 1];
    int before = errno, program = open_program(file, search);
    pid_t child, *where = pid != NULL ? pid : &child;
    int result =
        function(where, file, actions, attributes, arguments, complete(environment, merged, &entries));
    if (result == 0)
        announce(LEDGER_HELLO_SPAWN, *where, program);
    close_program(program);
    errno = before;
    return result;
}

int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
                const posix_spawnattr_t *attributes, Strings arguments, Strings environment)
{
    return spawn(next.posix_spawn, false, pid, path, actions, attributes, arguments, environment);
}

int posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
                 const posix_spawnattr_t *attributes, Strings arguments, Strings environment)
{
    return spawn(next.posix_spawnp, true, pid, file, actions, attributes, arguments, environment);
}

void _exit(int status)
{
    guest_ended(true);
    for (;;)
        syscall(SYS_exit_group, status);
}

void _Exit(int status)
{
    _exit(status);
}

/* Its handlers may still allocate: that is booked. */
void quick_exit(int status)
{
    guest_ended(true);
    next.quick_exit(status);
}
