/* Every block that is there at the mark is counted once, though other threads go on: whoever counts a record
 * sets its COUNTED bit by compare and swap, and whoever frees a block meanwhile takes the record out by
 * exchange and so learns whether it was counted. Blocks of later birth are not looked at. */
#include "books.h"
#include "end_mark.h"
#include "mapped.h"

enum { SLOTS_SHIFT = 25 };
_Static_assert((1 << SLOTS_SHIFT) >= 2 * LEDGER_END_RECORDS, "a place is always found");

/* Indices of end records + 1, by a hash of site and birth; kept once made, as a late thread may still look.
 */
static uint32_t *slots;

static LedgerEndRecord *end_records(LedgerHeader *header)
{
    return guest_section(header, LEDGER_END_AT);
}

static LedgerEndRecord *end_record_make(LedgerHeader *header, uint32_t site, uint32_t birth, uint32_t *index)
{
    uint32_t used = __atomic_load_n(&header->end_records, __ATOMIC_RELAXED);
    do {
        if (used >= LEDGER_END_RECORDS) {
            atomic_add(&header->full_end_records, 1, true);
            return NULL;
        }
    } while (!__atomic_compare_exchange_n(&header->end_records, &used, used + 1, true, __ATOMIC_ACQ_REL,
                                          __ATOMIC_RELAXED));
    *index = used;
    LedgerEndRecord *record = &end_records(header)[used];
    *record = (LedgerEndRecord){.site = site, .birth = birth};
    return record;
}

