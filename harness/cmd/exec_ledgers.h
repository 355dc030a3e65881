/* The ledgers of `heapgate exec`: each is saved as soon as its process is gone, so that nothing is lost if
 * heapgate itself is killed later; what stays in memory is what the summary says of it. */
#ifndef HEAPGATE_CMD_EXEC_LEDGERS_H
#define HEAPGATE_CMD_EXEC_LEDGERS_H

#include "formats/ledger/ledger.h"
#include "run/collector.h"

/* One program in one process. */
typedef struct {
    char *path;    /* where it is saved */
    char *line;    /* "./inbox (process 27182): " and its figures, or why nothing was seen */
    char *details; /* lines of their own, indented; empty where there are none */
    char *blind;   /* NULL, or why nothing was seen */
    gint64 pid;
    gint64 growth_bytes; /* in an iteration; 0 also where too few were marked */
    gint64 retained_bytes, peak_bytes;
    gboolean marked;     /* it marked iterations */
    guint slot, process; /* as the collector numbers them; process: after exec_ledgers_finish */
    Ledger *ledger;      /* NULL once it is saved */
} ExecLedger;

typedef struct ExecLedgers ExecLedgers;

/* folder: is there, outlives it. warmup: of the marked iterations, the first that do not count. (transfer
 * full). */
ExecLedgers *exec_ledgers_new(const char *folder, guint warmup);
void exec_ledgers_free(ExecLedgers *self); /* NULL is fine; waits until all are saved */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ExecLedgers, exec_ledgers_free)

/* CollectorTake; user_data is the ExecLedgers. */
void exec_ledgers_take(Ledger *ledger, guint slot, gpointer user_data);
/* After collector_finish: finds out which processes became another program, and orders. */
void exec_ledgers_finish(ExecLedgers *self, const Collector *collector);

/* After exec_ledgers_finish, (transfer none), of ExecLedger: all that are saved. */
const GPtrArray *exec_ledgers_all(const ExecLedgers *self);
/* One for each process: the last of its programs that marked iterations; where none did, the last that was
 * seen. What grows most comes first, then what retains most, then the highest peak. */
const GPtrArray *exec_ledgers_told(const ExecLedgers *self);
/* Those of which nothing was seen. */
const GPtrArray *exec_ledgers_blind(const ExecLedgers *self);
/* The books of the first that is told, named but for what takes long. (transfer none); NULL: there is none,
 * or it cannot be read any more. */
const Ledger *exec_ledgers_first_books(ExecLedgers *self);
/* Waits until all are saved. Why one cannot be, or NULL. */
const char *exec_ledgers_await(ExecLedgers *self);

#endif
