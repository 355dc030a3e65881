/* A command in its user's own place: with heapgate's standard streams, folder, terminal and process group,
 * and nothing of heapgate's about it but the keeper (keeper.h) that guards it. */
#ifndef HEAPGATE_RUN_FOREGROUND_H
#define HEAPGATE_RUN_FOREGROUND_H

#include "keeper.h"

typedef struct {
    gint64 pid;
    int status;         /* its exit status, or 128 and the signal's number, as shells have it */
    gboolean unguarded; /* its keeper was killed, and all that it guarded with it: status is not known */
} ForegroundOutcome;

/* Runs the command to its end, kills what it leaves behind, wherever that has moved to, and returns. One at a
 * time.
 *
 * SIGINT, SIGQUIT, SIGTERM and SIGHUP do not end heapgate meanwhile. What a process sent to heapgate is
 * passed on to the command; the terminal's own keys reach it anyway. What is ignored before stays ignored, by
 * both.
 *
 * argv[0]: looked for in PATH. log: a new one. Errors: HEAPGATE_ERROR_USAGE where it cannot be started. */
gboolean foreground_run(char **argv, char **env, KeeperLog *log, ForegroundOutcome *outcome, GError **error);

#endif
