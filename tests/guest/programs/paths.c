/* paths WAY [ARGUMENT]: ways in which processes begin, end and allocate. Each keeps the blocks it names
 * alive. */
#include <dlfcn.h>
#include <errno.h>
#include <heapgate.h>
#include <malloc.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

extern char **environ;
void *volatile kept[64];
static char *self;

static void keep(int slot, size_t size)
{
    kept[slot] = malloc(size);
}

static int reap(pid_t pid)
{
    int status = -1;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int way_exit(void)
{
    keep(0, 1000);
    return 0;
}

static int way_many_marks(void)
{
    for (int i = 0; i < 300000; i++)
        heapgate_iteration();
    for (int i = 0; i < 4100; i++)
        heapgate_mark("step");
    keep(0, 1000);
    heapgate_mark("end");
    free(kept[0]);
    return 0;
}

static int way_marks(void)
{
    for (int i = 0; i < 5; i++) {
        keep(i, 100 + (size_t)i);
        heapgate_iteration();
    }
    free(kept[0]);
    heapgate_mark("end");
    free(kept[1]);
    keep(5, 7);
    return 0;
}

static int way_temporary(void)
{
    for (int i = 0; i < 10; i++)
        free(malloc(32));
    keep(0, 16), keep(1, 16);
    free(kept[0]); /* not the latest */
    free(kept[1]); /* something was freed since */
    return 0;
}

static int way_peak(void)
{
    keep(0, 1000), keep(1, 500);
    free(kept[0]);
    keep(2, 400);
    free(kept[1]);
    return 0;
}

/* Smaller than any block that lies by itself. */
static int way_small(void)
{
    for (int i = 0; i < 15; i++) {
        kept[4 * i] = malloc(1);
        kept[4 * i + 1] = calloc(1, 1);
        kept[4 * i + 2] = memalign(8, 8);
        kept[4 * i + 3] = realloc(NULL, 1);
    }
    return 0;
}

/* In the last granule of its mebibyte of address space, where blocks lie one after the other. */
static void *malloc_at_the_end(size_t size)
{
    size_t mib = 1 << 20;
    char *before = malloc(2 * mib);
    uintptr_t next = (uintptr_t)before + 2 * mib + 16;
    char *between = malloc(2 * mib - 16 - next % mib - 8);
    char *block = malloc(size);
    free(before);
    free(between);
    return (uintptr_t)block % mib >= mib - 32 ? block : NULL;
}

/* Sizes beyond what one word has room for. */
static int way_long(void)
{
    size_t limit = 1 << 18;
    mallopt(M_MMAP_MAX, 0);
    kept[0] = malloc_at_the_end(2 * limit + 9);
    keep(1, limit - 1), keep(2, limit), keep(3, limit + 5);
    free(kept[2]);
    for (int i = 0; i < 15; i++)
        keep(4 + i, 24); /* where the rest of a size was */
    kept[2] = realloc(kept[3], 3 * limit + 7);
    bool refused = realloc(kept[0], SIZE_MAX / 2) == NULL;
    heapgate_mark("end");
    return kept[0] == NULL || !refused;
}

static int way__exit(void)
{
    keep(0, 1000);
    _exit(3);
}

static int way_quick_exit(void)
{
    keep(0, 1000);
    quick_exit(4);
}

static int way_abort(void)
{
    keep(0, 1000);
    abort();
}

/* The child frees an inherited block and keeps one of its own; the parent's books stay. */
static int way_fork(void)
{
    keep(0, 1000);
    pid_t pid = fork();
    if (pid == 0) {
        free(kept[0]);
        keep(1, 333);
        _exit(0);
    }
    int status = reap(pid);
    keep(2, 50);
    return status;
}

/* No wrapper and no handler sees this fork. */
static int way_raw_fork(void)
{
    keep(0, 1000);
    pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (pid == 0) {
        keep(1, 333);
        _exit(0);
    }
    return reap(pid);
}

static void in_child(void)
{
    keep(9, 77);
}

static int way_atfork(void)
{
    pthread_atfork(NULL, NULL, in_child);
    keep(0, 1000);
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    return reap(pid);
}

static void *fork_again_and_again(void *unused)
{
    for (int i = 0; i < 10; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            free(malloc(5));
            _exit(0);
        }
        reap(pid);
    }
    return unused;
}

