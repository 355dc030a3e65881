#include "books.h"
#include "end_mark.h"
#include "pool.h"
#include "process/thread.h"
#include "window.h"

_Static_assert(offsetof(LedgerHeader, live_bytes) % 16 == 0, "live and peak are one word");
_Static_assert(offsetof(LedgerHeader, peak_bytes) == offsetof(LedgerHeader, live_bytes) + 8, "live and peak");
_Static_assert(offsetof(LedgerSite, peak_number) % 16 == 0, "number and bytes are one word");
_Static_assert(offsetof(LedgerSite, peak_bytes) == offsetof(LedgerSite, peak_number) + 8, "number and bytes");
_Static_assert(sizeof(LedgerSite) == 128 && offsetof(LedgerSite, peak_bytes) == 56,
               "one cache line for an event");

uint64_t sample_mean;

static uint8_t *touched;     /* a byte for each part of each chunk */
static uint32_t spare_chunk; /* claimed, but somebody was faster */

bool books_open(void)
{
    size_t size = (size_t)LEDGER_CHUNKS * BOOKS_CHUNK_PARTS;
    if (touched != NULL)
        guest_unmap(touched, size);
    touched = guest_map(size);
    spare_chunk = 0;
    return touched != NULL;
}

const uint8_t *books_touched(uint32_t chunk)
{
    return touched + (size_t)chunk * BOOKS_CHUNK_PARTS;
}

static uint32_t *index_of(LedgerHeader *header, uintptr_t address)
{
    return (uint32_t *)guest_section(header, LEDGER_INDEX_AT) + (address >> LEDGER_CHUNK_SHIFT);
}

static size_t granule_of(uintptr_t address)
{
    return address >> LEDGER_GRANULE_SHIFT & (LEDGER_CHUNK_GRANULES - 1);
}

static LedgerRecord *chunk_records(LedgerHeader *header, uint32_t entry)
{
    return guest_section(header, LEDGER_SHADOW_AT + (entry - 1) * LEDGER_CHUNK_SIZE);
}

/* The first block of a chunk's addresses: gives it the next chunk. Returns its index entry, 0: none left. */
__attribute__((noinline, cold)) static uint32_t chunk_make(LedgerHeader *header, uintptr_t address)
{
    uint32_t entry = __atomic_exchange_n(&spare_chunk, 0, __ATOMIC_ACQ_REL);
    if (entry == 0) {
        uint32_t used = __atomic_load_n(&header->chunks, __ATOMIC_RELAXED);
        do {
            if (used >= LEDGER_CHUNKS) {
                atomic_add(&header->full_chunks, 1, true);
                return 0;
            }
        } while (!__atomic_compare_exchange_n(&header->chunks, &used, used + 1, true, __ATOMIC_ACQ_REL,
                                              __ATOMIC_RELAXED));
        entry = used + 1;
    }
    uint64_t *base = (uint64_t *)guest_section(header, LEDGER_CHUNK_BASES_AT) + (entry - 1);
    __atomic_store_n(base, address >> LEDGER_CHUNK_SHIFT, __ATOMIC_RELEASE);
    uint32_t other = 0;
    if (__atomic_compare_exchange_n(index_of(header, address), &other, entry, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_ACQUIRE))
        return entry;
    __atomic_store_n(base, 0, __ATOMIC_RELEASE);
    __atomic_store_n(&spare_chunk, entry, __ATOMIC_RELEASE);
    return other;
}

/* The record of an address that has a chunk; NULL: it never had a block. */
static LedgerRecord *record_find(LedgerHeader *header, uintptr_t address)
{
    if (UNLIKELY(address >> LEDGER_ADDRESS_BITS != 0))
        return NULL;
    uint32_t entry = __atomic_load_n(index_of(header, address), __ATOMIC_ACQUIRE);
    return LIKELY(entry != 0) ? &chunk_records(header, entry)[granule_of(address)] : NULL;
}

/* The first block of a part's addresses. */
__attribute__((noinline, cold)) static void part_touch(LedgerRecord *records, size_t part, uint8_t *seen)
{
    guest_populate(&records[part * BOOKS_PART_RECORDS], BOOKS_PART_RECORDS * sizeof *records);
    __atomic_store_n(seen, 1, __ATOMIC_RELEASE);
}

