/* Marks that the program sets (heapgate.h). The harness may set them too: it adds to the same counter. */
#include "audit.h"
#include "malloc/bind.h"
#include "end_mark.h"

#include <string.h>

/* Weakly referenced by heapgate.h. name: (transfer none). */
GUEST_EXPORT void heapgate_tracer_mark(const char *name);

static bool is_plain(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
}

typedef enum { MARK_NAMED, MARK_ITERATION, MARK_END } MarkKind;

static MarkKind kind_of(const char *name)
{
    return strcmp(name, "iteration") == 0 ? MARK_ITERATION : strcmp(name, "end") == 0 ? MARK_END : MARK_NAMED;
}

/* Counts the mark; false: it needs no record, or there is no room for such a mark. iteration: its number, 0
 * for other marks. */
static bool mark_count(LedgerHeader *header, MarkKind kind, uint64_t *iteration)
{
    *iteration = kind == MARK_ITERATION ? __atomic_add_fetch(&header->iterations, 1, __ATOMIC_RELAXED) : 0;
    bool lost = *iteration > LEDGER_ITERATIONS;
    if (kind == MARK_NAMED)
        lost = __atomic_add_fetch(&header->named_marks, 1, __ATOMIC_RELAXED) > LEDGER_NAMED_MARKS;
    if (kind == MARK_ITERATION && lost)
        atomic_add(&header->full_marks, 1, true);
    return !lost && (kind != MARK_ITERATION || ledger_iteration_has_record(*iteration));
}

/* Sets the mark; 0: there is no room for one. end: it is expected by end_mark. */
static uint32_t mark_make(LedgerHeader *header, const char *name, MarkKind kind, uint64_t iteration, bool end)
{
    uint32_t slot = __atomic_load_n(&header->marks, __ATOMIC_RELAXED);
    do {
        if (slot >= (kind == MARK_END ? LEDGER_MARKS : LEDGER_MARKS - LEDGER_END_MARKS)) {
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
    mark->iteration = iteration;
    for (size_t i = 0; i < sizeof mark->name - 1 && name[i] != '\0'; i++)
        mark->name[i] = is_plain(name[i]) ? name[i] : '_';
    return slot + 1;
}

static bool change_make(LedgerHeader *header, const LedgerChange *change)
{
    uint32_t used = header->changes;
    if (used >= LEDGER_CHANGES) {
        atomic_add(&header->full_changes, 1, true);
        return false;
    }
    ((LedgerChange *)guest_section(header, LEDGER_CHANGES_AT))[used] = *change;
    __atomic_store_n(&header->changes, used + 1, __ATOMIC_RELEASE);
    return true;
}

static void change_site(LedgerHeader *header, uint32_t mark, uint32_t number, LedgerSite *site)
{
    int64_t blocks = __atomic_load_n(&site->live_blocks, __ATOMIC_RELAXED);
    LedgerChange now = {
        .mark = mark,
        .site = number,
        .live_bytes = __atomic_load_n(&site->live_bytes, __ATOMIC_RELAXED),
        .live_blocks = blocks < 0            ? 0
                       : blocks < UINT32_MAX ? (uint32_t)blocks
                                             : UINT32_MAX,
        .oldest_freed = __atomic_load_n(&site->oldest_freed, __ATOMIC_RELAXED),
    };
    if ((now.live_bytes == site->marked_bytes && now.live_blocks == site->marked_blocks &&
         now.oldest_freed == site->marked_oldest) ||
        !change_make(header, &now))
        return;
    site->marked_bytes = now.live_bytes;
    site->marked_blocks = now.live_blocks;
    site->marked_oldest = now.oldest_freed;
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
        change_site(header, mark, i, site);
    }
    __atomic_store_n(&guest_desk->mark_busy, 0, __ATOMIC_RELEASE);
}

void heapgate_tracer_mark(const char *name)
{
    bind_waited();
    LedgerHeader *header = name != NULL ? guest_ledger() : NULL;
    if (header == NULL)
        return;
    uint64_t iteration;
    MarkKind kind = kind_of(name);
    if (!mark_count(header, kind, &iteration))
        return;
    bool end = kind == MARK_END && end_mark_begin(header);
    uint32_t number = mark_make(header, name, kind, iteration, end);
    if (number != 0)
        changes_make(header, number);
    if (end)
        end_mark_count(header, number);
    if (number != 0)
        audit_mark(header, number, end);
}
