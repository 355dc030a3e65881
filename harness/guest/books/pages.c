#include "pages.h"

#include <string.h>

static uint32_t spare_table; /* claimed, but somebody was faster */

/* The parts of the directory that were written to: looking at the others would make pages of the file. */
static uint8_t touched[LEDGER_PAGE_GIB / LEDGER_PAGE_WORDS];

void pages_open(void)
{
    spare_table = 0;
    memset(touched, 0, sizeof touched);
}

static LedgerPage *table_at(LedgerHeader *header, LedgerPage word)
{
    return (LedgerPage *)guest_section(header, LEDGER_PAGE_TABLES_AT) +
           (size_t)((uint32_t)word - 1) * LEDGER_PAGE_WORDS;
}

static uint8_t *level_of(LedgerHeader *header, uint32_t table)
{
    return (uint8_t *)guest_section(header, LEDGER_PAGE_LEVELS_AT) + (table - 1);
}

static unsigned shift_of(unsigned level)
{
    return 30 - LEDGER_PAGE_STEP * level;
}

static bool is_table(LedgerPage word)
{
    return LEDGER_PAGE_STATE(word) == LEDGER_PAGE_TABLE;
}

/* Its number from 1; 0: there is none left. */
static uint32_t table_claim(LedgerHeader *header)
{
    uint32_t spare = __atomic_exchange_n(&spare_table, 0, __ATOMIC_ACQ_REL);
    if (spare != 0)
        return spare;
    uint32_t used = __atomic_load_n(&header->page_tables, __ATOMIC_RELAXED);
    do {
        if (used >= LEDGER_PAGE_TABLES)
            return 0;
    } while (!__atomic_compare_exchange_n(&header->page_tables, &used, used + 1, true, __ATOMIC_ACQ_REL,
                                          __ATOMIC_RELAXED));
    return used + 1;
}

/* Replaces a word by a table of what it says. level: the word's. Returns what stands there now; 0: there is
 * no table left. */
static LedgerPage split(LedgerHeader *header, LedgerPage *at, LedgerPage seen, unsigned level)
{
    uint32_t table = table_claim(header);
    if (table == 0) {
        atomic_add(&header->full_pages, 1, true);
        return 0;
    }
    LedgerPage word = ledger_page(LEDGER_PAGE_TABLE, 0, 0) | table, *words = table_at(header, word);
    do {
        if (is_table(seen)) {
            __atomic_store_n(&spare_table, table, __ATOMIC_RELEASE);
            return seen;
        }
        for (unsigned i = 0; i < LEDGER_PAGE_WORDS; i++)
            words[i] = i == 0 ? seen : seen & ~(LEDGER_PAGE_FIRST | LEDGER_PAGE_SLAB);
    } while (!__atomic_compare_exchange_n(at, &seen, word, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
    __atomic_store_n(level_of(header, table), (uint8_t)(level + 1), __ATOMIC_RELEASE);
    return word;
}

/* Changes a word as a whole; false: it is a table. */
static bool change(PagesWalk *walk, LedgerPage *at, uintptr_t address, unsigned level)
{
    LedgerPage now = __atomic_load_n(at, __ATOMIC_ACQUIRE), next;
    do {
        if (is_table(now))
            return false;
        next = walk->next(walk, now);
        if (next == now)
            return true;
    } while (!__atomic_compare_exchange_n(at, &now, next, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
    if (walk->done != NULL)
        walk->done(walk, now, next, address, ledger_page_bytes(level));
    return true;
}

/* The table behind a word of which a part is to change, made if need be; NULL: nothing is to change, or there
 * is no table left. */
static LedgerPage *table_for(PagesWalk *walk, LedgerPage *at, unsigned level)
{
    LedgerPage now = __atomic_load_n(at, __ATOMIC_ACQUIRE);
    if (!is_table(now)) {
        if ((now == 0 && !walk->makes) || walk->next(walk, now) == now)
            return NULL;
        now = split(walk->header, at, now, level);
    }
    return now != 0 ? table_at(walk->header, now) : NULL;
}

/* words: those of this level, of which the first is that of address 0 or of the table's begin. */
static void walk_level(PagesWalk *walk, LedgerPage *words, unsigned level, uintptr_t start, uintptr_t end)
{
    uint64_t unit = ledger_page_bytes(level);
    for (uintptr_t at = start, next; at < end; at = next) {
        uintptr_t begin = at & ~(unit - 1), index = at >> shift_of(level);
        next = end - begin < unit ? end : begin + unit;
        LedgerPage *word = &words[level == 0 ? index : index & (LEDGER_PAGE_WORDS - 1)], *table;
        if (next - at == unit && change(walk, word, at, level))
            continue;
        if ((table = table_for(walk, word, level)) != NULL)
            walk_level(walk, table, level + 1, at, next);
    }
}

static bool is_touched(uintptr_t at)
{
    return __atomic_load_n(&touched[(at >> shift_of(0)) / LEDGER_PAGE_WORDS], __ATOMIC_ACQUIRE) != 0;
}

void pages_walk(PagesWalk *walk, uintptr_t start, uintptr_t end)
{
    const uint64_t part = ledger_page_bytes(0) * LEDGER_PAGE_WORDS;
    for (uintptr_t at = start, next; at < end; at = next) {
        uintptr_t begin = at & ~(part - 1);
        next = end - begin < part ? end : begin + part;
        if (walk->makes)
            __atomic_store_n(&touched[begin / part], 1, __ATOMIC_RELEASE);
        if (is_touched(at))
            walk_level(walk, guest_section(walk->header, LEDGER_PAGES_AT), 0, at, next);
    }
}

LedgerPage pages_at(LedgerHeader *header, uintptr_t at)
{
    if (at >> LEDGER_ADDRESS_BITS != 0 || !is_touched(at))
        return 0;
    LedgerPage word =
        __atomic_load_n((LedgerPage *)guest_section(header, LEDGER_PAGES_AT) + (at >> 30), __ATOMIC_ACQUIRE);
    for (unsigned level = 1; level < LEDGER_PAGE_LEVELS && is_table(word); level++)
        word = __atomic_load_n(&table_at(header, word)[at >> shift_of(level) & (LEDGER_PAGE_WORDS - 1)],
                               __ATOMIC_ACQUIRE);
    return is_table(word) ? 0 : word;
}
