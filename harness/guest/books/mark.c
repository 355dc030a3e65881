/* Marks that the program sets (heapgate.h). The harness may set them, too, by the same steps. */
#include "audit.h"
#include "malloc/bind.h"
#include "end_mark.h"
#include "ledger_mark.h"

/* Weakly referenced by heapgate.h. name: (transfer none). */
GUEST_EXPORT void heapgate_tracer_mark(const char *name);

void heapgate_tracer_mark(const char *name)
{
    bind_waited();
    LedgerHeader *header = name != NULL ? guest_ledger() : NULL;
    if (header == NULL)
        return;
    uint64_t iteration;
    LedgerMarkKind kind = ledger_mark_kind(name);
    if (!ledger_mark_count(header, kind, &iteration))
        return;
    bool end = kind == LEDGER_MARK_END && end_mark_begin(header);
    uint32_t number =
        ledger_mark_set(header, name, kind, iteration, guest_now_ns(), end ? end_mark_expect : NULL);
    if (number != 0)
        ledger_changes_add(header, number);
    if (end)
        end_mark_count(header, number);
    if (number != 0)
        audit_mark(header, number, end);
}
