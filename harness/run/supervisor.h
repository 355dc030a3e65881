/* The supervisor: one process and all it starts, from launch to the last of them gone. */
#ifndef HEAPGATE_RUN_SUPERVISOR_H
#define HEAPGATE_RUN_SUPERVISOR_H

#include <gio/gio.h>

#include "keeper.h"

typedef struct {
    const char *const *argv;
    const char *const *env;
    const char *folder;      /* working directory */
    const char *stdin_path;  /* NULL: nothing to read */
    const char *stdout_path; /* files written anew */
    const char *stderr_path;
    gint64 timeout_us; /* from launch */
    gint64 cpus;       /* processors that it may use; 0: all */
    KeeperLog *log;    /* a new one, for who wants to know what was killed; NULL: the program is not traced */
} SupervisorPlan;

typedef enum {
    SUPERVISOR_EXITED,    /* status is the exit status */
    SUPERVISOR_SIGNALLED, /* status is the signal */
    SUPERVISOR_TIMED_OUT,
    SUPERVISOR_CANCELLED,
    SUPERVISOR_UNGUARDED, /* its keeper was killed, and all that it guarded with it */
} SupervisorEnd;

typedef struct {
    SupervisorEnd end;
    int status;
    gint64 pid;
    gint64 duration_us;
} SupervisorOutcome;

/* Runs to the end in the calling thread. The process gets a process group of its own, and all that it started
 * is killed at the end, wherever it has moved to (keeper.h). It gets an address space that is not randomised
 * where the kernel allows, and no core dump. Errors: HEAPGATE_ERROR_BROKEN where it cannot be started. */
gboolean supervisor_run(const SupervisorPlan *plan, GCancellable *cancellable, SupervisorOutcome *outcome,
                        GError **error);

#endif
