#include "books.h"
#include "end_mark.h"
#include "thread.h"
#include "window.h"

_Static_assert(LEDGER_CHUNK_SIZE == UINT64_C(1) << LEDGER_CHUNK_SHIFT,
               "the shadow is as large as what it shadows");
_Static_assert(offsetof(LedgerHeader, live_bytes) % 16 == 0, "live and peak are one word");
_Static_assert(offsetof(LedgerHeader, peak_bytes) == offsetof(LedgerHeader, live_bytes) + 8, "live and peak");
_Static_assert(offsetof(LedgerSite, peak_number) % 16 == 0, "number and bytes are one word");
_Static_assert(offsetof(LedgerSite, peak_bytes) == offsetof(LedgerSite, peak_number) + 8, "number and bytes");
_Static_assert(sizeof(LedgerSite) == 128 && offsetof(LedgerSite, peak_bytes) == 56,
               "one cache line for an event");
_Static_assert(offsetof(LedgerRecord, birth) == offsetof(LedgerRecord, site) + 4,
               "site and birth are one word");

static uint8_t *touched;     /* a byte for each page of each chunk */
static uint32_t spare_chunk; /* claimed, but somebody was faster */

bool books_open(void)
{
    size_t size = (size_t)LEDGER_CHUNKS * BOOKS_CHUNK_PAGES;
    if (touched != NULL)
        guest_unmap(touched, size);
    touched = guest_map(size);
    spare_chunk = 0;
    return touched != NULL;
}

const uint8_t *books_touched(uint32_t chunk)
{
    return touched + (size_t)chunk * BOOKS_CHUNK_PAGES;
}

static uint32_t *index_of(LedgerHeader *header, uintptr_t address)
{
    return (uint32_t *)guest_section(header, LEDGER_INDEX_AT) + (address >> LEDGER_CHUNK_SHIFT);
}

static LedgerRecord *record_in(LedgerHeader *header, uint32_t entry, uintptr_t address)
{
    uint64_t offset = (uint64_t)(entry - 1) << LEDGER_CHUNK_SHIFT;
    uint64_t within = address & ((UINT64_C(1) << LEDGER_CHUNK_SHIFT) - 1) & ~UINT64_C(15);
    return guest_section(header, LEDGER_SHADOW_AT + offset + within);
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
    return LIKELY(entry != 0) ? record_in(header, entry, address) : NULL;
}

/* The record of a new block; NULL: there is no room for one. */
static LedgerRecord *record_make(LedgerHeader *header, uintptr_t address)
{
    if (UNLIKELY(address >> LEDGER_ADDRESS_BITS != 0)) {
        atomic_add(&header->outside, 1, true);
        return NULL;
    }
    uint32_t entry = __atomic_load_n(index_of(header, address), __ATOMIC_ACQUIRE);
    if (UNLIKELY(entry == 0) && (entry = chunk_make(header, address)) == 0)
        return NULL;
    size_t page = (address >> 12) & (BOOKS_CHUNK_PAGES - 1);
    __atomic_store_n(&touched[(size_t)(entry - 1) * BOOKS_CHUNK_PAGES + page], 1, __ATOMIC_RELEASE);
    return record_in(header, entry, address);
}

bool books_may_know(LedgerHeader *header, const void *block)
{
    uintptr_t address = (uintptr_t)block;
    if (UNLIKELY(address >> LEDGER_ADDRESS_BITS != 0))
        return false;
    uint32_t entry = __atomic_load_n(index_of(header, address), __ATOMIC_ACQUIRE);
    size_t page = (address >> 12) & (BOOKS_CHUNK_PAGES - 1);
    const LedgerRecord *record;
    if (entry == 0 || __atomic_load_n(&books_touched(entry - 1)[page], __ATOMIC_RELAXED) == 0)
        return false;
    record = record_in(header, entry, address);
    return record->site != 0;
}