static LedgerEndRecord *end_record_of(LedgerHeader *header, uint32_t site, uint32_t birth)
{
    uint64_t hash = ((uint64_t)birth << 32 | site) * UINT64_C(0x9e3779b97f4a7c15) >> (64 - SLOTS_SHIFT);
    for (;; hash = (hash + 1) & ((1 << SLOTS_SHIFT) - 1)) {
        uint32_t index = __atomic_load_n(&slots[hash], __ATOMIC_ACQUIRE);
        if (index == 0) {
            uint32_t fresh = 0;
            LedgerEndRecord *made = end_record_make(header, site, birth, &fresh);
            if (made == NULL || __atomic_compare_exchange_n(&slots[hash], &index, fresh + 1, false,
                                                            __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
                return made;
            /* Somebody was faster: a record of nothing is left behind. */
        }
        LedgerEndRecord *record = &end_records(header)[index - 1];
        if (record->site == site && record->birth == birth)
            return record;
    }
}

void end_mark_add(LedgerHeader *header, uint32_t site, uint32_t birth, int64_t bytes, int64_t blocks)
{
    LedgerEndRecord *sum = end_record_of(header, site, birth);
    if (sum == NULL)
        return;
    atomic_add(&sum->bytes, bytes, guest_shared());
    atomic_add(&sum->blocks, blocks, guest_shared());
}

static void end_record_add(LedgerHeader *header, LedgerRecord record, uint64_t size)
{
    if (ledger_record_site(record) != LEDGER_OWN_SITE)
        end_mark_add(header, ledger_record_site(record), ledger_record_birth(record),
                     (int64_t)ledger_weight(size, sample_mean), 1);
}

static bool record_is_to_count(LedgerRecord record, uint32_t number)
{
    return ledger_record_site(record) != 0 && (record & LEDGER_COUNTED) == 0 &&
           ledger_record_birth(record) < number;
}

LedgerRecord end_mark_take(LedgerHeader *header, LedgerRecord *at)
{
    LedgerRecord record = __atomic_exchange_n(at, 0, __ATOMIC_ACQ_REL);
    uint32_t number = __atomic_load_n(&guest_desk->counting, __ATOMIC_ACQUIRE);
    bool mark_is_set = __atomic_load_n(&header->marks, __ATOMIC_ACQUIRE) >= number;
    if (mark_is_set && record_is_to_count(record, number)) {
        end_record_add(header, record, ledger_record_size(at, record));
        record |= LEDGER_COUNTED;
    }
    return record;
}

/* A long size is read before the record is claimed: one that was taken out and put back in between by another
 * block has a later birth. */
static void count_record(LedgerHeader *header, LedgerRecord *at, uint32_t number)
{
    LedgerRecord record = __atomic_load_n(at, __ATOMIC_ACQUIRE);
    if (!record_is_to_count(record, number))
        return;
    uint64_t size = ledger_record_size(at, record);
    if (!guest_shared() || __atomic_compare_exchange_n(at, &record, record | LEDGER_COUNTED, false,
                                                       __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
        end_record_add(header, record, size);
}

static void uncount_record(LedgerHeader *header, LedgerRecord *at, uint32_t number)
{
    (void)header, (void)number;
    LedgerRecord record = __atomic_load_n(at, __ATOMIC_ACQUIRE);
    while ((record & LEDGER_COUNTED) != 0 && ledger_record_site(record) != 0 &&
           !__atomic_compare_exchange_n(at, &record, record & ~LEDGER_COUNTED, false, __ATOMIC_ACQ_REL,
                                        __ATOMIC_ACQUIRE))
        continue;
}

/* Every record of every part that was ever written. */
static void each_record(LedgerHeader *header, void (*visit)(LedgerHeader *, LedgerRecord *, uint32_t),
                        uint32_t number)
{
    LedgerRecord *records = guest_section(header, LEDGER_SHADOW_AT);
    uint32_t chunks = __atomic_load_n(&header->chunks, __ATOMIC_ACQUIRE);
    for (uint32_t chunk = 0; chunk < chunks; chunk++)
        for (unsigned part = 0; part < BOOKS_CHUNK_PARTS; part++) {
            if (!__atomic_load_n(&books_touched(chunk)[part], __ATOMIC_ACQUIRE))
                continue;
            LedgerRecord *first = &records[chunk * LEDGER_CHUNK_RECORDS + part * BOOKS_PART_RECORDS];
            for (unsigned i = 0; i < BOOKS_PART_RECORDS; i++)
                visit(header, &first[i], number);
        }
}

/* Made once; emptied for each further mark. A thread that was late for the mark before then finds nothing. */
static bool slots_open(void)
{
    size_t size = sizeof *slots << SLOTS_SHIFT;
    if (slots != NULL)
        guest_empty(slots, size);
    else
        slots = guest_map(size);
    return slots != NULL;
}

bool end_mark_begin(LedgerHeader *header)
{
    if (__atomic_exchange_n(&guest_desk->end_busy, 1, __ATOMIC_ACQ_REL) != 0)
        return false;
    __atomic_store_n(&header->end_mark, 0, __ATOMIC_RELEASE);
    __atomic_store_n(&header->end_records, 0, __ATOMIC_RELEASE);
    if (slots_open())
        return true;
    atomic_add(&header->full_end_records, 1, true);
    __atomic_store_n(&guest_desk->end_busy, 0, __ATOMIC_RELEASE);
    return false;
}

void end_mark_expect(uint32_t number)
{
    if (guest_shared())
        __atomic_store_n(&guest_desk->counting, number, __ATOMIC_SEQ_CST);
}

static void end_sum(LedgerHeader *header)
{
    int64_t bytes[2] = {0, 0}, blocks[2] = {0, 0};
    for (uint32_t i = 0; i < header->end_records; i++) {
        const LedgerEndRecord *record = &end_records(header)[i];
        bool is_mapped = guest_sites(header)[record->site].kind == LEDGER_SITE_MAPPED;
        bytes[is_mapped] += record->bytes;
        blocks[is_mapped] += record->blocks;
    }
    header->end_live_bytes = bytes[LEDGER_SITE_HEAP];
    header->end_live_blocks = blocks[LEDGER_SITE_HEAP];
    header->end_mapped_bytes = bytes[LEDGER_SITE_MAPPED];
    header->end_mappings = blocks[LEDGER_SITE_MAPPED];
}

void end_mark_count(LedgerHeader *header, uint32_t number)
{
    if (number != 0) {
        each_record(header, count_record, number);
        mapped_count(header, number);
    }
    /* From here on nobody adds; only then may the bits go. */
    if (__atomic_exchange_n(&guest_desk->counting, 0, __ATOMIC_SEQ_CST) != 0)
        each_record(header, uncount_record, number);
    mapped_uncount(header);
    end_sum(header);
    __atomic_store_n(&header->end_mark, number, __ATOMIC_RELEASE);
    __atomic_store_n(&guest_desk->end_busy, 0, __ATOMIC_RELEASE);
}
