#include "keeper.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* As getdents64(2) fills it in. */
typedef struct {
    guint64 inode;
    gint64 offset;
    unsigned short length;
    unsigned char type;
    char name[];
} Entry;

/* The parent of a process as /proc/PID/stat has it; 0: it is gone. The name before it may hold anything, a
 * ")" too. */
static pid_t parent_of(int proc, const char *pid)
{
    char path[64], text[512];
    if (strlen(pid) > 20)
        return 0;
    stpcpy(stpcpy(path, pid), "/stat");
    int fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
    if (fd >= 0)
        close(fd);
    if (length <= 0)
        return 0;
    text[length] = '\0';
    const char *end = strrchr(text, ')');
    pid_t parent = 0;
    /* ") S 123": the state is between. */
    if (end != NULL && strlen(end) > 4)
        for (const char *digit = end + 4; *digit >= '0' && *digit <= '9'; digit++)
            parent = parent * 10 + (*digit - '0');
    return parent;
}

static pid_t number_of(const char *name)
{
    pid_t number = 0;
    for (; *name >= '0' && *name <= '9'; name++)
        number = number * 10 + (*name - '0');
    return *name == '\0' ? number : 0;
}

/* Has the process the file of a family mapped (guest/process/family.c)? So has a fork, until it becomes
 * another program; so has that, once it has begun. */
static gboolean has_books(int proc, const char *pid)
{
    static const char name[] = "/memfd:heapgate-ledger";
    char path[64], text[8192 + sizeof name];
    gsize kept = 0;
    gboolean found = FALSE;
    stpcpy(stpcpy(path, pid), "/maps");
    int fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
    ssize_t length = 0;
    while (fd >= 0 && !found && (length = read(fd, text + kept, 8192)) > 0) {
        gsize whole = kept + (gsize)length;
        found = memmem(text, whole, name, sizeof name - 1) != NULL;
        kept = MIN(whole, sizeof name - 1); /* it may go on in the next piece */
        memmove(text, text + whole - kept, kept);
    }
    if (fd >= 0)
        close(fd);
    return found;
}

typedef struct {
    KeeperLog *log;  /* NULL: what is killed is nobody's loss */
    gint64 until_ns; /* so long those that have no books may get them */
    guint killed, spared;
} Killing;

static gint64 now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * G_GINT64_CONSTANT(1000000000) + now.tv_nsec;
}

/* A set-uid program may be another user's, who cannot be killed. */
static void kill_child(Killing *killing, int proc, const char *name, pid_t pid)
{
    gboolean seen = killing->log != NULL && has_books(proc, name);
    if (killing->log != NULL && !seen && now_ns() < killing->until_ns) {
        killing->spared++;
        return;
    }
    if (kill(pid, SIGKILL) != 0)
        return;
    killing->killed++;
    if (seen && killing->log->count < KEEPER_LOG_ROOM)
        killing->log->pids[killing->log->count++] = pid;
}

/* No opendir: it allocates. */
static void kill_children(Killing *killing)
{
    _Alignas(Entry) char entries[4096];
    int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    killing->killed = killing->spared = 0;
    if (proc < 0)
        return;
    long filled;
    while ((filled = syscall(SYS_getdents64, proc, entries, sizeof entries)) > 0)
        for (long at = 0; at < filled;) {
            const Entry *entry = (const Entry *)(entries + at);
            pid_t pid = number_of(entry->name);
            if (pid > 1 && parent_of(proc, entry->name) == getpid())
                kill_child(killing, proc, entry->name, pid);
            at += entry->length;
        }
    close(proc);
}

/* The children of one that is killed become the keeper's own, and so it goes on until there are none. */
static void kill_all(KeeperLog *log)
{
    enum { PATIENCE_S = 2, LOOK_AGAIN_NS = 2000000 };
    Killing killing = {log, now_ns() + PATIENCE_S * G_GINT64_CONSTANT(1000000000), 0, 0};
    for (;;) {
        kill_children(&killing);
        if (killing.killed > 0)
            waitpid(-1, NULL, __WALL);
        else if (killing.spared > 0)
            nanosleep(&(struct timespec){0, LOOK_AGAIN_NS}, NULL);
        else
            return;
        while (waitpid(-1, NULL, __WALL | WNOHANG) > 0)
            continue;
    }
}

