/* What the programs of a run said that they start, held against the programs that said they were started.
 * What nobody answered was not seen: a static or set-uid program, or one that could not load the tracer or
 * reach the harness. */
#ifndef HEAPGATE_RUN_STARTS_H
#define HEAPGATE_RUN_STARTS_H

#include <glib.h>

#include "guest/roll.h"

typedef struct Starts Starts;

Starts *starts_new(void);
void starts_free(Starts *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Starts, starts_free)

/* A program runs, or said why it has no books, that was told it was this entry. file and image: which it is;
 * NULL: it did not say. */
void starts_answer(Starts *self, guint64 family, guint32 entry, const RollFile *file, const RollFile *image);
/* What a family entered, as it stays; path ends in NUL. */
void starts_add(Starts *self, guint64 family, guint32 number, const RollEntry *entry);
/* So many processes found no room in a roll. */
void starts_add_lost(Starts *self, guint64 count);
/* This process has begun a ledger. */
void starts_begun(Starts *self, guint32 pid, guint64 started_ns);
/* This process was killed from outside and had books then: what it entered after it had begun them never ran.
 */
void starts_add_killed(Starts *self, guint32 pid);
/* An entry that may still be answered or taken back: looks at its file now, as it may be gone later. */
void starts_peek(Starts *self, guint64 family, guint32 number, const RollEntry *entry);

/* Did this process, known by its ledger and its own word, become another program? */
gboolean starts_became_another(const Starts *self, guint64 family, guint32 ledger, guint32 pid);
/* Is this entry such a one, added and answered? Then the ledger of the process, and its own process id. */
gboolean starts_is_exec(const Starts *self, guint64 family, guint32 entry, guint32 *ledger, guint32 *pid);

/* Once everything was added, (transfer none): UnseenProgram (instrument/ledger_evidence.h), one for each
 * process, in the order of their paths. */
const GPtrArray *starts_missing(Starts *self);

#endif
