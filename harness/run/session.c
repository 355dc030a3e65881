#include "session.h"

#include <glib-unix.h>
#include <signal.h>

enum { TICK_MS = 200 };

typedef struct {
    GPtrArray *runs;
    guint remaining;
    GCancellable *cancellable;
    const SessionWatcher *watcher;
} Session;

/* A message from a worker to the session's thread. */
typedef struct {
    Session *session;
    Run *run;
} Notice;

static gboolean on_started(gpointer data)
{
    const Notice *notice = data;
    notice->session->watcher->started(notice->run, notice->session->watcher->user_data);
    return G_SOURCE_REMOVE;
}

static gboolean on_finished(gpointer data)
{
    const Notice *notice = data;
    notice->session->watcher->finished(notice->run, notice->session->watcher->user_data);
    notice->session->remaining--;
    return G_SOURCE_REMOVE;
}

static void tell(Session *session, Run *run, GSourceFunc func)
{
    Notice *notice = g_new(Notice, 1);
    *notice = (Notice){session, run};
    /* Not g_main_context_invoke: it may run the function in this thread. */
    g_autoptr(GSource) source = g_idle_source_new();
    g_source_set_priority(source, G_PRIORITY_DEFAULT);
    g_source_set_callback(source, func, notice, g_free);
    g_source_attach(source, NULL);
}

static void work(gpointer data, gpointer user_data)
{
    Session *session = user_data;
    tell(session, data, on_started);
    run_measure(data, session->cancellable);
    tell(session, data, on_finished);
}

static gboolean on_tick(gpointer data)
{
    Session *session = data;
    session->watcher->tick(session->runs, session->watcher->user_data);
    return G_SOURCE_CONTINUE;
}

static gboolean on_signal(gpointer data)
{
    Session *session = data;
    g_cancellable_cancel(session->cancellable);
    return G_SOURCE_CONTINUE;
}

/* Under nohup a run goes on when its terminal is closed. */
static gboolean hang_up_is_ignored(void)
{
    struct sigaction action;
    return sigaction(SIGHUP, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

gboolean session_run(GPtrArray *runs, guint jobs, const SessionWatcher *watcher)
{
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    Session session = {runs, runs->len, cancellable, watcher};
    guint interrupt = g_unix_signal_add(SIGINT, on_signal, &session);
    guint terminate = g_unix_signal_add(SIGTERM, on_signal, &session);
    guint hang_up = hang_up_is_ignored() ? 0 : g_unix_signal_add(SIGHUP, on_signal, &session);
    guint tick = watcher->tick != NULL ? g_timeout_add(TICK_MS, on_tick, &session) : 0;
    g_autoptr(GError) none = NULL;
    GThreadPool *pool =
        g_thread_pool_new(work, &session, (gint)CLAMP(jobs, 1, MAX(runs->len, 1)), TRUE, &none);
    /* Where the system gives no further thread, this one measures: nobody would come to take what is pushed.
     */
    gboolean alone = g_thread_pool_get_num_threads(pool) == 0;
    for (guint i = 0; i < runs->len; i++) {
        if (alone)
            work(g_ptr_array_index(runs, i), &session);
        else
            g_thread_pool_push(pool, g_ptr_array_index(runs, i), NULL);
    }
    while (session.remaining > 0)
        g_main_context_iteration(NULL, TRUE);
    g_thread_pool_free(pool, FALSE, TRUE);
    if (tick != 0)
        g_source_remove(tick);
    g_source_remove(interrupt);
    g_source_remove(terminate);
    if (hang_up != 0)
        g_source_remove(hang_up);
    return !g_cancellable_is_cancelled(cancellable);
}
