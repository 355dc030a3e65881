/* What a process starts is entered in the roll of its family and traced too, also where the program hands on
 * an environment of its own making; and a process that leaves by another door than exit has ended in good
 * order all the same. What the C library starts by itself is in shell.c.
 *
 * Between vfork and exec this runs in the parent's memory. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "start.h"

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

/* An exec that succeeds ends the program; one that fails does not. */
#define EXEC(number, environment, call)                                                                      \
    Start start;                                                                                             \
    Strings whole = start_begin(&start, number, environment);                                                \
    guest_ended(true);                                                                                       \
    int result = call;                                                                                       \
    int error = errno;                                                                                       \
    guest_ended(false);                                                                                      \
    start_failed(&start);                                                                                    \
    errno = error;                                                                                           \
    return result

int execve(const char *path, Strings arguments, Strings environment)
{
    EXEC(entry_add(ROLL_EXEC, AT_FDCWD, path, 0, true), environment, next.execve(path, arguments, whole));
}

/* What the search finds first is tried by itself: where something else comes of it, a shell for a script
 * that names no interpreter, any program may answer. */
static int execute_found(const Start *start, const char *found, const char *file, Strings arguments,
                         Strings whole)
{
    if (found != NULL)
        next.execve(found, arguments, whole);
    entry_loosen(start->entry);
    return next.execvpe(file, arguments, whole);
}

int execvpe(const char *file, Strings arguments, Strings environment)
{
    const char *found = NULL;
    if (strchr(file, '/') != NULL)
        found = file;
    EXEC(found != NULL ? entry_add(ROLL_EXEC, AT_FDCWD, file, 0, true)
                       : entry_add_found(ROLL_EXEC, file, &found),
         environment, execute_found(&start, found, file, arguments, whole));
}

int fexecve(int fd, Strings arguments, Strings environment)
{
    EXEC(entry_add(ROLL_EXEC, fd, "", AT_EMPTY_PATH, true), environment, next.fexecve(fd, arguments, whole));
}

int execveat(int folder, const char *path, Strings arguments, Strings environment, int flags)
{
    EXEC(entry_add(ROLL_EXEC, folder, path, flags & (AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW), true), environment,
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

/* The child may change its folder before it looks for the file. */
static uint32_t enter_spawned(bool search, const char *file, const posix_spawn_file_actions_t *actions)
{
    const char *found;
    bool known = actions == NULL || file[0] == '/';
    if (search && strchr(file, '/') == NULL)
        return entry_add_found(ROLL_SPAWN, file, &found);
    return entry_add(ROLL_SPAWN, AT_FDCWD, file, 0, known);
}

static int spawn(Spawn *function, bool search, pid_t *pid, const char *file,
                 const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes,
                 Strings arguments, Strings environment)
{
    Start start;
    int before = errno;
    pid_t child, *where = pid != NULL ? pid : &child;
    Strings whole = start_begin(&start, enter_spawned(search, file, actions), environment);
    int result = function(where, file, actions, attributes, arguments, whole);
    if (result == 0)
        start_succeeded(&start, *where);
    else
        start_failed(&start);
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
