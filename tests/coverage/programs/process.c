/* Ways to make processes, and many of them. */
#include "coverage.h"

#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { CROWD = 300, SHORT = 2000, LATE = 200, AGAIN = 6 };

/* Runs what is left of this process as its child. */
static int go_on_in_child(long pid)
{
    if (pid == 0)
        return 0;
    exit(pid < 0 ? CANNOT : wait_for((int)pid));
}

static int by_raw_fork(void)
{
    return go_on_in_child(syscall(SYS_fork));
}

static int by_raw_clone(void)
{
    return go_on_in_child(syscall(SYS_clone, (unsigned long)SIGCHLD, NULL, NULL, NULL, 0UL));
}

static int by_clone3(void)
{
    struct clone_args arguments = {.exit_signal = SIGCHLD};
    return go_on_in_child(syscall(SYS_clone3, &arguments, sizeof arguments));
}

static int work_in_clone(void *unused)
{
    (void)unused;
    work();
    exit(0); /* clone would leave by _exit */
}

static int by_clone(void)
{
    static char stack[256 << 10] __attribute__((aligned(16)));
    return wait_for(clone(work_in_clone, stack + sizeof stack, SIGCHLD, NULL));
}

static int by_vfork(void)
{
    int pid = vfork();
    if (pid == 0) {
        execl(own_path(), own_path(), "work", (char *)NULL);
        _exit(127);
    }
    return wait_for(pid);
}

/* A daemon, whose starter waits for the end of its work. */
static int by_daemon(void)
{
    int gate[2];
    char byte;
    if (pipe(gate))
        return 1;
    if (fork() != 0) {
        close(gate[1]);
        exit(read(gate[0], &byte, 1) != 0);
    }
    setsid();
    if (fork() != 0)
        _exit(0);
    if (chdir("/"))
        return 1;
    close(gate[0]);
    return 0;
}

static int by_setsid(void)
{
    int pid = fork();
    if (pid == 0)
        return setsid() < 0;
    exit(wait_for(pid));
}

/* The child is gone without running what exit runs. */
static int leave_at_once(void)
{
    int pid = fork();
    if (pid == 0) {
        work();
        _exit(0);
    }
    return wait_for(pid);
}

static int end_by_signal(void)
{
    int pid = fork();
    if (pid == 0) {
        work();
        kill(getpid(), SIGKILL);
    }
    return wait_for(pid) == 128 + SIGKILL ? 0 : 1;
}

/* Three hundred at once, of which the last hundred work. */
static int crowd(int by_exec)
{
    static int pids[CROWD];
    int gate[2], status = 0;
    char byte;
    if (pipe(gate))
        return 1;
    for (int i = 0; i < CROWD; i++) {
        pids[i] = fork();
        if (pids[i] != 0)
            continue;
        close(gate[1]);
        if (read(gate[0], &byte, 1) != 0)
            _exit(1);
        if (i < LATE)
            exit(0);
        if (by_exec)
            execl(own_path(), own_path(), "work", (char *)NULL);
        work();
        exit(0);
    }
    close(gate[1]);
    for (int i = 0; i < CROWD; i++)
        status |= pids[i] < 0 || wait_for(pids[i]) != 0;
    return status;
}

static int crowd_of_forks(void)
{
    return crowd(0);
}

static int crowd_of_programs(void)
{
    return crowd(1);
}

/* Two thousand short ones, one after the other; each hundredth works. */
static int one_after_another(void)
{
    for (int i = 0; i < SHORT; i++) {
        int pid = fork();
        if (pid == 0) {
            if (i % 100 == 99)
                work();
            exit(0);
        }
        if (wait_for(pid) != 0)
            return 1;
    }
    return 0;
}

/* A number comes again: each child has that of the one before it. */
static int number_again(void)
{
    pid_t number = fork();
    if (number == 0)
        exit(0);
    if (wait_for(number) != 0)
        return 1;
    for (int i = 0; i < AGAIN; i++) {
        struct clone_args arguments = {
            .exit_signal = SIGCHLD, .set_tid = (uintptr_t)&number, .set_tid_size = 1};
        long pid = syscall(SYS_clone3, &arguments, sizeof arguments);
        if (pid == 0) {
            if (i % 2 == 1)
                work();
            exit(0);
        }
        if (pid < 0)
            return CANNOT;
        if (wait_for((int)pid) != 0)
            return 1;
    }
    return 0;
}

/* From a build that no tracer enters to the one beside it that it does: coverage-static to coverage. */
static int become_other(void)
{
    char other[4096];
    snprintf(other, sizeof other, "%s", own_path());
    char *suffix = strrchr(other, '-');
    if (suffix == NULL)
        return 1;
    *suffix = '\0';
    execl(other, other, "work", (char *)NULL);
    return 127;
}

/* A name that says nothing. */
static int renamed(void)
{
    return prctl(PR_SET_NAME, "(sd-pam)") ? CANNOT : 0;
}

static int slow_start(void)
{
    for (int i = 0; i < 40; i++) {
        int pid = fork();
        if (pid == 0) {
            if (i % 10 == 9)
                work();
            exit(0);
        }
        if (wait_for(pid) != 0)
            return 1;
        usleep(100000);
    }
    return 0;
}

const Method process_methods[] = {
    {"raw-fork", by_raw_fork},
    {"raw-clone", by_raw_clone},
    {"clone3", by_clone3},
    {"clone", by_clone},
    {"vfork-exec", by_vfork},
    {"daemon", by_daemon},
    {"setsid", by_setsid},
    {"leave-at-once", leave_at_once},
    {"end-by-signal", end_by_signal},
    {"crowd", crowd_of_forks},
    {"crowd-exec", crowd_of_programs},
    {"one-after-another", one_after_another},
    {"number-again", number_again},
    {"become-other", become_other},
    {"renamed", renamed},
    {"slow-start", slow_start},
    {NULL, NULL},
};
