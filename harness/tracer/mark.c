/* Marks that the program sets (heapgate.h). The harness may set them too: it adds to the same counter. */
#include "audit.h"
#include "bind.h"
#include "end_mark.h"

#include <string.h>

/* Weakly referenced by heapgate.h. name: (transfer none). */
GUEST_EXPORT void heapgate_tracer_mark(const char *name);

static bool is_plain(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
}

/* Sets the mark; 0: there is no room for one. end: it is expected by end_mark. */
static uint32_t mark_make(LedgerHeader *header, const char *name, bool end)
{
    uint32_t slot = __atomic_load_n(&header->marks, __ATOMIC_RELAXED);
    do {
        if (slot >= LEDGER_MARKS) {
            atomic_add(&header->full_marks, 1, true);
            return 0;
        }
        if (end)
            end_mark_expect(slot + 1);
    } while (!__atomic_compare_exchange_n(&header->marks, &slot, slot + 1, false, __ATOMIC_SEQ_CST,
                                          __ATOMIC_RELAXED));
    LedgerMark *mark = (LedgerMark *)guest_section(header, LEDGER_MARKS_AT) + slot;
    mark->live_bytes = __atomic_load_n(&header->live_bytes, __ATOMIC_RELAXED);
    mark->time_ns = guest_now_ns();
    for (size_t i = 0; i < sizeof mark->name - 1 && name[i] != '\0'; i++)
        mark->name[i] = is_plain(name[i]) ? name[i] : '_';
    return slot + 1;
}

static bool change_make(LedgerHeader *header, uint32_t mark, uint32_t site, int64_t live_bytes)
{
    uint32_t used = header->changes;
    if (used >= LEDGER_CHANGES) {
        atomic_add(&header->full_changes, 1, true);
        return false;
    }
    ((LedgerChange *)guest_section(header, LEDGER_CHANGES_AT))[used] = (LedgerChange){mark, site, live_bytes};
    __atomic_store_n(&header->changes, used + 1, __ATOMIC_RELEASE);
    return true;
}

/* What each call site holds now, where that is not what it held at the mark before. A mark that another
 * thread sets meanwhile leaves its changes to the next. */
static void changes_make(LedgerHeader *header, uint32_t mark)
{
    if (__atomic_exchange_n(&guest_desk->mark_busy, 1, __ATOMIC_ACQ_REL) != 0)
        return;
    uint32_t sites = __atomic_load_n(&header->sites, __ATOMIC_ACQUIRE);
    for (uint32_t i = 1; i < sites; i++) {
        LedgerSite *site = &guest_sites(header)[i];
        int64_t live_bytes = __atomic_load_n(&site->live_bytes, __ATOMIC_RELAXED);
        if (live_bytes != site->marked_bytes && change_make(header, mark, i, live_bytes))
            site->marked_bytes = live_bytes;
    }
    __atomic_store_n(&guest_desk->mark_busy, 0, __ATOMIC_RELEASE);
}

void heapgate_tracer_mark(const char *name)
{
    bind_waited();
    LedgerHeader *header = name != NULL ? guest_ledger() : NULL;
    if (header == NULL)
        return;
    bool end = strcmp(name, "end") == 0 && end_mark_begin(header);
    uint32_t number = mark_make(header, name, end);
    if (number != 0)
        changes_make(header, number);
    if (end)
        end_mark_count(header, number);
    if (number != 0)
        audit_mark(header, number, end);
}
