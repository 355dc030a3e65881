/* Where the ledgers of a run came from, to tell in the end which of them one process had, one program after
 * the other. */
#ifndef HEAPGATE_RUN_ORIGIN_H
#define HEAPGATE_RUN_ORIGIN_H

#include "starts.h"

typedef struct {
    guint64 family;       /* 0: it only says why there are no books */
    guint32 number;       /* of the ledger in its family; 0: the program's first process */
    guint32 parent_entry; /* the entry that its program answers, of the program's first process */
    guint64 parent_family;
    gint64 pid, own_pid; /* as heapgate and as the process has it; 0: not known */
} Origin;

/* The number of each one's process, from 1: the same for all that one process had. origins: Origin, in the
 * order in which they came. starts: all that was started is added. (transfer full), of guint. */
GArray *origins_processes(const GArray *origins, const Starts *starts);

#endif
