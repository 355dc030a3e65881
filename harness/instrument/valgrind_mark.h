/* Marks from outside, in processes that run under Valgrind: each waits for monitor commands on pipes in the
 * instrument's folder, and vgdb sends it one. */
#ifndef HEAPGATE_INSTRUMENT_VALGRIND_MARK_H
#define HEAPGATE_INSTRUMENT_VALGRIND_MARK_H

#include <glib.h>

/* How the names of these pipes begin. */
#define VALGRIND_PIPES "vgdb"
/* For a folder; an option of Valgrind's and of vgdb's. */
#define VALGRIND_PIPES_OPTION "--vgdb-prefix=%s/" VALGRIND_PIPES

/* Sends a monitor command to this process; monitor: its words, NULL at the end. *output gets what was
 * answered, (transfer full). Errors: HEAPGATE_ERROR_BROKEN. */
gboolean valgrind_monitor(const char *folder, gint64 pid, const char *const *monitor, char **output,
                          GError **error);

/* Sets a mark in one process. */
typedef gboolean (*ValgrindMark)(const char *folder, gint64 pid, const char *name, GError **error);
/* Sets it in every process that waits in the folder, until one fails. folder: NULL: there are none. */
gboolean valgrind_mark_processes(const char *folder, const char *name, ValgrindMark mark, GError **error);

#endif