/* Size first: a record is there as soon as it has a site. */
static void record_put(LedgerRecord *record, uint64_t size, uint32_t site, uint32_t birth)
{
    __atomic_store_n(&record->size, size, __ATOMIC_RELAXED);
    __atomic_store_n(books_word(record), site | (uint64_t)birth << 32, __ATOMIC_RELEASE);
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

static inline void site_enter(LedgerHeader *header, uint32_t id, uint64_t size, bool shared)
{
    LedgerSite *site = &guest_sites(header)[id];
    site_save(header, site, shared);
    if (UNLIKELY(guest_desk->window != 0))
        window_site(header, site, shared);
    atomic_add(&site->live_bytes, (int64_t)size, shared);
    atomic_add(&site->live_blocks, 1, shared);
    atomic_add(&site->total_bytes, (int64_t)size, shared);
    atomic_add(&site->total_blocks, 1, shared);
}

static inline void site_leave(LedgerHeader *header, const BooksTaken *taken, bool shared)
{
    LedgerSite *site = &guest_sites(header)[taken->site & ~LEDGER_COUNTED];
    site_save(header, site, shared);
    if (UNLIKELY(guest_desk->window != 0))
        window_site(header, site, shared);
    atomic_add(&site->live_bytes, -(int64_t)taken->size, shared);
    atomic_add(&site->live_blocks, -1, shared);
    if (taken->temporary)
        atomic_add(&site->temporary_blocks, 1, shared);
}

/* A block lies here that was never seen to be given back, and yet its address is given out again. */
__attribute__((noinline, cold)) static void block_lost(LedgerHeader *header, LedgerRecord *record)
{
    uint64_t word = __atomic_exchange_n(books_word(record), 0, __ATOMIC_ACQ_REL);
    BooksTaken taken = {record, record->size, (uint32_t)word, (uint32_t)(word >> 32), false};
    atomic_add(&header->unseen_frees, 1, true);
    books_leave(header, &taken);
}

void books_enter(LedgerHeader *header, const void *block, uint64_t size, uint32_t site)
{
    bool shared = guest_shared();
    LedgerRecord *record = record_make(header, (uintptr_t)block);
    if (UNLIKELY(record == NULL))
        return;
    if (UNLIKELY(record->site != 0))
        block_lost(header, record);
    site_enter(header, site, size, shared);
    total_add(header, (int64_t)size, shared);
    record_put(record, size, site, __atomic_load_n(&header->marks, __ATOMIC_RELAXED));
    thread_self.latest = (uintptr_t)block;
}

BooksTaken books_take(LedgerHeader *header, const void *block)
{
    LedgerRecord *record = record_find(header, (uintptr_t)block);
    uint64_t word = record != NULL ? __atomic_load_n(books_word(record), __ATOMIC_RELAXED) : 0;
    uintptr_t latest = thread_self.latest;
    thread_self.latest = 0;
    if (UNLIKELY((uint32_t)word == 0)) {
        atomic_add(&header->unknown_frees, 1, guest_shared());
        return (BooksTaken){0};
    }
    BooksTaken taken = {record, record->size, 0, (uint32_t)(word >> 32), latest == (uintptr_t)block};
    if (UNLIKELY(__atomic_load_n(&guest_desk->counting, __ATOMIC_ACQUIRE)))
        word = end_mark_take(header, record);
    else
        __atomic_store_n(books_word(record), 0, __ATOMIC_RELEASE);
    taken.site = (uint32_t)word;
    return taken;
}

void books_leave(LedgerHeader *header, const BooksTaken *taken)
{
    if (taken->at == NULL)
        return;
    bool shared = guest_shared();
    site_leave(header, taken, shared);
    total_add(header, -(int64_t)taken->size, shared);
}

void books_return(const BooksTaken *taken)
{
    if (taken->at == NULL)
        return;
    uint32_t site = guest_desk->counting ? taken->site : taken->site & ~LEDGER_COUNTED;
    record_put(taken->at, taken->size, site, taken->birth);
}

void books_replace(LedgerHeader *header, const BooksTaken *taken, const void *block, uint64_t size,
                   uint32_t site)
{
    bool shared = guest_shared();
    uint64_t before = 0;
    if (taken->at != NULL) {
        site_leave(header, taken, shared);
        before = taken->size;
    }
    LedgerRecord *record = record_make(header, (uintptr_t)block);
    if (UNLIKELY(record == NULL)) {
        total_add(header, -(int64_t)before, shared);
        return;
    }
    if (UNLIKELY(record->site != 0))
        block_lost(header, record);
    site_enter(header, site, size, shared);
    total_add(header, (int64_t)size - (int64_t)before, shared);
    record_put(record, size, site, __atomic_load_n(&header->marks, __ATOMIC_RELAXED));
    thread_self.latest = (uintptr_t)block;
}
