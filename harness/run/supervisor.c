#include "supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "descriptor_limit.h"
#include "error.h"
#include "processors.h"

typedef struct {
    KeeperLog *log;
    gint64 cpus;
} Beginning;

/* Runs between fork and exec: system calls only. */
static void prepare_child(gpointer data)
{
    const Beginning *beginning = data;
    const struct rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    descriptor_limit_restore();
    keeper_stand_between(beginning->log);
    setpgid(0, 0);
    personality(ADDR_NO_RANDOMIZE);
    processors_keep(beginning->cpus);
}

typedef struct {
    GSubprocess *process; /* the keeper */
    GMainContext *context;
    SupervisorOutcome *outcome;
    gboolean exited;
    guint requests; /* to the keeper, to end all */
} Waiting;

static void kill_group(const SupervisorOutcome *outcome)
{
    if (outcome->pid > 1)
        kill(-(pid_t)outcome->pid, SIGKILL);
}

/* Kills the program's group. Then asks the keeper (SIGCONT, for what it guards may have stopped it; SIGTERM)
 * to kill what has left the group, again and again until it ends; after so many requests kills the keeper. */
static gboolean end_all(gpointer user_data)
{
    enum { MOST_REQUESTS = 50 };
    Waiting *waiting = user_data;
    kill_group(waiting->outcome);
    g_subprocess_send_signal(waiting->process, SIGCONT);
    g_subprocess_send_signal(waiting->process, waiting->requests++ < MOST_REQUESTS ? SIGTERM : SIGKILL);
    return waiting->exited ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
}

static void waiting_end(Waiting *waiting, SupervisorEnd end)
{
    enum { AGAIN_MS = 100 };
    if (waiting->outcome->end != SUPERVISOR_EXITED)
        return;
    waiting->outcome->end = end;
    end_all(waiting);
    g_autoptr(GSource) again = g_timeout_source_new(AGAIN_MS);
    g_source_set_callback(again, end_all, waiting, NULL);
    g_source_attach(again, waiting->context);
}

static gboolean on_timeout(gpointer user_data)
{
    waiting_end(user_data, SUPERVISOR_TIMED_OUT);
    return G_SOURCE_REMOVE;
}

static gboolean on_cancelled(GCancellable *cancellable, gpointer user_data)
{
    (void)cancellable;
    waiting_end(user_data, SUPERVISOR_CANCELLED);
    return G_SOURCE_REMOVE;
}

static void on_exit_of_process(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Waiting *waiting = user_data;
    g_subprocess_wait_finish(G_SUBPROCESS(source), result, NULL);
    waiting->exited = TRUE;
}

static GSource *attach(GSource *source, GSourceFunc func, Waiting *waiting, GMainContext *context)
{
    g_source_set_callback(source, func, waiting, NULL);
    g_source_attach(source, context);
    return source;
}

/* Waits until the process ends: of itself, because the time is up, or because the run is cancelled. */
static void await_end(GSubprocess *process, gint64 timeout_us, GCancellable *cancellable,
                      SupervisorOutcome *outcome)
{
    g_autoptr(GMainContext) context = g_main_context_new();
    g_main_context_push_thread_default(context);
    Waiting waiting = {.process = process, .context = context, .outcome = outcome};
    guint timeout_ms = (guint)CLAMP(timeout_us / 1000, 1, G_MAXINT);
    g_autoptr(GSource) timeout = attach(g_timeout_source_new(timeout_ms), on_timeout, &waiting, context);
    g_autoptr(GSource) cancel =
        attach(g_cancellable_source_new(cancellable), G_SOURCE_FUNC(on_cancelled), &waiting, context);
    g_subprocess_wait_async(process, NULL, on_exit_of_process, &waiting);
    while (!waiting.exited)
        g_main_context_iteration(context, TRUE);
    g_source_destroy(timeout);
    g_source_destroy(cancel);
    g_main_context_pop_thread_default(context);
    kill_group(outcome);
}

