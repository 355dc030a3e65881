/* The ledgers of one run: received from the traced programs on a socket, watched while their processes run,
 * read once they are gone. One thread receives and watches, another reads; the traced programs only send a
 * descriptor each, and wait for nobody. */
#ifndef HEAPGATE_RUN_COLLECTOR_H
#define HEAPGATE_RUN_COLLECTOR_H

#include "formats/ledger/ledger.h"

typedef struct Collector Collector;

/* Listens at this address ("PATH#KEY", as heap_socket_address makes it), whose path must be short (a socket's
 * address has 107 characters). (transfer full).
 * Errors: HEAPGATE_ERROR_BROKEN. */
Collector *collector_new(const char *path, GError **error);
/* Stops listening; closes what is still held. NULL is fine. */
void collector_free(Collector *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Collector, collector_free)

/* Called with every ledger as soon as its process is gone, in place of keeping it; one at a time, in a thread
 * of its own, so that nobody waits for it, and not after collector_finish. ledger: (transfer full). slot: its
 * number, in the order in which they came, by which collector_process knows it. Set before the first process
 * runs. */
typedef void (*CollectorTake)(Ledger *ledger, guint slot, gpointer user_data);
void collector_set_take(Collector *self, CollectorTake take, gpointer user_data);

/* These processes were killed by their keeper, and had books by then: what one of them was about to become
 * never ran. Before collector_finish. */
void collector_set_killed(Collector *self, const gint32 *pids, guint count);

/* Once the processes are gone: stops listening and reads what is held. (transfer none): Ledger, in the order
 * in which they came. */
GPtrArray *collector_finish(Collector *self);
/* After collector_finish: the number of the process that had the ledger of this slot, from 1; it is the same
 * for all the programs that one process ran. */
guint collector_process(const Collector *self, guint slot);
/* After collector_finish, (transfer none): LedgerSample every 50 ms or coarser, all processes together. */
const GArray *collector_samples(const Collector *self);
/* After collector_finish, (transfer none): UnseenProgram, what ran and has no ledger, once for each process.
 */
const GPtrArray *collector_unseen(const Collector *self);
/* After collector_finish: why a ledger could not be read, or NULL. */
const char *collector_problem(const Collector *self);

/* Sets a mark in a ledger from outside, as the tracer sets its own; "end" adds up what is there. */
gboolean ledger_set_mark(LedgerFile file, const char *name, GError **error);

#endif
