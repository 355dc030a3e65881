/* The environment is cleaned before a helper is started. */
#include "coverage.h"

#include <fcntl.h>
#include <linux/limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int exit_status(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static int by_system(void)
{
    return exit_status(system(own_command()));
}

static int by_popen(void)
{
    FILE *pipe = popen(own_command(), "r");
    return pipe == NULL ? 1 : exit_status(pclose(pipe));
}

static void forget_heapgate(void)
{
    unsetenv("LD_PRELOAD");
    unsetenv("HEAPGATE_SOCKET");
    unsetenv("HEAPGATE_INSTRUMENT");
    unsetenv("HEAPGATE_MARKS");
}

static int clear_then_system(void)
{
    clearenv();
    return by_system();
}

static int clear_then_popen(void)
{
    clearenv();
    return by_popen();
}

static int unset_then_system(void)
{
    forget_heapgate();
    return by_system();
}

static int unset_then_popen(void)
{
    forget_heapgate();
    return by_popen();
}

static int null_then_system(void)
{
    environ = NULL;
    return by_system();
}

/* Its own array, as daemons that show titles keep one. */
static int own_array_then_popen(void)
{
    static char *few[] = {"PATH=/usr/bin:/bin", NULL};
    environ = few;
    return by_popen();
}

/* Overwritten in place. */
static int blank_then_system(void)
{
    for (char **each = environ; *each != NULL; each++)
        memset(*each, 0, strlen(*each));
    return by_system();
}

static int emptied_preload(void)
{
    return setenv("LD_PRELOAD", "", 1) ? 1 : by_system();
}

static int other_preload(void)
{
    return setenv("LD_PRELOAD", "libm.so.6", 1) ? 1 : by_system();
}

static int spawn_with(char **environment)
{
    char *arguments[] = {(char *)own_path(), "work", NULL};
    pid_t pid;
    return posix_spawn(&pid, own_path(), NULL, NULL, arguments, environment) ? 1 : wait_for(pid);
}

static int spawn_with_none(void)
{
    char *none[] = {NULL};
    return spawn_with(none);
}

static int spawn_with_null(void)
{
    return spawn_with(NULL);
}

static char *const child_arguments[] = {"coverage", "work", NULL};
static char *const no_environment[] = {NULL};

static int exec_with(int (*become)(void))
{
    int pid = fork();
    if (pid == 0) {
        become();
        _exit(127);
    }
    return wait_for(pid);
}

static int become_by_execve(void)
{
    return execve(own_path(), child_arguments, no_environment);
}

static int become_by_execle(void)
{
    return execle(own_path(), "coverage", "work", (char *)NULL, no_environment);
}

static int become_by_fexecve(void)
{
    int fd = open(own_path(), O_RDONLY | O_CLOEXEC);
    return fexecve(fd, child_arguments, no_environment);
}

static int become_by_execveat(void)
{
    return (int)syscall(SYS_execveat, AT_FDCWD, own_path(), child_arguments, no_environment, 0);
}

static int become_by_system_call(void)
{
    return (int)syscall(SYS_execve, own_path(), child_arguments, no_environment);
}

static int by_execve(void)
{
    return exec_with(become_by_execve);
}

static int by_execle(void)
{
    return exec_with(become_by_execle);
}

static int by_fexecve(void)
{
    return exec_with(become_by_fexecve);
}

static int by_execveat(void)
{
    return exec_with(become_by_execveat);
}

static int by_system_call(void)
{
    return exec_with(become_by_system_call);
}

const Method environment_methods[] = {
    {"system", by_system},
    {"popen", by_popen},
    {"clearenv-system", clear_then_system},
    {"clearenv-popen", clear_then_popen},
    {"unsetenv-system", unset_then_system},
    {"unsetenv-popen", unset_then_popen},
    {"null-environ-system", null_then_system},
    {"own-environ-popen", own_array_then_popen},
    {"blank-environ-system", blank_then_system},
    {"empty-preload", emptied_preload},
    {"other-preload", other_preload},
    {"spawn-empty", spawn_with_none},
    {"spawn-null", spawn_with_null},
    {"execve-empty", by_execve},
    {"execle-empty", by_execle},
    {"fexecve-empty", by_fexecve},
    {"execveat-empty", by_execveat},
    {"raw-execve-empty", by_system_call},
    {NULL, NULL},
};
