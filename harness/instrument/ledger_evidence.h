/* The evidence of a launch that asked for a ledger_socket: what run/ gathered of the processes that keep
 * ledgers. */
#ifndef HEAPGATE_INSTRUMENT_LEDGER_EVIDENCE_H
#define HEAPGATE_INSTRUMENT_LEDGER_EVIDENCE_H

#include "formats/ledger/ledger.h"

/* A process that ran and of which there are no books. */
typedef struct {
    char *path;   /* of its program */
    char *reason; /* one sentence's end */
} UnseenProgram;

typedef struct {
    GPtrArray *ledgers;      /* Ledger, in the order in which they came */
    const GArray *samples;   /* LedgerSample: all processes together; NULL: none */
    const GPtrArray *unseen; /* UnseenProgram: started, and no ledger came of them; NULL: none */
    const char *problem;     /* NULL, or why one of the ledgers cannot be read */
} LedgerEvidence;

#endif