/* The record of a new block; NULL: there is no room for one. */
static inline LedgerRecord *record_make(LedgerHeader *header, uintptr_t address)
{
    if (UNLIKELY(address >> LEDGER_ADDRESS_BITS != 0)) {
        atomic_add(&header->outside, 1, true);
        return NULL;
    }
    uint32_t entry = __atomic_load_n(index_of(header, address), __ATOMIC_ACQUIRE);
    if (UNLIKELY(entry == 0) && (entry = chunk_make(header, address)) == 0)
        return NULL;
    LedgerRecord *records = chunk_records(header, entry);
    size_t granule = granule_of(address), part = granule / BOOKS_PART_RECORDS;
    uint8_t *seen = &touched[(size_t)(entry - 1) * BOOKS_CHUNK_PARTS + part];
    if (UNLIKELY(!__atomic_load_n(seen, __ATOMIC_RELAXED)))
        part_touch(records, part, seen);
    return &records[granule];
}

bool books_may_know(LedgerHeader *header, const void *block)
{
    uintptr_t address = (uintptr_t)block;
    if (UNLIKELY(address >> LEDGER_ADDRESS_BITS != 0))
        return false;
    uint32_t entry = __atomic_load_n(index_of(header, address), __ATOMIC_ACQUIRE);
    size_t granule = granule_of(address);
    if (entry == 0 ||
        !__atomic_load_n(&books_touched(entry - 1)[granule / BOOKS_PART_RECORDS], __ATOMIC_RELAXED))
        return false;
    return ledger_record_site(__atomic_load_n(&chunk_records(header, entry)[granule], __ATOMIC_RELAXED)) != 0;
}

/* The rest of a long size first: a block is there as soon as its record has a site. */
static void record_put(LedgerRecord *at, LedgerRecord record, uint64_t size)
{
    if (UNLIKELY((record & LEDGER_LONG) != 0))
        __atomic_store_n(&at[1], ledger_record_rest(size), __ATOMIC_RELAXED);
    __atomic_store_n(at, record, __ATOMIC_RELEASE);
}

/* Adds to what is live; growth that passes the peak is the new peak at that very instant. */
static inline void total_add(LedgerHeader *header, int64_t bytes, bool shared)
{
    if (UNLIKELY(guest_desk->window != 0))
        window_total(header, bytes, shared);
    if (bytes <= 0) {
        atomic_add(&header->live_bytes, bytes, shared);
        return;
    }
    AtomicPair *at = (AtomicPair *)(void *)&header->live_bytes, old = atomic_pair_peek(at), new;
    /* Alone, only a signal handler could come in between, and its blocks would be in flight. */
    if (!shared && (int64_t)(old.low + (uint64_t)bytes) <= (int64_t)old.high) {
        atomic_add(&header->live_bytes, bytes, false);
        return;
    }
    do {
        new.low = old.low + (uint64_t)bytes;
        new.high = (int64_t) new.low > (int64_t)old.high ? new.low : old.high;
    } while (UNLIKELY(!atomic_pair_swap(at, &old, new, shared)));
}

/* The O(1) rule: before a site is changed for the first time after a peak, what it held at the peak is saved.
 * The pair is read before the peak's number: were it saved meanwhile for a newer peak, the swap fails. */
static inline void site_save(LedgerHeader *header, LedgerSite *site, bool shared)
{
    AtomicPair *at = (AtomicPair *)(void *)&site->peak_number, old = atomic_pair_peek(at);
    for (;;) {
        uint64_t number = __atomic_load_n(&header->peak_number, __ATOMIC_ACQUIRE);
        if (LIKELY(old.low == number))
            return;
        uint64_t blocks = (uint64_t)__atomic_load_n(&site->live_blocks, __ATOMIC_RELAXED);
        AtomicPair new = {number, (uint64_t)__atomic_load_n(&site->live_bytes, __ATOMIC_RELAXED)};
        if (LIKELY(atomic_pair_swap(at, &old, new, shared))) {
            __atomic_store_n(&site->peak_blocks, blocks < UINT32_MAX ? (uint32_t)blocks : UINT32_MAX,
                             __ATOMIC_RELAXED);
            return;
        }
    }
}

/* Returns by how much that raises the total. */
static inline int64_t site_enter(LedgerHeader *header, uint32_t id, uint64_t size, bool shared)
{
    if (UNLIKELY(id == LEDGER_OWN_SITE)) {
        atomic_add(&header->own_bytes, (int64_t)size, shared);
        return 0;
    }
    LedgerSite *site = &guest_sites(header)[id];
    int64_t weight = (int64_t)ledger_weight(size, sample_mean);
    site_save(header, site, shared);
    if (UNLIKELY(guest_desk->window != 0))
        window_site(header, site, shared);
    atomic_add(&site->live_bytes, weight, shared);
    atomic_add(&site->live_blocks, 1, shared);
    atomic_add(&site->total_bytes, weight, shared);
    atomic_add(&site->total_blocks, 1, shared);
    return weight;
}

