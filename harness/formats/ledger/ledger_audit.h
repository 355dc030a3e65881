/* What the C library gave out and the books do not have. */
#ifndef HEAPGATE_FORMATS_LEDGER_LEDGER_AUDIT_H
#define HEAPGATE_FORMATS_LEDGER_LEDGER_AUDIT_H

#include "ledger.h"

/* How many bytes were certainly taken past the tracer between the first audit (or the program's beginning)
 * and the last, and are still there. All that could explain the difference otherwise is given the benefit of
 * the doubt: what malloc adds to each block, what threads keep in reserve, blocks that are not glibc's. So it
 * is less than the truth, and 0 where nothing is certain or nobody audited. */
gint64 ledger_unseen_bytes(const Ledger *self);
/* The sentence that says so, and what can be the reasons; (transfer full) or NULL: there are none. */
char *ledger_unseen_sentence(const Ledger *self);

#endif
