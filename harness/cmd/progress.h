/* What is shown while scenarios run: on a terminal one line that changes, in a log one plain line a run. */
#ifndef HEAPGATE_CMD_PROGRESS_H
#define HEAPGATE_CMD_PROGRESS_H

#include "run/session.h"

typedef struct Progress Progress;

/* expected: duration in microseconds by "SCENARIO/INSTRUMENT" (gint64 *), from earlier runs; (transfer none).
 * quiet: show nothing. (transfer full). */
Progress *progress_new(GHashTable *expected, gboolean quiet);
void progress_free(Progress *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Progress, progress_free)

/* A watcher that shows; (transfer none), valid as long as self. */
const SessionWatcher *progress_watcher(Progress *self);

#endif