/* GSubprocessLauncher opens files as they are; what an earlier run wrote must not show behind this one's. */
static void empty_file(const char *path)
{
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (file >= 0)
        close(file);
}

/* The keepers that live, and the lock under which one is started and orphans are looked for. */
static GMutex keepers_lock;
static GArray *keepers;

/* was_killed: then it guards nothing any more. */
static void forget_keeper(pid_t keeper, gboolean was_killed)
{
    g_mutex_lock(&keepers_lock);
    for (guint i = keepers->len; i-- > 0;)
        if (g_array_index(keepers, pid_t, i) == keeper)
            g_array_remove_index_fast(keepers, i);
    if (was_killed)
        keeper_kill_orphans(keepers, getpgrp());
    g_mutex_unlock(&keepers_lock);
}

static GSubprocess *launch(const SupervisorPlan *plan, KeeperLog *log, pid_t *keeper, GError **error)
{
    Beginning beginning = {log, plan->cpus};
    empty_file(plan->stdout_path);
    empty_file(plan->stderr_path);
    g_autoptr(GSubprocessLauncher) launcher = g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_NONE);
    g_subprocess_launcher_set_environ(launcher, (char **)plan->env);
    g_subprocess_launcher_set_cwd(launcher, plan->folder);
    g_subprocess_launcher_set_stdin_file_path(launcher,
                                              plan->stdin_path != NULL ? plan->stdin_path : "/dev/null");
    g_subprocess_launcher_set_stdout_file_path(launcher, plan->stdout_path);
    g_subprocess_launcher_set_stderr_file_path(launcher, plan->stderr_path);
    g_subprocess_launcher_set_child_setup(launcher, prepare_child, &beginning, NULL);
    g_autoptr(GError) cause = NULL;
    g_mutex_lock(&keepers_lock);
    if (keepers == NULL) {
        keepers = g_array_new(FALSE, FALSE, sizeof(pid_t));
        keeper_inherit();
    }
    GSubprocess *process = g_subprocess_launcher_spawnv(launcher, plan->argv, &cause);
    /* NULL where it has ended already. */
    const char *identifier = process != NULL ? g_subprocess_get_identifier(process) : NULL;
    *keeper = identifier != NULL ? (pid_t)g_ascii_strtoll(identifier, NULL, 10) : 0;
    if (*keeper != 0)
        g_array_append_val(keepers, *keeper);
    g_mutex_unlock(&keepers_lock);
    if (process == NULL)
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_BROKEN, "%s cannot be started: %s", plan->argv[0],
                    cause->message);
    return process;
}

static void set_status(const KeeperLog *log, SupervisorOutcome *outcome)
{
    if (!log->finished) {
        outcome->end = SUPERVISOR_UNGUARDED;
    } else if (WIFSIGNALED(log->status)) {
        outcome->end = SUPERVISOR_SIGNALLED;
        outcome->status = WTERMSIG(log->status);
    } else {
        outcome->status = WEXITSTATUS(log->status);
    }
}

gboolean supervisor_run(const SupervisorPlan *plan, GCancellable *cancellable, SupervisorOutcome *outcome,
                        GError **error)
{
    *outcome = (SupervisorOutcome){0};
    gint64 started = g_get_monotonic_time();
    g_autoptr(KeeperLog) own = plan->log == NULL ? keeper_log_new(FALSE) : NULL;
    KeeperLog *log = plan->log != NULL ? plan->log : own;
    if (log == NULL) {
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_BROKEN, "%s cannot be started: %s", plan->argv[0],
                    g_strerror(errno));
        return FALSE;
    }
    pid_t keeper = 0;
    g_autoptr(GSubprocess) process = launch(plan, log, &keeper, error);
    outcome->pid = log->program; /* known though it may be gone by now */
    if (process == NULL)
        return FALSE;
    await_end(process, plan->timeout_us, cancellable, outcome);
    outcome->duration_us = g_get_monotonic_time() - started;
    forget_keeper(keeper, !log->finished);
    if (outcome->end == SUPERVISOR_EXITED)
        set_status(log, outcome);
    return TRUE;
}
