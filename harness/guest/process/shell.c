/* system and popen: the C library starts their shells by a call of its own, which nobody can interpose, with
 * the environment that the program has by then. Here they are made of posix_spawn (exec.c); what they promise
 * is POSIX's and glibc's. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "family.h"

GUEST_EXPORT int system(const char *command);
GUEST_EXPORT FILE *popen(const char *command, const char *mode);
GUEST_EXPORT int pclose(FILE *stream);

static struct {
    int (*system)(const char *);
    FILE *(*popen)(const char *, const char *);
    int (*pclose)(FILE *);
} next;

__attribute__((constructor)) static void shell_begin(void)
{
    *(void **)&next.system = dlsym(RTLD_NEXT, "system");
    *(void **)&next.popen = dlsym(RTLD_NEXT, "popen");
    *(void **)&next.pclose = dlsym(RTLD_NEXT, "pclose");
}

static int start_shell(pid_t *pid, const char *command, const posix_spawn_file_actions_t *actions,
                       const posix_spawnattr_t *attributes)
{
    char *arguments[] = {"sh", "-c", (char *)command, NULL};
    return posix_spawn(pid, "/bin/sh", actions, attributes, arguments, environ);
}

/* The end of a process, whatever signals come; its status or -1. */
static int await(pid_t pid)
{
    int status;
    pid_t ended;
    do
        ended = waitpid(pid, &status, 0);
    while (ended < 0 && errno == EINTR);
    return ended == pid ? status : -1;
}

/* While any thread is in system, the process ignores what the terminal's user sends the command. */
static struct {
    pthread_mutex_t lock;
    int depth;
    struct sigaction interrupt, quit;
} ignoring = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void ignore_signals(void)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    pthread_mutex_lock(&ignoring.lock);
    if (ignoring.depth++ == 0) {
        sigaction(SIGINT, &ignore, &ignoring.interrupt);
        sigaction(SIGQUIT, &ignore, &ignoring.quit);
    }
    pthread_mutex_unlock(&ignoring.lock);
}

static void heed_signals(void)
{
    pthread_mutex_lock(&ignoring.lock);
    if (--ignoring.depth == 0) {
        sigaction(SIGINT, &ignoring.interrupt, NULL);
        sigaction(SIGQUIT, &ignoring.quit, NULL);
    }
    pthread_mutex_unlock(&ignoring.lock);
}

/* As the command finds its signals: as they were. */
static void set_attributes(posix_spawnattr_t *attributes, const sigset_t *before)
{
    sigset_t defaults;
    sigemptyset(&defaults);
    if (ignoring.interrupt.sa_handler != SIG_IGN)
        sigaddset(&defaults, SIGINT);
    if (ignoring.quit.sa_handler != SIG_IGN)
        sigaddset(&defaults, SIGQUIT);
    posix_spawnattr_init(attributes);
    posix_spawnattr_setsigmask(attributes, before);
    posix_spawnattr_setsigdefault(attributes, &defaults);
    posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
}

typedef struct {
    pid_t pid;
    sigset_t before;
} Command;

static void command_leave(const Command *self)
{
    heed_signals();
    pthread_sigmask(SIG_SETMASK, &self->before, NULL);
}

/* The thread is cancelled while it waits. */
static void give_up(void *data)
{
    const Command *self = data;
    kill(self->pid, SIGKILL);
    await(self->pid);
    command_leave(self);
}

static int shell_run(const char *command)
{
    Command self;
    posix_spawnattr_t attributes;
    sigset_t child;
    int status = 127 << 8; /* as if the shell had not been found */
    ignore_signals();
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    pthread_sigmask(SIG_BLOCK, &child, &self.before);
    set_attributes(&attributes, &self.before);
    int error = start_shell(&self.pid, command, NULL, &attributes);
    if (error == 0) {
        pthread_cleanup_push(give_up, &self);
        status = await(self.pid);
        pthread_cleanup_pop(0);
    }
    posix_spawnattr_destroy(&attributes);
    command_leave(&self);
    if (error != 0)
        errno = error;
    return status;
}

