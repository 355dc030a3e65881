/* Hosts that a tracer may harm: small stacks, signals in the middle of malloc. */
#include "coverage.h"

#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

enum { JUMPS = 200 };

extern char **environ;
static sigjmp_buf before;

static int in_small_stack(void *(*run)(void *))
{
    pthread_attr_t attributes;
    pthread_t thread;
    void *status;
    if (pthread_attr_init(&attributes) ||
        pthread_attr_setstacksize(&attributes, (size_t)sysconf(_SC_THREAD_STACK_MIN)))
        return CANNOT;
    return pthread_create(&thread, &attributes, run, NULL) || pthread_join(thread, &status) || status != NULL;
}

static void *spawn(void *unused)
{
    char *arguments[] = {(char *)own_path(), "work", NULL};
    pid_t pid;
    (void)unused;
    return posix_spawn(&pid, own_path(), NULL, NULL, arguments, environ) || wait_for(pid) ? &before : NULL;
}

static void *work_here(void *unused)
{
    (void)unused;
    work();
    return NULL;
}

static int spawn_in_small_stack(void)
{
    return in_small_stack(spawn);
}

static int work_in_small_stack(void)
{
    return in_small_stack(work_here);
}

static void jump(int number)
{
    (void)number;
    siglongjmp(before, 1);
}

/* Signals come while calloc and free run, and the handler never returns to them. Of the C library's own,
 * these leave nothing half done: in one thread calloc takes small blocks from a list by one store, and free
 * puts them there. */
static int jump_out(void)
{
    struct sigaction action = {.sa_handler = jump};
    struct itimerval often = {{0, 500}, {0, 500}}, never = {{0, 0}, {0, 0}};
    volatile int jumps = 0;
    sigaction(SIGPROF, &action, NULL);
    setitimer(ITIMER_PROF, &often, NULL);
    if (sigsetjmp(before, 1) != 0)
        jumps++;
    while (jumps < JUMPS) {
        void *block = calloc(1, 24);
        __asm__ volatile("" ::"r"(block) : "memory");
        free(block);
    }
    return setitimer(ITIMER_PROF, &never, NULL);
}

static void work_in_handler(int number)
{
    (void)number;
    work();
}

/* A handler that allocates, on a stack of its own. */
static int alternate_stack(void)
{
    stack_t stack = {.ss_sp = malloc(64 << 10), .ss_size = 64 << 10};
    struct sigaction action = {.sa_handler = work_in_handler, .sa_flags = SA_ONSTACK};
    return sigaltstack(&stack, NULL) || sigaction(SIGUSR1, &action, NULL) || raise(SIGUSR1);
}

const Method host_methods[] = {
    {"small-stack-spawn", spawn_in_small_stack},
    {"small-stack-work", work_in_small_stack},
    {"jump-out", jump_out},
    {"alternate-stack", alternate_stack},
    {NULL, NULL},
};