static void *allocate_on(void *stop)
{
    while (*(volatile int *)stop == 0)
        free(malloc(100));
    return NULL;
}

static int way_fork_threads(void)
{
    pthread_t forking, others[2];
    int stop = 0;
    for (int i = 0; i < 2; i++)
        pthread_create(&others[i], NULL, allocate_on, &stop);
    pthread_create(&forking, NULL, fork_again_and_again, NULL);
    pthread_join(forking, NULL);
    *(volatile int *)&stop = 1;
    for (int i = 0; i < 2; i++)
        pthread_join(others[i], NULL);
    return 0;
}

static int way_vfork(void)
{
    keep(0, 1000);
    pid_t pid = vfork();
    if (pid == 0) {
        execl(self, self, "exit", NULL);
        _exit(127);
    }
    return reap(pid);
}

static int way_vfork_fails(void)
{
    pid_t pid = vfork();
    if (pid == 0) {
        execl("/nonexistent", "nonexistent", NULL);
        _exit(9);
    }
    return reap(pid) == 9 ? 0 : 1;
}

static int way_spawn(void)
{
    char *const arguments[] = {self, "exit", NULL}, *const nothing[] = {NULL};
    pid_t pid;
    keep(0, 1000);
    int error = posix_spawn(&pid, self, NULL, NULL, arguments, nothing);
    return error != 0 ? error : reap(pid);
}

static int way_exec(void)
{
    keep(0, 2000);
    execl(self, self, "exit", NULL);
    return 1;
}

/* Eight doors, each with an environment that names neither the library nor the socket. */
static int way_exec_cleared(void)
{
    char *const arguments[] = {self, "exit", NULL}, *const nothing[] = {"A=b", NULL};
    for (int door = 0; door < 8; door++) {
        pid_t pid = fork();
        if (pid > 0 && reap(pid) != 0)
            return door + 1;
        if (pid > 0)
            continue;
        if (door >= 3)
            clearenv();
        switch (door) {
        case 0:
            execve(self, arguments, nothing);
            break;
        case 1:
            execle(self, self, "exit", NULL, nothing);
            break;
        case 2:
            execvpe(self, arguments, nothing);
            break;
        case 3:
            execv(self, arguments);
            break;
        case 4:
            execvp(self, arguments);
            break;
        case 5:
            execl(self, self, "exit", NULL);
            break;
        case 6:
            execlp(self, self, "exit", NULL);
            break;
        case 7:
            setenv("LD_PRELOAD", "libm.so.6", 1);
            execv(self, arguments);
            break;
        }
        _exit(100);
    }
    return 0;
}

static void *outlive(void *unused)
{
    usleep(20000);
    keep(1, 1234);
    return unused;
}

static int way_outlive(void)
{
    pthread_t id;
    keep(0, 1000);
    pthread_create(&id, NULL, outlive, NULL);
    pthread_exit(NULL);
}

static void late(void *block)
{
    free(block);
    kept[2] = malloc(21);
}

static pthread_key_t late_key;

static void *end_with_destructors(void *unused)
{
    pthread_setspecific(late_key, malloc(20));
    return unused;
}

/* Hundreds of threads whose ends allocate and free. */
static int way_thread_ends(void)
{
    pthread_key_create(&late_key, late);
    for (int i = 0; i < 300; i++) {
        pthread_t id;
        pthread_create(&id, NULL, end_with_destructors, NULL);
        pthread_join(id, NULL);
        free(kept[2]);
    }
    char path[64], line[256];
    int mappings = 0;
    snprintf(path, sizeof path, "/proc/%d/maps", (int)getpid());
    FILE *maps = fopen(path, "r");
    while (maps != NULL && fgets(line, sizeof line, maps) != NULL)
        mappings++;
    fclose(maps);
    return mappings < 100 ? 0 : 1;
}

static int way_twice(void)
{
    kept[0] = aligned_alloc(64, 4444);
    return 0;
}

static volatile sig_atomic_t signals;

static void on_signal(int number)
{
    (void)number;
    signals = signals + 1;
    void *volatile block = kept[10];
    kept[10] = NULL;
    free(block);
    kept[10] = malloc(64);
}

/* A signal's handler allocates while the thread walks its stack and books, but not inside of the real
 * allocator, which no handler may enter: one that hands out room from a static array stands in its place
 * (bump.c's malloc by LD_PRELOAD). */
