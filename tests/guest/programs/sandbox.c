/* sandbox WAY [HOW]: a program that allows itself no system call but those that it makes, and is killed for
 * any other. HOW: prctl, the default, or syscall: by what the filter is set. Each way leaks 100 blocks of
 * 1000 bytes. */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

enum { BLOCKS = 100, SIZE = 1000 };

static const char *how = "prctl";
static bool all_threads;

/* What malloc, write and exit make; with threads and children also what these make. */
static const int plain[] = {SYS_brk,   SYS_mmap,       SYS_munmap,    SYS_mremap, SYS_mprotect,
                            SYS_write, SYS_exit_group, SYS_getrandom, -1};
static const int threads[] = {SYS_brk,
                              SYS_mmap,
                              SYS_munmap,
                              SYS_mremap,
                              SYS_mprotect,
                              SYS_write,
                              SYS_exit_group,
                              SYS_getrandom,
                              SYS_exit,
                              SYS_clone,
                              SYS_clone3,
                              SYS_futex,
                              SYS_set_robust_list,
                              SYS_rseq,
                              SYS_wait4,
                              SYS_rt_sigprocmask,
                              SYS_rt_sigaction,
                              SYS_sched_getaffinity,
                              -1};

static int set_filter(const struct sock_fprog *program)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return -1;
    if (strcmp(how, "syscall") == 0 || all_threads)
        return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, all_threads ? SECCOMP_FILTER_FLAG_TSYNC : 0,
                            program);
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program);
}

static void enter(const int *allowed)
{
    struct sock_filter filter[64];
    unsigned short used = 0;
    filter[used++] =
        (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    /* madvise as a thread that ends calls it, for its stack, and no other. */
    bool starts_threads = allowed == threads;
    for (; *allowed >= 0; allowed++) {
        filter[used++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)*allowed, 0, 1);
        filter[used++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    }
    if (starts_threads) {
        filter[used++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_madvise, 0, 3);
        filter[used++] =
            (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2]));
        filter[used++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MADV_DONTNEED, 0, 1);
        filter[used++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    }
    filter[used++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
    if (set_filter(&(struct sock_fprog){used, filter}) != 0)
        _exit(77); /* no such thing here */
}

__attribute__((noinline)) static void leak(void)
{
    for (int i = 0; i < BLOCKS; i++) {
        char *volatile block = malloc(SIZE);
        block[0] = 1;
    }
}

static void way_plain(void)
{
    enter(plain);
    leak();
}

static void way_heap(void)
{
    static void *held[1 << 16];
    enter(plain);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 1 << 16; i++)
            memset(held[i] = malloc(1024), 1, 1024); /* 64 MiB */
        for (int i = 0; i < 1 << 16; i++)
            free(held[i]);
    }
    char *large = realloc(malloc(1 << 20), 1 << 24);
    large[0] = 1;
    free(large);
    leak();
}

__attribute__((noinline)) static int deeper(int n)
{
    char volatile room[1000];
    room[0] = (char)n;
    if (n == 0) {
        leak();
        return 0;
    }
    return deeper(n - 1) + room[0];
}

static void way_deep(void)
{
    enter(plain);
    deeper(6000); /* 6 MB */
}

static void *run_thread(void *unused)
{
    (void)unused;
    deeper(400);
    return NULL;
}

static void *wait_thread(void *gate)
{
    pthread_barrier_wait(gate);
    return run_thread(NULL);
}

static void start_and_join(void)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, run_thread, NULL) != 0 || pthread_join(thread, NULL) != 0)
        _exit(3);
}

static void way_thread_after(void)
{
    enter(threads);
    start_and_join();
}

/* A thread that has allocated nothing yet. */
static void way_thread_before(void)
{
    pthread_barrier_t gate;
    pthread_t thread;
    pthread_barrier_init(&gate, NULL, 2);
    pthread_create(&thread, NULL, wait_thread, &gate);
    all_threads = true;
    enter(threads);
    pthread_barrier_wait(&gate);
    pthread_join(thread, NULL);
}

static ucontext_t here, there;

static void on_other_stack(void)
{
    leak();
}

static void way_stack(void)
{
    enum { STACK = 256 << 10 };
    static const int with_signals[] = {SYS_brk,       SYS_mmap,  SYS_munmap,     SYS_mremap,
                                       SYS_mprotect,  SYS_write, SYS_exit_group, SYS_rt_sigprocmask,
                                       SYS_getrandom, -1};
    void *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    enter(with_signals);
    getcontext(&there);
    there.uc_stack.ss_sp = stack;
    there.uc_stack.ss_size = STACK;
    there.uc_link = &here;
    makecontext(&there, on_other_stack, 0);
    swapcontext(&here, &there);
}

static void way_fork(void)
{
    leak();
    enter(threads);
    pid_t child = fork();
    int status = 0;
    if (child == 0) {
        leak();
        exit(0);
    }
    if (waitpid(child, &status, 0) != child || status != 0)
        _exit(4);
}

/* What the next program does not call itself kills it. Its environment is large. */
static void way_exec(void)
{
    enum { VARIABLES = 200 };
    static char *environment[VARIABLES + 1];
    static const int forbidden[] = {SYS_memfd_create, SYS_socket, SYS_getpid, SYS_madvise};
    struct sock_filter filter[16] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))};
    unsigned short used = 1;
    leak();
    for (size_t i = 0; i < sizeof forbidden / sizeof forbidden[0]; i++) {
        filter[used++] =
            (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)forbidden[i], 0, 1);
        filter[used++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
    }
    filter[used++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    for (int i = 0; i < VARIABLES; i++)
        environment[i] = "NAME=value";
    if (set_filter(&(struct sock_fprog){used, filter}) != 0)
        _exit(77);
    execle("/bin/echo", "echo", "done", NULL, environment);
}

static void way_in_front(void)
{
    _exit(syscall(SYS_dup, 7) == 1007 ? 0 : 1);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } ways[] = {{"plain", way_plain},
                {"heap", way_heap},
                {"deep", way_deep},
                {"thread_after", way_thread_after},
                {"thread_before", way_thread_before},
                {"stack", way_stack},
                {"fork", way_fork},
                {"exec", way_exec},
                {"in_front", way_in_front}};
    if (argc > 2)
        how = argv[2];
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
        if (argc > 1 && strcmp(argv[1], ways[i].name) == 0) {
            ways[i].run();
            return write(1, "done\n", 5) == 5 ? 0 : 1;
        }
    return 2;
}
