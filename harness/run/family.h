/* The processes of one family as the collector sees them: the file that holds their ledgers and their roll
 * (guest/roll.h), and who of them still runs.
 *
 * Processes that begin are found by looking: no message says so. That nobody has the file mapped any more is
 * asked of the kernel, which refuses to seal a file against writing as long as somebody may write. */
#ifndef HEAPGATE_RUN_FAMILY_H
#define HEAPGATE_RUN_FAMILY_H

#include "formats/ledger/ledger.h"
#include "starts.h"

/* One process that has a ledger. */
typedef struct {
    guint32 number;
    gboolean forked;
    gint64 pid;     /* 0: not known here, as it is of another namespace */
    gint64 own_pid; /* as the process has it */
    guint64 started_ns;
    int pidfd;       /* -1 where there is none: then it is asked for by its number */
    guint slot;      /* for the owner of the family */
    GArray *samples; /* LedgerSample */
    guint stride;
    guint64 ticks;
    gint64 started_ms;
} Member;

/* May be referred to by several threads; all but file and reference counting is the owner's. */
typedef struct Family Family;

/* fd: its file, (transfer full) also where that fails. pid: of the process that sent it. name: for errors.
 * (transfer full). Errors: HEAPGATE_ERROR_FORMAT. */
Family *family_new(int fd, gint64 pid, GError **error);
Family *family_ref(Family *self);
void family_unref(Family *self);

/* What the program said of itself when it began; (transfer none). */
const RollHeader *family_roll(const Family *self);
/* Those that run; (transfer none), of Member. */
GPtrArray *family_members(const Family *self);
/* Looks for processes that have begun: adds them to the members, and calls with each. */
typedef void (*FamilyBegun)(Family *self, Member *member, gpointer user_data);
/* TRUE: there was so much that there may be more. */
gboolean family_look(Family *self, FamilyBegun begun, gpointer user_data);
/* Has this process ended? FALSE where that cannot be known before the family ends. */
gboolean family_has_ended(const Member *member);
/* (transfer full). */
Member *family_remove(Family *self, guint index);
void member_free(Member *self);
/* Can nobody write to the file any more? It stays so. */
gboolean family_is_over(Family *self);

LedgerFile family_file(const Family *self, guint32 number);
/* Gives the memory of a dead process's ledger back. */
void family_give_back(Family *self, guint32 number);

/* Looks at what the family has entered since, while the files are still there. */
void family_peek(Family *self, Starts *starts);
/* Adds all that it entered, once it is over or will not be looked at again. */
void family_add_entries(Family *self, Starts *starts);

#endif
