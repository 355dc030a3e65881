/* Reads the ledgers of processes that are gone, in a thread of its own, in the order in which it is asked:
 * nobody waits for a ledger to be read, nor for its memory to be given back. */
#ifndef HEAPGATE_RUN_LEDGER_READER_H
#define HEAPGATE_RUN_LEDGER_READER_H

#include "family.h"

typedef struct LedgerReader LedgerReader;

LedgerReader *ledger_reader_new(void);
void ledger_reader_free(LedgerReader *self); /* NULL is fine */

/* Called with every ledger and its slot, in place of keeping it; one at a time, in a second thread. ledger:
 * (transfer full). Set before the first is read. */
typedef void (*LedgerReaderTake)(Ledger *ledger, guint slot, gpointer user_data);
void ledger_reader_set_take(LedgerReader *self, LedgerReaderTake take, gpointer user_data);

/* Reads a member's ledger into its slot, and gives its memory back. member: (transfer full). */
void ledger_reader_read(LedgerReader *self, Family *family, Member *member);
/* Puts a ledger into its slot that is ready. ledger: (transfer full). */
void ledger_reader_put(LedgerReader *self, Ledger *ledger, guint slot);
/* Lets go of a family once its ledgers are read. family: (transfer full). */
void ledger_reader_release(LedgerReader *self, Family *family);
/* Returns once all that was asked for is done. */
void ledger_reader_wait(LedgerReader *self);
/* The same, and ends the threads; nothing may be asked for any more. */
void ledger_reader_stop(LedgerReader *self);

/* After ledger_reader_stop, (transfer none): Ledger by slot; NULL where it cannot be read. */
GPtrArray *ledger_reader_ledgers(const LedgerReader *self);
/* After ledger_reader_stop, (transfer none): why a ledger could not be read, or NULL. */
const char *ledger_reader_problem(const LedgerReader *self);

#endif
