/* Marks that the program sets (heapgate.h). The harness may set them too: it adds to the same counter. */
#include "end_mark.h"

#include <string.h>

/* Weakly referenced by heapgate.h. name: (transfer none). */
GUEST_EXPORT void heapgate_tracer_mark(const char *name);

/* One thread at a time writes changes; a mark that comes in between leaves them to the next. */
static uint32_t writing;

static bool is_plain(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
}

static uint32_t mark_make(LedgerHeader *header, const char *name)
{
    uint32_t slot = __atomic_load_n(&header->marks, __ATOMIC_RELAXED);
    do {
        if (slot >= LEDGER_MARKS) {
            atomic_add(&header->full_marks, 1, true);
            return 0;
        }
    } while (!__atomic_compare_exchange_n(&header->marks, &slot, slot + 1, true, __ATOMIC_ACQ_REL,
                                          __ATOMIC_RELAXED));
    LedgerMark *mark = (LedgerMark *)guest_section(header, LEDGER_MARKS_AT) + slot;
    mark->time_ns = guest_now_ns();
    mark->live_bytes = __atomic_load_n(&header->live_bytes, __ATOMIC_RELAXED);
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

/* What each call site holds now, where that is not what it held at the mark before. */
static void changes_make(LedgerHeader *header, uint32_t mark)
{
    if (__atomic_exchange_n(&writing, 1, __ATOMIC_ACQ_REL) != 0)
        return;
    uint32_t sites = __atomic_load_n(&header->sites, __ATOMIC_ACQUIRE);
    for (uint32_t i = 1; i < sites; i++) {
        LedgerSite *site = &guest_sites(header)[i];
        int64_t live_bytes = __atomic_load_n(&site->live_bytes, __ATOMIC_RELAXED);
        if (live_bytes != site->marked_bytes && change_make(header, mark, i, live_bytes))
            site->marked_bytes = live_bytes;
    }
    __atomic_store_n(&writing, 0, __ATOMIC_RELEASE);
}

void heapgate_tracer_mark(const char *name)
{
    LedgerHeader *header = name != NULL ? guest_ledger() : NULL;
    uint32_t number = header != NULL ? mark_make(header, name) : 0;
    if (number == 0)
        return;
    changes_make(header, number);
    if (strcmp(name, "end") == 0)
        end_mark_count(header, number);
}
