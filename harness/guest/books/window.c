#include "window.h"

_Static_assert(offsetof(LedgerHeader, window_live_bytes) % 16 == 0 &&
                   offsetof(LedgerHeader, window_peak_bytes) == offsetof(LedgerHeader, window_live_bytes) + 8,
               "live and peak are one word");
_Static_assert(offsetof(LedgerSite, window_number) % 16 == 0 &&
                   offsetof(LedgerSite, window_bytes) == offsetof(LedgerSite, window_number) + 8,
               "number and bytes are one word");

static inline AtomicPair *window_pair(LedgerHeader *header)
{
    return (AtomicPair *)(void *)&header->window_live_bytes;
}

static uint64_t number_now(LedgerHeader *header)
{
    uint64_t peak = __atomic_load_n((uint64_t *)(void *)&header->window_peak_bytes, __ATOMIC_ACQUIRE);
    return (uint64_t)__atomic_load_n(&header->windows, __ATOMIC_ACQUIRE) << 48 | peak;
}

/* The pair is read before the number: were it saved meanwhile for a newer peak, the swap fails. */
void window_site(LedgerHeader *header, LedgerSite *site, bool shared)
{
    AtomicPair *at = (AtomicPair *)(void *)&site->window_number, old = atomic_pair_peek(at), new;
    do {
        new.low = number_now(header);
        if (old.low == new.low)
            return;
        new.high = (uint64_t)__atomic_load_n(&site->live_bytes, __ATOMIC_RELAXED);
    } while (!atomic_pair_swap(at, &old, new, shared));
}

void window_total(LedgerHeader *header, int64_t bytes, bool shared)
{
    AtomicPair *at = window_pair(header), old = atomic_pair_peek(at), new;
    do {
        new.low = old.low + (uint64_t)bytes;
        new.high = (int64_t) new.low > (int64_t)old.high ? new.low : old.high;
    } while (!atomic_pair_swap(at, &old, new, shared));
}

/* Sites that were not touched since the peak hold what they held then; from now on they will be touched
 * without being saved. */
static void close_window(LedgerHeader *header)
{
    __atomic_store_n(&guest_desk->window, 0, __ATOMIC_SEQ_CST);
    uint32_t sites = __atomic_load_n(&header->sites, __ATOMIC_ACQUIRE);
    for (uint32_t i = 1; i < sites && i < LEDGER_SITES; i++)
        window_site(header, &guest_sites(header)[i], guest_shared());
    __atomic_store_n(&header->window, 0, __ATOMIC_RELEASE);
}

/* An event between the two stores below may see the new number with the old peak: of the window it is no
 * part. */
static uint32_t open_window(LedgerHeader *header)
{
    AtomicPair *at = window_pair(header), old = atomic_pair_peek(at);
    uint32_t number = __atomic_add_fetch(&header->windows, 1, __ATOMIC_ACQ_REL);
    while (!atomic_pair_swap(at, &old, (AtomicPair){0, 0}, guest_shared()))
        continue;
    __atomic_store_n(&header->window, number, __ATOMIC_RELEASE);
    __atomic_store_n(&guest_desk->window, number, __ATOMIC_SEQ_CST);
    return number;
}

const LedgerHeader *heapgate_tracer_ledger(void)
{
    return guest_ledger();
}

uint32_t heapgate_tracer_window(int open)
{
    LedgerHeader *header = guest_ledger();
    if (header == NULL)
        return 0;
    if (guest_desk->window != 0)
        close_window(header);
    return open != 0 ? open_window(header) : 0;
}