/* Returns by how much that lowers the total. */
static inline int64_t site_leave(LedgerHeader *header, const BooksTaken *taken, bool shared)
{
    uint32_t id = ledger_record_site(taken->record);
    if (UNLIKELY(id == LEDGER_OWN_SITE)) {
        atomic_add(&header->own_bytes, -(int64_t)taken->size, shared);
        return 0;
    }
    LedgerSite *site = &guest_sites(header)[id];
    int64_t weight = (int64_t)ledger_weight(taken->size, sample_mean);
    site_save(header, site, shared);
    if (UNLIKELY(guest_desk->window != 0))
        window_site(header, site, shared);
    atomic_add(&site->live_bytes, -weight, shared);
    atomic_add(&site->live_blocks, -1, shared);
    if (taken->temporary)
        atomic_add(&site->temporary_blocks, 1, shared);
    books_age(header, site, ledger_record_birth(taken->record));
    return weight;
}

/* A block lies here that was never seen to be given back, and yet its address is given out again. */
__attribute__((noinline, cold)) static void block_lost(LedgerHeader *header, LedgerRecord *at)
{
    LedgerRecord record = __atomic_exchange_n(at, 0, __ATOMIC_ACQ_REL);
    BooksTaken taken = {at, record, ledger_record_size(at, record), false};
    atomic_add(&header->unseen_frees, 1, true);
    books_leave(header, &taken);
}

/* The place of a new block, which is empty then; NULL: there is none. */
static inline LedgerRecord *block_place(LedgerHeader *header, const void *block)
{
    LedgerRecord *at = record_make(header, (uintptr_t)block);
    if (LIKELY(at != NULL) && UNLIKELY(ledger_record_site(*at) != 0))
        block_lost(header, at);
    return at;
}

/* before: what leaves the total in the same step. */
static inline void enter(LedgerHeader *header, const void *block, LedgerRecord *at, uint64_t size,
                         uint32_t site, int64_t before, bool shared)
{
    total_add(header, site_enter(header, site, size, shared) - before, shared);
    uint32_t birth = __atomic_load_n(&header->marks, __ATOMIC_RELAXED);
    record_put(at, ledger_record(site, birth, size), size);
    thread_self.latest = (uintptr_t)block;
}

void books_enter(LedgerHeader *header, const void *block, uint64_t size, uint32_t site)
{
    LedgerRecord *at = block_place(header, block);
    if (LIKELY(at != NULL))
        enter(header, block, at, size, site, 0, guest_shared());
}

BooksTaken books_take(LedgerHeader *header, const void *block)
{
    LedgerRecord *at = record_find(header, (uintptr_t)block);
    LedgerRecord record = at != NULL ? __atomic_load_n(at, __ATOMIC_RELAXED) : 0;
    uintptr_t latest = thread_self.latest;
    thread_self.latest = 0;
    if (UNLIKELY(ledger_record_site(record) == 0)) {
        if (block != thread_self.deleted && !pool_slab_freed(header, block))
            atomic_add(&header->unknown_frees, 1, guest_shared());
        return (BooksTaken){0};
    }
    if (UNLIKELY(__atomic_load_n(&guest_desk->counting, __ATOMIC_ACQUIRE)))
        record = end_mark_take(header, at);
    else
        __atomic_store_n(at, 0, __ATOMIC_RELEASE);
    return (BooksTaken){at, record, ledger_record_size(at, record), latest == (uintptr_t)block};
}

void books_leave(LedgerHeader *header, const BooksTaken *taken)
{
    if (taken->at == NULL)
        return;
    bool shared = guest_shared();
    total_add(header, -site_leave(header, taken, shared), shared);
}

void books_return(const BooksTaken *taken)
{
    if (taken->at == NULL)
        return;
    LedgerRecord gone = guest_desk->counting ? 0 : LEDGER_COUNTED;
    record_put(taken->at, taken->record & ~gone, taken->size);
}

void books_replace(LedgerHeader *header, const BooksTaken *taken, const void *block, uint64_t size,
                   uint32_t site)
{
    bool shared = guest_shared();
    int64_t before = taken->at != NULL ? site_leave(header, taken, shared) : 0;
    LedgerRecord *at = block_place(header, block);
    if (LIKELY(at != NULL))
        enter(header, block, at, size, site, before, shared);
    else
        total_add(header, -before, shared);
}
