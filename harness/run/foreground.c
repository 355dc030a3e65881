#include "foreground.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "descriptor_limit.h"
#include "error.h"

enum { STATUS_SIGNALLED = 128 };

static const int passed_on[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP};

/* Whose command the handler's signals are for; NULL: there is none. */
static KeeperLog *volatile guarded;
/* The last that came before the command was there; 0: none. */
static volatile sig_atomic_t early;

/* The terminal sends its signals to the whole group itself: these are the kernel's, with a code above 0. */
static void pass_on(int number, siginfo_t *info, void *unused)
{
    (void)unused;
    int before = errno;
    const KeeperLog *log = guarded; /* another thread may end it meanwhile */
    if (info->si_code <= 0 && log != NULL && log->program > 1)
        kill(log->program, number);
    else if (info->si_code <= 0)
        early = number;
    errno = before;
}

static void handlers_set(struct sigaction *before)
{
    struct sigaction action = {.sa_sigaction = pass_on, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigemptyset(&action.sa_mask);
    for (gsize i = 0; i < G_N_ELEMENTS(passed_on); i++) {
        sigaction(passed_on[i], NULL, &before[i]);
        if (before[i].sa_handler != SIG_IGN)
            sigaction(passed_on[i], &action, NULL);
    }
}

static void handlers_restore(const struct sigaction *before)
{
    for (gsize i = 0; i < G_N_ELEMENTS(passed_on); i++)
        sigaction(passed_on[i], &before[i], NULL);
}

typedef struct {
    KeeperLog *log;
    const struct sigaction *actions; /* of passed_on */
} Beginning;

/* Runs between fork and exec: system calls only. */
static void prepare_child(gpointer data)
{
    const Beginning *beginning = data;
    pid_t group = getpgrp();
    handlers_restore(beginning->actions);
    descriptor_limit_restore();
    keeper_stand_between(beginning->log);
    setpgid(0, group); /* out of the keeper's, which the terminal does not know */
}

/* What the keeper guards may have stopped it, as often as it likes: then it goes on at once. */
static void await_keeper_end(pid_t keeper)
{
    siginfo_t news;
    for (;;) {
        if (waitid(P_PID, (id_t)keeper, &news, WEXITED | WSTOPPED) == 0) {
            if (news.si_code != CLD_STOPPED)
                return;
            kill(keeper, SIGCONT);
        } else if (errno != EINTR) {
            return;
        }
    }
}

static gboolean run_guarded(char **argv, char **env, Beginning *beginning, GError **error)
{
    GPid keeper = 0;
    g_autoptr(GError) cause = NULL;
    if (!g_spawn_async(NULL, argv, env,
                       G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_SEARCH_PATH | G_SPAWN_CHILD_INHERITS_STDIN |
                           G_SPAWN_LEAVE_DESCRIPTORS_OPEN,
                       prepare_child, beginning, &keeper, &cause)) {
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_USAGE, "%s cannot be started: %s", argv[0],
                    cause->message);
        return FALSE;
    }
    if (early != 0)
        kill(beginning->log->program, early);
    await_keeper_end(keeper);
    return TRUE;
}

gboolean foreground_run(char **argv, char **env, KeeperLog *log, ForegroundOutcome *outcome, GError **error)
{
    struct sigaction actions[G_N_ELEMENTS(passed_on)];
    Beginning beginning = {log, actions};
    *outcome = (ForegroundOutcome){0};
    keeper_inherit();
    guarded = log;
    early = 0;
    handlers_set(actions);
    gboolean ran = run_guarded(argv, env, &beginning, error);
    handlers_restore(actions);
    guarded = NULL;
    if (!ran)
        return FALSE;
    outcome->pid = log->program;
    outcome->unguarded = !log->finished;
    if (outcome->unguarded)
        keeper_kill_orphans(NULL, 0);
    else
        outcome->status =
            WIFSIGNALED(log->status) ? STATUS_SIGNALLED + WTERMSIG(log->status) : WEXITSTATUS(log->status);
    return TRUE;
}
