/* What the heap instrument and `heapgate exec` share. */
#ifndef HEAPGATE_INSTRUMENT_HEAP_H
#define HEAPGATE_INSTRUMENT_HEAP_H

#include "ledger_evidence.h"
#include "model/measurement.h"

/* libheapgate.so: beside the running program, or where `make install` puts it; (transfer full).
 * Errors: HEAPGATE_ERROR_BROKEN. */
char *heap_library(GError **error);

/* Why the tracer saw nothing of this program: static, set-uid, ...; one sentence's end, (transfer full).
 * NULL: its file is not there any more. */
char *heap_blind_reason(const char *program);
/* The same of a process that said so itself (LEDGER_OFF_*). */
char *heap_off_reason(guint off_reason);
/* The same for a ledger that was received, or NULL where it saw the program well; (transfer full). */
char *heap_ledger_reason(const Ledger *ledger);

/* Processes of one program of which there are no books, for one reason. */
typedef struct {
    char *program; /* base name, "?" where it is no text */
    char *reason;
    guint processes;
} BlindProgram;
/* All that ran and was not seen, but for the main program: ledgers that say why they are empty, and unseen
 * (UnseenProgram; may be NULL). (transfer full), of BlindProgram, those with most processes first. */
GPtrArray *heap_blind_programs(const GPtrArray *ledgers, const Ledger *main_ledger, const GPtrArray *unseen);

/* TRUE for heapgate's own helper in a shell script, `heapgate mark`, which is traced like every other
 * process. */
gboolean heap_is_helper(const Ledger *ledger);

#endif
