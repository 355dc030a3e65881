/* main, and what is done after the method: see coverage.h. */
#include "coverage.h"

#include <errno.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BLOCKS = 20, BLOCK_BYTES = 100000 };

extern char **environ;
static char path[4096], command[4200];
static void *kept[100000];
static size_t kept_count;

/* The leak. The healthy build has the function, too, so that both have the same call sites. */
__attribute__((noinline)) void leak_here(void *block)
{
#ifdef LEAKING
    kept[kept_count++] = block;
#endif
    __asm__ volatile("" ::"r"(block), "r"(kept), "r"(kept_count) : "memory");
}

/* Named as the leak: the call site is the function that allocates. */
static __attribute__((noinline)) void *allocate_leak_here(size_t bytes)
{
    void *block = malloc(bytes);
    memset(block, 1, bytes);
    return block;
}

__attribute__((noinline)) void work(void)
{
    for (int i = 0; i < BLOCKS; i++) {
        void *block = allocate_leak_here(BLOCK_BYTES);
        leak_here(block);
#ifndef LEAKING
        free(block);
#endif
    }
}

int wait_for(int pid)
{
    int status;
    while (waitpid(pid, &status, 0) != pid)
        if (errno != EINTR)
            return 1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

const char *own_path(void)
{
    return path;
}

const char *own_command(void)
{
    return command;
}

static int in_child(void (*child)(void))
{
    int pid = fork();
    if (pid == 0) {
        child();
        exit(0);
    }
    return pid < 0 ? 1 : wait_for(pid);
}

static void become(void)
{
    execl(path, path, "work", (char *)NULL);
    _exit(127);
}

static void work_below(void)
{
    if (in_child(work) != 0)
        exit(1);
}

static void *work_in_thread(void *unused)
{
    work();
    return unused;
}

static int then_itself(void)
{
    work();
    return 0;
}

static int then_fork(void)
{
    return in_child(work);
}

static int then_grandchild(void)
{
    return in_child(work_below);
}

static int then_exec(void)
{
    return in_child(become);
}

static int then_become(void)
{
    become();
    return 127;
}

static int then_spawn(void)
{
    char *arguments[] = {path, "work", NULL};
    pid_t pid;
    return posix_spawn(&pid, path, NULL, NULL, arguments, environ) ? 1 : wait_for(pid);
}

static int then_thread(void)
{
    pthread_t thread;
    return pthread_create(&thread, NULL, work_in_thread, NULL) || pthread_join(thread, NULL);
}

static const Method thens[] = {
    {"itself", then_itself}, {"fork", then_fork},   {"grandchild", then_grandchild}, {"exec", then_exec},
    {"become", then_become}, {"spawn", then_spawn}, {"thread", then_thread},         {NULL, NULL},
};

static int run(const Method *methods, const char *name)
{
    for (; methods->name != NULL; methods++)
        if (strcmp(methods->name, name) == 0)
            return methods->run();
    return -1;
}

int work_then(const char *then)
{
    int status = run(thens, then);
    return status < 0 ? 2 : status;
}

int main(int argc, char **argv)
{
    const Method *const tables[] = {allocator_methods,   descriptor_methods, drop_methods,
                                    environment_methods, host_methods,       limit_methods,
                                    namespace_methods,   process_methods,    sandbox_methods};
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    if (argc < 2 || length < 0)
        return 2;
    path[length] = '\0';
    snprintf(command, sizeof command, "%s work", path);
    if (strcmp(argv[1], "work") == 0)
        return then_itself();
    if (argc < 4) /* as every program does; with a third argument METHOD comes before the first block */
        leak_here(strdup(path));
    int status = strcmp(argv[1], "then") == 0 ? 0 : -1;
    for (size_t i = 0; i < sizeof tables / sizeof *tables && status < 0; i++)
        status = run(tables[i], argv[1]);
    if (status < 0)
        fprintf(stderr, "coverage: no method %s\n", argv[1]);
    return status != 0 ? status : argc < 3 ? 0 : work_then(argv[2]);
}
