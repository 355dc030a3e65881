/* A session: many runs, some side by side, told about as they start and end. */
#ifndef HEAPGATE_RUN_SESSION_H
#define HEAPGATE_RUN_SESSION_H

#include "run.h"

typedef struct {
    /* Called in the calling thread. */
    void (*started)(Run *run, gpointer user_data);
    void (*finished)(Run *run, gpointer user_data);
    void (*tick)(const GPtrArray *runs, gpointer user_data); /* some times a second; NULL: not wanted */
    gpointer user_data;
} SessionWatcher;

/* Measures all runs, at most `jobs` at a time, in order. SIGINT, SIGTERM and SIGHUP end what runs and mark
 * the rest as interrupted; TRUE is returned where that did not happen. runs: elements Run, (transfer none).
 */
gboolean session_run(GPtrArray *runs, guint jobs, const SessionWatcher *watcher);

#endif