static int way_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK | SA_RESTART};
    static char stack[32768];
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    sigaltstack(&alternate, NULL);
    sigaction(SIGALRM, &action, NULL);
    struct itimerval often = {{0, 50}, {0, 50}}, never = {{0, 0}, {0, 0}};
    setitimer(ITIMER_REAL, &often, NULL);
    for (int i = 0; signals < 3000 && i < 20000000; i++) {
        void *volatile block = malloc(40 + (size_t)i % 7);
        free(block);
    }
    setitimer(ITIMER_REAL, &never, NULL);
    printf("%d signals\n", signals < 3000 ? (int)signals : 3000); /* one may come before the timer is off */
    return 0;
}

static ucontext_t main_context, other_context;

static void on_another_stack(void)
{
    keep(1, 555);
    swapcontext(&other_context, &main_context);
    keep(2, 556);
}

static int way_context(void)
{
    getcontext(&other_context);
    other_context.uc_stack.ss_sp =
        mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    other_context.uc_stack.ss_size = 65536;
    other_context.uc_link = &main_context;
    makecontext(&other_context, on_another_stack, 0);
    swapcontext(&main_context, &other_context);
    keep(0, 1000);
    swapcontext(&main_context, &other_context);
    return 0;
}

static int way_dlopen(void)
{
    char path[4096];
    snprintf(path, sizeof path, "%s", self);
    strcpy(strrchr(path, '/'), "/plugin.so");
    for (int i = 0; i < 3; i++) {
        if (i == 1) { /* from then on by a relative name */
            *strrchr(path, '/') = '\0';
            if (chdir(path) != 0)
                return 1;
            strcpy(path, "./plugin.so");
        }
        void *library = dlopen(path, RTLD_NOW);
        if (library == NULL)
            return 1;
        void *(*allocate)(unsigned long) = (void *(*)(unsigned long))dlsym(library, "plugin_allocate");
        kept[i] = allocate(10000 + (unsigned long)i);
        dlclose(library);
    }
    return 0;
}

static int way_mapping(void)
{
    size_t mib = 1 << 20;
    char *memory = mmap(NULL, 4 * mib, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(memory + 2 * mib, 2 * mib);
    memory = mremap(memory, 2 * mib, 3 * mib, MREMAP_MAYMOVE);
    return memory == MAP_FAILED || mlockall(MCL_CURRENT | MCL_FUTURE) != 0;
}

/* Without the limit's check, growing the memory file would be a signal that ends this. */
static int way_small_files(void)
{
    struct rlimit limit = {1 << 20, 1 << 20};
    setrlimit(RLIMIT_FSIZE, &limit);
    execl(self, self, "exit", NULL);
    return 1;
}

/* As by somebody whom the tracer does not see. */
static int way_small_memory(void)
{
    struct rlimit limit = {400 << 20, 400 << 20};
    syscall(SYS_prlimit64, 0, RLIMIT_AS, &limit, NULL);
    execl(self, self, "exit", NULL);
    return 1;
}

static int way_descriptors(void)
{
    keep(0, 1);
    int fd = dup(0);
    printf("%d\n", fd);
    return 0;
}

static const struct {
    const char *name;
    int (*go)(void);
} ways[] = {
#define WAY(name)                                                                                            \
    {                                                                                                        \
#name, way_##name                                                                                    \
    }
    WAY(exit),         WAY(marks),        WAY(many_marks),  WAY(temporary),    WAY(peak),
    WAY(_exit),        WAY(quick_exit),   WAY(abort),       WAY(fork),         WAY(raw_fork),
    WAY(atfork),       WAY(fork_threads), WAY(vfork),       WAY(spawn),        WAY(exec),
    WAY(exec_cleared), WAY(outlive),      WAY(thread_ends), WAY(signals),      WAY(context),
    WAY(dlopen),       WAY(mapping),      WAY(small_files), WAY(small_memory), WAY(descriptors),
    WAY(vfork_fails),  WAY(twice),        WAY(small),       WAY(long),
};

int main(int argc, char **argv)
{
    self = argv[0];
    for (size_t i = 0; argc > 1 && i < sizeof ways / sizeof *ways; i++)
        if (strcmp(ways[i].name, argv[1]) == 0)
            return ways[i].go();
    return 99;
}
