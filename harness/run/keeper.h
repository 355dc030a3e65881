/* The keeper: a process between heapgate and the program it runs. Whatever the program starts and leaves
 * behind, whatever session it moves to, becomes the keeper's child in the end (prctl(2),
 * PR_SET_CHILD_SUBREAPER), and is killed by it. */
#ifndef HEAPGATE_RUN_KEEPER_H
#define HEAPGATE_RUN_KEEPER_H

#include <glib.h>
#include <sys/types.h>

/* What a keeper says, in memory that is shared with it. A log is of one keeper. */
enum { KEEPER_LOG_ROOM = 4096 };
typedef struct {
    guint32 ready;   /* a futex: the keeper holds no descriptor any more */
    gboolean traced; /* the program is: set by keeper_log_new */
    gint32 program;  /* its process id; 0: it did not begin */
    /* The program has ended, and nothing of it is left; FALSE: the keeper was ended before. */
    gboolean finished;
    gint32 status; /* of the program, as waitpid(2) has it; where finished */
    /* Killed in the end though they had books: what such a process was about to become never ran. */
    guint32 count;
    gint32 pids[KEEPER_LOG_ROOM];
} KeeperLog;
/* NULL with errno: there is no memory. (transfer full). */
KeeperLog *keeper_log_new(gboolean traced);
void keeper_log_free(KeeperLog *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KeeperLog, keeper_log_free)

/* To be called between fork and exec, where there is but one thread and system calls alone may be made.
 * Returns in a new process, which is to become the program, and dies with the keeper. The calling one stays
 * until that has ended, however it ends; then, or when heapgate itself is gone, it kills all that is left,
 * waits for the last of them, and says in the log how the program ended.
 *
 * Where the program is traced, a process that is just becoming another program is not killed before it has
 * books, if it gets them within two seconds. */
void keeper_stand_between(KeeperLog *log);

/* What a keeper guards becomes this process's child when the keeper itself is killed; from now on, and until
 * this process ends. */
void keeper_inherit(void);
/* Kills what has become this process's child that way, and what it started, until there is none, and waits
 * for it. keepers: pid_t: those that live, which stay; NULL: none. own_group: the process group of other
 * children that this process started itself, which stay; 0: there are none. No other thread may start a
 * keeper meanwhile. */
void keeper_kill_orphans(const GArray *keepers, pid_t own_group);

#endif
