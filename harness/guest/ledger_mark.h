/* Setting marks in a ledger, for the tracer and for the harness, which may both do so at once: every step is
 * atomic, or under the header's `changing`. The ledger is mapped whole, from `header` on. */
#ifndef HEAPGATE_GUEST_LEDGER_MARK_H
#define HEAPGATE_GUEST_LEDGER_MARK_H

#include <string.h>

#include "ledger.h"

typedef enum { LEDGER_MARK_NAMED, LEDGER_MARK_ITERATION, LEDGER_MARK_END } LedgerMarkKind;

static inline LedgerMarkKind ledger_mark_kind(const char *name)
{
    return strcmp(name, "iteration") == 0 ? LEDGER_MARK_ITERATION
           : strcmp(name, "end") == 0     ? LEDGER_MARK_END
                                          : LEDGER_MARK_NAMED;
}

/* Counts the mark; 0: it needs no record, or there is no room for such a mark. iteration: its number, 0 for
 * other marks. */
static inline int ledger_mark_count(LedgerHeader *header, LedgerMarkKind kind, uint64_t *iteration)
{
    *iteration =
        kind == LEDGER_MARK_ITERATION ? __atomic_add_fetch(&header->iterations, 1, __ATOMIC_RELAXED) : 0;
    int lost = *iteration > LEDGER_ITERATIONS;
    if (kind == LEDGER_MARK_NAMED)
        lost = __atomic_add_fetch(&header->named_marks, 1, __ATOMIC_RELAXED) > LEDGER_NAMED_MARKS;
    if (kind == LEDGER_MARK_ITERATION && lost)
        __atomic_add_fetch(&header->full_marks, 1, __ATOMIC_RELAXED);
    return !lost && (kind != LEDGER_MARK_ITERATION || ledger_iteration_has_record(*iteration));
}

/* Letters, digits, "_", "." and "-" stay, all else becomes "_"; what is longer is cut. */
static inline void ledger_mark_name(LedgerMark *mark, const char *name)
{
    for (size_t i = 0; i < sizeof mark->name && (name[i] != '\0' || i == 0); i++) {
        char c = name[i], lower = (char)(c | 0x20);
        int plain =
            (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
        mark->name[i] = plain ? c : '_';
        if (c == '\0')
            return;
    }
}

/* Sets the mark: from here on blocks are born behind it. 0: there is no room for one; else its number.
 * expect: NULL, or told the number that it is going to have, perhaps more than once. */
static inline uint32_t ledger_mark_set(LedgerHeader *header, const char *name, LedgerMarkKind kind,
                                       uint64_t iteration, uint64_t time_ns, void (*expect)(uint32_t))
{
    const uint32_t room =
        kind == LEDGER_MARK_END ? (uint32_t)LEDGER_MARKS : (uint32_t)LEDGER_MARKS - LEDGER_END_MARKS;
    uint32_t slot = __atomic_load_n(&header->marks, __ATOMIC_RELAXED);
    do {
        if (slot >= room) {
            __atomic_add_fetch(&header->full_marks, 1, __ATOMIC_RELAXED);
            return 0;
        }
        if (expect != NULL)
            expect(slot + 1);
    } while (
        !__atomic_compare_exchange_n(&header->marks, &slot, slot + 1, 0, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
    LedgerMark *mark = (LedgerMark *)((char *)header + LEDGER_MARKS_AT) + slot;
    mark->live_bytes = __atomic_load_n(&header->live_bytes, __ATOMIC_RELAXED);
    mark->time_ns = time_ns;
    mark->iteration = iteration;
    ledger_mark_name(mark, name);
    return slot + 1;
}

static inline int ledger_change_add(LedgerHeader *header, const LedgerChange *change)
{
    uint32_t used = header->changes;
    if (used >= LEDGER_CHANGES) {
        __atomic_add_fetch(&header->full_changes, 1, __ATOMIC_RELAXED);
        return 0;
    }
    ((LedgerChange *)((char *)header + LEDGER_CHANGES_AT))[used] = *change;
    __atomic_store_n(&header->changes, used + 1, __ATOMIC_RELEASE);
    return 1;
}

static inline void ledger_change_site(LedgerHeader *header, uint32_t mark, uint32_t number, LedgerSite *site)
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
        !ledger_change_add(header, &now))
        return;
    site->marked_bytes = now.live_bytes;
    site->marked_blocks = now.live_blocks;
    site->marked_oldest = now.oldest_freed;
}

/* What each call site holds now, where that is not what it held at the mark before. A mark that another
 * thread, or the harness, sets meanwhile leaves its changes to the next. */
static inline void ledger_changes_add(LedgerHeader *header, uint32_t mark)
{
    if (__atomic_exchange_n(&header->changing, 1, __ATOMIC_ACQ_REL) != 0)
        return;
    uint32_t sites = __atomic_load_n(&header->sites, __ATOMIC_ACQUIRE), used = header->changes;
    /* Who set a later mark may have been here first: changes are in the order of marks. */
    if (used > 0 && used <= LEDGER_CHANGES) {
        uint32_t last = ((LedgerChange *)((char *)header + LEDGER_CHANGES_AT))[used - 1].mark;
        mark = last > mark ? last : mark;
    }
    LedgerSite *all = (LedgerSite *)((char *)header + LEDGER_SITES_AT);
    for (uint32_t i = 1; i < sites && i < LEDGER_SITES; i++)
        ledger_change_site(header, mark, i, &all[i]);
    __atomic_store_n(&header->changing, 0, __ATOMIC_RELEASE);
}

#endif
