#include "crew.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { GRACE_S = 5 };

typedef struct {
    const TestSuite *suite;
    SuiteCount *count;
    pid_t pid;  /* of the suite's process, which leads a group; 0: not started, or ended */
    int output; /* a memory file */
} Member;

typedef struct {
    Member *members;
    int n;
    int running;
    sigset_t outer; /* the signal mask that suites get */
    CrewTell tell;
} Crew;

static int open_output(void)
{
    int output = memfd_create("output", MFD_CLOEXEC);
    g_assert_cmpint(output, >=, 0);
    g_assert_cmpint(fcntl(output, F_SETFL, O_APPEND), ==, 0);
    return output;
}

/* In the suite's process. A group of its own: a Ctrl-C reaches the runner alone, and it ends the suites. */
G_NORETURN static void be_suite(const Crew *self, const Member *member, pid_t runner)
{
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != runner)
        _exit(EXIT_FAILURE);
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    dup2(nothing, STDIN_FILENO);
    dup2(member->output, STDOUT_FILENO);
    dup2(member->output, STDERR_FILENO);
    setvbuf(stdout, NULL, _IOLBF, 0);
    sigprocmask(SIG_SETMASK, &self->outer, NULL);
    suite_run(member->suite, member->count);
    exit(EXIT_SUCCESS);
}

static void start(Crew *self, Member *member)
{
    pid_t runner = getpid();
    member->output = open_output();
    fflush(NULL);
    pid_t pid = fork();
    g_assert_cmpint(pid, >=, 0);
    if (pid == 0)
        be_suite(self, member, runner);
    setpgid(pid, pid); /* in both processes: whichever comes first */
    member->pid = pid;
    self->running++;
}

/* (transfer full) or NULL. */
static char *fault_of(const Member *member, int status)
{
    if (WIFSIGNALED(status))
        return g_strdup_printf("died of signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
    if (WEXITSTATUS(status) != 0)
        return g_strdup_printf("ended with status %d", WEXITSTATUS(status));
    return member->count->complete ? NULL : g_strdup("ended before its tests had");
}

static void finish(Crew *self, Member *member, int status)
{
    g_autofree char *fault = fault_of(member, status);
    off_t length = lseek(member->output, 0, SEEK_END);
    char *text = length > 0 ? mmap(NULL, length, PROT_READ, MAP_PRIVATE, member->output, 0) : NULL;
    self->tell(member->suite, member->count, fault, text, length);
    if (text != NULL)
        munmap(text, length);
    close(member->output);
    member->pid = 0;
    self->running--;
}

static void reap(Crew *self)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        for (int i = 0; i < self->n; i++)
            if (self->members[i].pid == pid)
                finish(self, &self->members[i], status);
}

/* Check answers SIGINT by killing the group of the test that runs. */
static void end_all(Crew *self, const sigset_t *awaited)
{
    struct timespec grace = {.tv_sec = GRACE_S};
    for (int i = 0; i < self->n; i++)
        if (self->members[i].pid > 0)
            kill(self->members[i].pid, SIGINT);
    while (self->running > 0 && sigtimedwait(awaited, NULL, &grace) == SIGCHLD)
        reap(self);
    for (int i = 0; i < self->n; i++)
        if (self->members[i].pid > 0)
            kill(-self->members[i].pid, SIGKILL);
}

/* Ends this process by the signal that it was sent. */
G_NORETURN static void end_by(int sig)
{
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, sig);
    fflush(NULL);
    signal(sig, SIG_DFL);
    sigprocmask(SIG_UNBLOCK, &mask, NULL);
    raise(sig);
    _exit(EXIT_FAILURE);
}

/* Starts what may run now, and waits until none runs any more. */
static void run(Crew *self, int at_once)
{
    sigset_t awaited;
    sigemptyset(&awaited);
    const int signals[] = {SIGCHLD, SIGINT, SIGTERM, SIGHUP};
    for (gsize i = 0; i < G_N_ELEMENTS(signals); i++)
        sigaddset(&awaited, signals[i]);
    sigprocmask(SIG_BLOCK, &awaited, &self->outer);
    for (int next = 0;;) {
        while (next < self->n && self->running < (self->members[next].suite->alone ? 1 : at_once))
            start(self, &self->members[next++]);
        if (self->running == 0)
            break;
        int sig = sigwaitinfo(&awaited, NULL);
        if (sig == SIGCHLD) {
            reap(self);
        } else if (sig > 0) {
            end_all(self, &awaited);
            end_by(sig);
        }
    }
    sigprocmask(SIG_SETMASK, &self->outer, NULL);
}

void crew_run(const TestSuite *suites, SuiteCount *counts, int n, int at_once, CrewTell tell)
{
    g_autofree Member *members = g_new0(Member, n);
    Crew self = {.members = members, .tell = tell};
    for (int alone = FALSE; alone <= TRUE; alone++)
        for (int i = 0; i < n; i++)
            if (!suites[i].alone == !alone)
                members[self.n++] = (Member){.suite = &suites[i], .count = &counts[i]};
    run(&self, at_once);
}
