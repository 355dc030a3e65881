/* What `heapgate exec` says when the command has ended, on standard error. */
#ifndef HEAPGATE_CMD_EXEC_SUMMARY_H
#define HEAPGATE_CMD_EXEC_SUMMARY_H

#include "exec_ledgers.h"

/* The process that comes first with its call sites, the others with a line each; then what was not seen, and
 * where the ledgers are, once they are saved. ledgers: after exec_ledgers_finish. unseen: UnseenProgram.
 * command: as it was given; pid: its process. folder: of the ledgers. warmup: as theirs. */
void exec_summary_print(ExecLedgers *ledgers, const GPtrArray *unseen, const char *command, gint64 pid,
                        const char *folder, guint warmup);

#endif
