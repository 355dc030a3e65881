/* What the call sites of several ledgers come to together, and which of them are worth a name: a large
 * program has hundreds of thousands, a report shows some dozens. Sums are taken of all. */
#ifndef HEAPGATE_FORMATS_LEDGER_LEDGER_TALLY_H
#define HEAPGATE_FORMATS_LEDGER_LEDGER_TALLY_H

#include "ledger_sites.h"

typedef struct LedgerTally LedgerTally;

/* (transfer full). */
LedgerTally *ledger_tally_new(LedgerNumber number);
void ledger_tally_free(LedgerTally *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LedgerTally, ledger_tally_free)

/* Adds a ledger, which must stay as it is; after the first question none may be added. */
void ledger_tally_add(LedgerTally *self, const Ledger *ledger);
/* The sum over all sites of all ledgers. */
gint64 ledger_tally_whole(const LedgerTally *self);
/* The amount that at most `count` sites exceed; less than any where there are no more sites than these. */
gint64 ledger_tally_rank(LedgerTally *self, guint count);
/* Adds the sites of which all ledgers together have more than `least`. Returns how many others there are; of
 * several ledgers, the others of each. */
guint ledger_tally_name(LedgerTally *self, gint64 least, CallSites *sites);

#endif
