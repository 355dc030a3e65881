/* What the heap instrument and `heapgate exec` share. */
#ifndef HEAPGATE_INSTRUMENT_HEAP_H
#define HEAPGATE_INSTRUMENT_HEAP_H

#include "formats/ledger.h"
#include "measure/measurement.h"

/* libheapgate.so: beside the running program, or where `make install` puts it; (transfer full).
 * Errors: HEAPGATE_ERROR_BROKEN. */
char *heap_library(GError **error);

/* A program that was started and of which no hello came. */
typedef struct {
    char *path;
    char *reason;     /* as of heap_blind_reason */
    gboolean certain; /* its file says so; otherwise it may have been killed before it could say hello */
} UnseenProgram;

/* Why the tracer saw nothing of this program: static, set-uid, ...; one sentence's end, (transfer full).
 * certain: whether its file says so; may be NULL. */
char *heap_blind_reason(const char *program, gboolean *certain);
/* The same for a ledger that was received, or NULL where it saw the program well; (transfer full). */
char *heap_ledger_reason(const Ledger *ledger);

/* TRUE for heapgate's own helper in a shell script, `heapgate mark`, which is traced like every other
 * process. */
gboolean heap_is_helper(const Ledger *ledger);

#endif
