/* The blocks and mappings that are there, added up by site and birth. */
#ifndef HEAPGATE_FORMATS_LEDGER_LEDGER_LIVE_H
#define HEAPGATE_FORMATS_LEDGER_LEDGER_LIVE_H

#include "ledger.h"

typedef struct LedgerLive LedgerLive;

/* kept: of LedgerEndRecord, empty; must outlive it and is changed by it alone. sample_bytes: the header's.
 * (transfer full). */
LedgerLive *ledger_live_new(GArray *kept, guint64 sample_bytes);
void ledger_live_free(LedgerLive *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LedgerLive, ledger_live_free)

/* Adds the records of a stretch of the shadow. One more is there than count: the last one's size may go on in
 * it. Returns how many made no sense. */
guint64 ledger_live_add(LedgerLive *self, const LedgerRecord *records, gsize count);

/* Adds a table of pages that the program maps itself, each word for so much as its level says. Returns how
 * many made no sense. */
guint64 ledger_live_add_pages(LedgerLive *self, const LedgerPage *words, gsize count, guint level);

#endif
