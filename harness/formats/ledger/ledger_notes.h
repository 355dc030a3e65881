/* What the tracer could not see, as sentences, and how much that matters. */
#ifndef HEAPGATE_FORMATS_LEDGER_LEDGER_NOTES_H
#define HEAPGATE_FORMATS_LEDGER_LEDGER_NOTES_H

#include "ledger.h"

typedef enum {
    LEDGER_NOTE_DETAIL, /* ordinary runs have it, too: for who asks for more */
    LEDGER_NOTE_PLAIN,
    LEDGER_NOTE_BROKEN, /* figures or call sites are not what they were: nothing can be judged by them */
} LedgerSeverity;

typedef struct {
    LedgerSeverity severity;
    char *text; /* one sentence, without the program's name; of what is broken, it ends in what helps */
} LedgerNote;

/* Elements LedgerNote; what is broken first, then plain ones, then details. (transfer full). */
GPtrArray *ledger_notes(const Ledger *self);

#endif