/* Until the program has ended or heapgate is gone, which SIGTERM says. */
static int await_program(pid_t program, const sigset_t *signals)
{
    int status = 0;
    for (;;) {
        pid_t ended = waitpid(-1, &status, WNOHANG | __WALL);
        if (ended == program)
            return status;
        if (ended > 0)
            continue;
        if (sigwaitinfo(signals, NULL) == SIGTERM) {
            kill_all(NULL);
            _exit(1);
        }
    }
}

/* Pipes end when the last descriptor of them is closed; the keeper's would hold them open. */
static void close_descriptors(void)
{
    struct rlimit limit = {1024, 1024};
    if (syscall(SYS_close_range, 0, ~0U, 0) == 0)
        return;
    getrlimit(RLIMIT_NOFILE, &limit);
    for (rlim_t fd = 0; fd < limit.rlim_cur; fd++)
        close((int)fd);
}

void keeper_inherit(void)
{
    prctl(PR_SET_CHILD_SUBREAPER, 1);
}

static gboolean is_one_of(const GArray *pids, pid_t pid)
{
    for (guint i = 0; pids != NULL && i < pids->len; i++)
        if (g_array_index(pids, pid_t, i) == pid)
            return TRUE;
    return FALSE;
}

/* A child of this process that it did not start; 0: there is none. */
static pid_t find_orphan(const GArray *keepers, pid_t own_group)
{
    int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    g_autoptr(GDir) names = proc >= 0 ? g_dir_open("/proc", 0, NULL) : NULL;
    pid_t found = 0;
    for (const char *name = names != NULL ? g_dir_read_name(names) : NULL; name != NULL && found == 0;
         name = g_dir_read_name(names)) {
        pid_t pid = number_of(name);
        if (pid > 1 && parent_of(proc, name) == getpid() && (own_group == 0 || getpgid(pid) != own_group) &&
            !is_one_of(keepers, pid))
            found = pid;
    }
    if (proc >= 0)
        close(proc);
    return found;
}

/* The children of one that is killed become this process's own. */
void keeper_kill_orphans(const GArray *keepers, pid_t own_group)
{
    for (pid_t orphan; (orphan = find_orphan(keepers, own_group)) > 0;)
        if (kill(orphan, SIGKILL) != 0 || waitpid(orphan, NULL, __WALL) < 0)
            return;
}

KeeperLog *keeper_log_new(gboolean traced)
{
    void *memory = mmap(NULL, sizeof(KeeperLog), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return NULL;
    KeeperLog *self = memory;
    self->traced = traced;
    return self;
}

void keeper_log_free(KeeperLog *self)
{
    if (self != NULL)
        munmap(self, sizeof *self);
}

/* A program that stops its keeper must not do so before: heapgate waits for the end of a pipe to know that
 * the program was started, and the keeper holds it open until then. */
static void await_keeper_ready(KeeperLog *log, pid_t keeper)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != keeper) /* gone before it could be told */
        _exit(127);
    while (__atomic_load_n(&log->ready, __ATOMIC_ACQUIRE) == 0)
        syscall(SYS_futex, &log->ready, FUTEX_WAIT, 0, NULL, NULL, 0);
}

void keeper_stand_between(KeeperLog *log)
{
    sigset_t all, before, awaited;
    pid_t parent = getppid();
    signal(SIGCHLD, SIG_DFL);
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    setpgid(0, 0); /* the terminal's signals are for heapgate, which passes them on */
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    pid_t keeper = getpid();
    /* Not fork, whose handlers may take locks that other threads held. */
    pid_t program = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (program < 0)
        _exit(127);
    if (program == 0) {
        await_keeper_ready(log, keeper);
        log->program = getpid();
        sigprocmask(SIG_SETMASK, &before, NULL);
        return;
    }
    close_descriptors();
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    sigemptyset(&awaited);
    sigaddset(&awaited, SIGCHLD);
    sigaddset(&awaited, SIGTERM);
    if (getppid() != parent) /* gone before it could be told */
        kill(getpid(), SIGTERM);
    __atomic_store_n(&log->ready, 1, __ATOMIC_RELEASE);
    syscall(SYS_futex, &log->ready, FUTEX_WAKE, 1, NULL, NULL, 0);
    log->status = await_program(program, &awaited);
    kill_all(log->traced ? log : NULL);
    log->finished = TRUE;
    _exit(0);
}