int system(const char *command)
{
    return command != NULL && family_roll != NULL ? shell_run(command) : next.system(command);
}

/* Streams of popen. No lock: a fork may come at any time. */
enum { STREAMS = 256 };
static struct {
    FILE *stream; /* NULL: free; busy: being filled */
    pid_t pid;
    int fd;
} streams[STREAMS];
static FILE *const busy = (FILE *)&streams;

/* -1: all are taken. */
static int claim_place(void)
{
    for (int i = 0; i < STREAMS; i++) {
        FILE *free = NULL;
        if (__atomic_compare_exchange_n(&streams[i].stream, &free, busy, false, __ATOMIC_ACQ_REL,
                                        __ATOMIC_RELAXED))
            return i;
    }
    return -1;
}

static int stream_place(FILE *stream)
{
    for (int i = 0; i < STREAMS; i++)
        if (__atomic_load_n(&streams[i].stream, __ATOMIC_ACQUIRE) == stream)
            return i;
    return -1;
}

static void set_place(int place, FILE *stream)
{
    __atomic_store_n(&streams[place].stream, stream, __ATOMIC_RELEASE);
}

/* 'r' or 'w'; 0: it is no mode. */
static char direction_of(const char *mode, bool *close_on_exec)
{
    char direction = 0;
    *close_on_exec = false;
    for (; *mode != '\0'; mode++)
        if (*mode == 'e')
            *close_on_exec = true;
        else if (direction == 0 && (*mode == 'r' || *mode == 'w'))
            direction = *mode;
        else
            return 0;
    return direction;
}

/* The command has one end in its standard input or output, and none of the other streams. */
static int start_at_pipe(pid_t *pid, const char *command, int end, int standard)
{
    posix_spawn_file_actions_t actions;
    int error = posix_spawn_file_actions_init(&actions);
    if (error != 0)
        return error;
    for (int i = 0; i < STREAMS && error == 0; i++) {
        FILE *stream = __atomic_load_n(&streams[i].stream, __ATOMIC_ACQUIRE);
        if (stream != NULL && stream != busy && streams[i].fd != standard)
            error = posix_spawn_file_actions_addclose(&actions, streams[i].fd);
    }
    if (error == 0)
        error = posix_spawn_file_actions_adddup2(&actions, end, standard);
    if (error == 0)
        error = start_shell(pid, command, &actions, NULL);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

static FILE *open_at(int place, const char *command, bool reads, bool close_on_exec)
{
    int ends[2], error = 0;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return NULL;
    int ours = ends[reads ? 0 : 1], theirs = ends[reads ? 1 : 0];
    FILE *stream = fdopen(ours, reads ? "r" : "w");
    if (stream == NULL)
        error = errno;
    else
        error = start_at_pipe(&streams[place].pid, command, theirs, reads ? STDOUT_FILENO : STDIN_FILENO);
    close(theirs);
    if (error == 0) {
        if (!close_on_exec)
            fcntl(ours, F_SETFD, 0);
        streams[place].fd = ours;
        return stream;
    }
    if (stream != NULL)
        fclose(stream);
    else
        close(ours);
    errno = error;
    return NULL;
}

FILE *popen(const char *command, const char *mode)
{
    bool close_on_exec;
    char direction = direction_of(mode, &close_on_exec);
    int place = family_roll != NULL && direction != 0 ? claim_place() : -1;
    if (place < 0)
        return next.popen(command, mode);
    FILE *stream = open_at(place, command, direction == 'r', close_on_exec);
    int before = stream != NULL ? stream_place(stream) : -1;
    if (before >= 0) /* it was closed by fclose, and its address is given out again */
        set_place(before, NULL);
    set_place(place, stream);
    return stream;
}

int pclose(FILE *stream)
{
    int place = stream_place(stream);
    if (place < 0)
        return next.pclose(stream);
    pid_t pid = streams[place].pid;
    set_place(place, NULL);
    fclose(stream);
    return await(pid);
}
