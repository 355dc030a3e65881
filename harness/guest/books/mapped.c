#include "mapped.h"

#include "books.h"
#include "end_mark.h"
#include "pages.h"
#include "stack_tree.h"
#include "process/thread.h"

_Static_assert(offsetof(LedgerHeader, mapped_bytes) % 16 == 0 &&
                   offsetof(LedgerHeader, peak_mapped_bytes) == offsetof(LedgerHeader, mapped_bytes) + 8,
               "live and peak are one word");
_Static_assert(LEDGER_SITE_BITS + 29 <= 56, "a page's word has room for a site and a birth");

/* ---- sites and total: the rules of books.c. Always as if there were other threads: mapping is rare. ---- */

static void mapped_site_save(LedgerHeader *header, LedgerSite *site)
{
    AtomicPair *at = (AtomicPair *)(void *)&site->peak_number, old = atomic_pair_peek(at);
    for (;;) {
        uint64_t number = __atomic_load_n(&header->peak_mapped_number, __ATOMIC_ACQUIRE);
        if (old.low == number)
            return;
        uint64_t mappings = (uint64_t)__atomic_load_n(&site->live_blocks, __ATOMIC_RELAXED);
        AtomicPair new = {number, (uint64_t)__atomic_load_n(&site->live_bytes, __ATOMIC_RELAXED)};
        if (atomic_pair_swap(at, &old, new, true)) {
            __atomic_store_n(&site->peak_blocks, mappings < UINT32_MAX ? (uint32_t)mappings : UINT32_MAX,
                             __ATOMIC_RELAXED);
            return;
        }
    }
}

static void mapped_total_add(LedgerHeader *header, int64_t bytes)
{
    AtomicPair *at = (AtomicPair *)(void *)&header->mapped_bytes, old = atomic_pair_peek(at), new;
    do {
        new.low = old.low + (uint64_t)bytes;
        new.high = (int64_t) new.low > (int64_t)old.high ? new.low : old.high;
    } while (!atomic_pair_swap(at, &old, new, true));
}

static void file_add(LedgerHeader *header, int64_t bytes)
{
    int64_t now = __atomic_add_fetch(&header->file_bytes, bytes, __ATOMIC_ACQ_REL);
    int64_t peak = __atomic_load_n(&header->peak_file_bytes, __ATOMIC_RELAXED);
    while (now > peak && !__atomic_compare_exchange_n(&header->peak_file_bytes, &peak, now, true,
                                                      __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
        continue;
}

/* mappings: 1: it is a new one. */
static void mapped_site_enter(LedgerHeader *header, uint32_t id, int64_t bytes, int64_t mappings)
{
    LedgerSite *site = &guest_sites(header)[id];
    mapped_site_save(header, site);
    atomic_add(&site->live_bytes, bytes, true);
    atomic_add(&site->live_blocks, mappings, true);
    atomic_add(&site->total_bytes, bytes, true);
    atomic_add(&site->total_blocks, mappings, true);
    mapped_total_add(header, bytes);
}

static void mapped_site_leave(LedgerHeader *header, uint32_t id, int64_t bytes, int64_t mappings)
{
    LedgerSite *site = &guest_sites(header)[id];
    mapped_site_save(header, site);
    atomic_add(&site->live_bytes, -bytes, true);
    atomic_add(&site->live_blocks, -mappings, true);
    mapped_total_add(header, -bytes);
}

/* The site for what this stack maps; 0: there is no room for one, or it is the tracer's or the heapgate
 * module's own. */
static uint32_t site_of(LedgerHeader *header, const UnwindStart *start)
{
    uint32_t stack = thread_site(header, start);
    if (stack == LEDGER_OWN_SITE)
        return 0;
    LedgerSite *heap = &guest_sites(header)[stack];
    uint32_t site = __atomic_load_n(&heap->mapped_site, __ATOMIC_ACQUIRE);
    if (site != 0)
        return site;
    uint32_t made = atomic_claim(&header->sites, LEDGER_OWN_SITE);
    if (made == 0) {
        atomic_add(&header->full_sites, 1, true);
        return 0;
    }
    guest_sites(header)[made].kind = LEDGER_SITE_MAPPED;
    guest_sites(header)[made].node = heap->node;
    if (__atomic_compare_exchange_n(&heap->mapped_site, &site, made, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_ACQUIRE))
        return made;
    return site; /* a site nobody uses is left behind */
}

/* ---- changes of pages ---- */

/* Neighbours of one site are added up, so that a mapping comes and goes as one. */
typedef struct {
    uint32_t site;
    int64_t bytes, mappings;
} Tally;

typedef struct {
    PagesWalk walk; /* first: it is one */
    LedgerPage fresh;
    LedgerPage first; /* FIRST and perhaps SLAB, as long as no page of the mapping has them */
    bool accessible;
    Tally left, entered;
    MappedTaken *taken;
} Change;

static bool is_held(LedgerPage page)
{
    return LEDGER_PAGE_STATE(page) == LEDGER_PAGE_HELD;
}

static bool is_file(LedgerPage page)
{
    return LEDGER_PAGE_STATE(page) == LEDGER_PAGE_FILE;
}

static void flush(LedgerHeader *header, Tally *tally,
                  void (*book)(LedgerHeader *, uint32_t, int64_t, int64_t))
{
    if (tally->site != 0)
        book(header, tally->site, tally->bytes, tally->mappings);
    *tally = (Tally){0};
}

static void tally_add(LedgerHeader *header, Tally *tally, LedgerPage page, uint64_t bytes,
                      void (*book)(LedgerHeader *, uint32_t, int64_t, int64_t))
{
    if (tally->site != ledger_page_site(page))
        flush(header, tally, book);
    tally->site = ledger_page_site(page);
    tally->bytes += (int64_t)bytes;
    tally->mappings += (page & LEDGER_PAGE_FIRST) != 0;
}

static bool page_is_to_count(LedgerPage page, uint32_t number)
{
    return is_held(page) && (page & LEDGER_PAGE_COUNTED) == 0 && ledger_page_birth(page) < number;
}

static void end_add(LedgerHeader *header, LedgerPage page, uint64_t bytes)
{
    end_mark_add(header, ledger_page_site(page), ledger_page_birth(page), (int64_t)bytes,
                 (page & LEDGER_PAGE_FIRST) != 0);
}

/* A page that leaves while the end mark is being added up. */
static void end_look(LedgerHeader *header, LedgerPage page, uint64_t bytes)
{
    uint32_t number = __atomic_load_n(&guest_desk->counting, __ATOMIC_ACQUIRE);
    if (number != 0 && __atomic_load_n(&header->marks, __ATOMIC_ACQUIRE) >= number &&
        page_is_to_count(page, number))
        end_add(header, page, bytes);
}

static void run_add(MappedTaken *taken, LedgerPage page, uintptr_t at, uint64_t bytes)
{
    unsigned last = taken->count - 1;
    bool goes_on = taken->count > 0 && taken->runs[last].end == at && (page & LEDGER_PAGE_FIRST) == 0 &&
                   ledger_page_plain(taken->runs[last].page) == ledger_page_plain(page);
    if (goes_on || taken->count == MAPPED_RUNS)
        taken->runs[last].end = at + bytes;
    else {
        taken->runs[taken->count].start = at;
        taken->runs[taken->count].end = at + bytes;
        taken->runs[taken->count++].page = page & ~LEDGER_PAGE_COUNTED;
    }
}

static void changed(PagesWalk *walk, LedgerPage before, LedgerPage after, uintptr_t at, uint64_t bytes)
{
    Change *self = (Change *)(void *)walk;
    LedgerHeader *header = walk->header;
    if (before != 0 && self->taken != NULL)
        run_add(self->taken, before, at, bytes);
    if (is_held(before)) {
        end_look(header, before, bytes);
        tally_add(header, &self->left, before, bytes, mapped_site_leave);
        if (!is_held(after))
            books_age(header, &guest_sites(header)[ledger_page_site(before)], ledger_page_birth(before));
    }
    if (is_held(after)) {
        flush(header, &self->left, mapped_site_leave);
        tally_add(header, &self->entered, after, bytes, mapped_site_enter);
        self->first = 0;
    }
    int64_t of_files = (int64_t)is_file(after) - (int64_t)is_file(before);
    if (of_files != 0)
        file_add(header, of_files * (int64_t)bytes);
}

static LedgerPage put_next(const PagesWalk *walk, LedgerPage now)
{
    const Change *self = (const Change *)(const void *)walk;
    (void)now;
    return self->fresh | (is_held(self->fresh) ? self->first : 0);
}

static LedgerPage protect_next(const PagesWalk *walk, LedgerPage now)
{
    const Change *self = (const Change *)(const void *)walk;
    unsigned state = LEDGER_PAGE_STATE(now);
    if (!self->accessible)
        return state == LEDGER_PAGE_HELD ? ledger_page(LEDGER_PAGE_RESERVED, 0, 0) : now;
    return state == LEDGER_PAGE_RESERVED ? self->fresh | self->first : now;
}

static LedgerPage protect_look(const PagesWalk *walk, LedgerPage now)
{
    Change *self = (Change *)(uintptr_t)walk;
    if (LEDGER_PAGE_STATE(now) == LEDGER_PAGE_RESERVED)
        self->first = LEDGER_PAGE_FIRST;
    return now;
}

/* Whole pages; false: none, or beyond what is watched. */
static bool bounds(LedgerHeader *header, const void *at, size_t size, uintptr_t *start, uintptr_t *end)
{
    uintptr_t mask = header->page_size - 1;
    *start = (uintptr_t)at & ~mask;
    if (size == 0 || __builtin_add_overflow((uintptr_t)at, size, end) ||
        __builtin_add_overflow(*end, mask, end))
        return false;
    *end &= ~mask;
    return *end > *start && *end <= UINT64_C(1) << LEDGER_ADDRESS_BITS;
}

static void change_range(Change *self, uintptr_t start, uintptr_t end)
{
    self->walk.done = changed;
    pages_walk(&self->walk, start, end);
    flush(self->walk.header, &self->left, mapped_site_leave);
    flush(self->walk.header, &self->entered, mapped_site_enter);
}

static LedgerPage held_by(LedgerHeader *header, const UnwindStart *start)
{
    uint32_t site = site_of(header, start), birth = __atomic_load_n(&header->marks, __ATOMIC_RELAXED);
    return site != 0 ? ledger_page(LEDGER_PAGE_HELD, site, birth) : 0;
}

void mapped_enter(LedgerHeader *header, const void *at, size_t size, unsigned state, const UnwindStart *start)
{
    Change change = {.walk = {header, put_next, NULL, true}, .first = LEDGER_PAGE_FIRST};
    uintptr_t low, high;
    if (!bounds(header, at, size, &low, &high)) {
        atomic_add(&header->outside, 1, true);
        return;
    }
    change.fresh = state == LEDGER_PAGE_HELD ? held_by(header, start) : ledger_page(state, 0, 0);
    change_range(&change, low, high);
}

void mapped_take(LedgerHeader *header, const void *at, size_t size, MappedTaken *taken)
{
    Change change = {.walk = {header, put_next, NULL, false}, .taken = taken};
    uintptr_t low, high;
    taken->count = 0;
    if (bounds(header, at, size, &low, &high))
        change_range(&change, low, high);
}

void mapped_return(LedgerHeader *header, const MappedTaken *taken)
{
    for (unsigned i = 0; i < taken->count; i++) {
        Change change = {.walk = {header, put_next, NULL, true}};
        change.fresh = ledger_page_plain(taken->runs[i].page);
        change.first = taken->runs[i].page & (LEDGER_PAGE_FIRST | LEDGER_PAGE_SLAB);
        change_range(&change, taken->runs[i].start, taken->runs[i].end);
    }
}

void mapped_protect(LedgerHeader *header, const void *at, size_t size, bool accessible,
                    const UnwindStart *start)
{
    Change change = {.walk = {header, protect_look, NULL, false}, .accessible = accessible};
    uintptr_t low, high;
    if (!bounds(header, at, size, &low, &high))
        return;
    if (accessible) {
        /* Most calls change the protection of what is held already: no stack is needed for them. */
        pages_walk(&change.walk, low, high);
        if (change.first == 0 || (change.fresh = held_by(header, start)) == 0)
            return;
    }
    change.walk.next = protect_next;
    change_range(&change, low, high);
}

unsigned mapped_state(LedgerHeader *header, const void *at)
{
    return LEDGER_PAGE_STATE(pages_at(header, (uintptr_t)at));
}

static size_t size_from(LedgerHeader *header, uintptr_t start, LedgerPage flags)
{
    LedgerPage page = pages_at(header, start), next;
    uintptr_t end = start;
    if (!is_held(page) || (page & flags) != flags)
        return 0;
    do {
        end += UINT64_C(1) << LEDGER_PAGE_SHIFT;
        next = pages_at(header, end);
    } while ((next & LEDGER_PAGE_FIRST) == 0 && ledger_page_plain(next) == ledger_page_plain(page));
    return end - start;
}

size_t mapped_size(LedgerHeader *header, const void *at)
{
    return size_from(header, (uintptr_t)at, LEDGER_PAGE_FIRST);
}

/* ---- slabs that malloc gave ---- */

/* The whole pages in it. */
static uintptr_t slab_start(const void *at)
{
    return ((uintptr_t)at + (1 << LEDGER_PAGE_SHIFT) - 1) & ~(((uintptr_t)1 << LEDGER_PAGE_SHIFT) - 1);
}

bool mapped_enter_slab(LedgerHeader *header, const void *at, size_t size, const UnwindStart *start)
{
    Change change = {.walk = {header, put_next, NULL, true}, .first = LEDGER_PAGE_FIRST | LEDGER_PAGE_SLAB};
    uintptr_t low = slab_start(at), high = (uintptr_t)at + size;
    high &= ~(((uintptr_t)1 << LEDGER_PAGE_SHIFT) - 1);
    if (high <= low || high > UINT64_C(1) << LEDGER_ADDRESS_BITS)
        return false;
    change.fresh = held_by(header, start);
    change_range(&change, low, high);
    return true;
}

bool mapped_take_slab(LedgerHeader *header, const void *at)
{
    Change change = {.walk = {header, put_next, NULL, false}};
    uintptr_t low = slab_start(at);
    size_t size = size_from(header, low, LEDGER_PAGE_FIRST | LEDGER_PAGE_SLAB);
    if (size > 0)
        change_range(&change, low, low + size);
    return size > 0;
}

/* ---- the end mark ---- */

typedef struct {
    PagesWalk walk; /* first */
    uint32_t number;
} Count;

static LedgerPage count_next(const PagesWalk *walk, LedgerPage now)
{
    return page_is_to_count(now, ((const Count *)(const void *)walk)->number) ? now | LEDGER_PAGE_COUNTED
                                                                              : now;
}

static void count_done(PagesWalk *walk, LedgerPage before, LedgerPage after, uintptr_t at, uint64_t bytes)
{
    (void)after, (void)at;
    end_add(walk->header, before, bytes);
}

static LedgerPage uncount_next(const PagesWalk *walk, LedgerPage now)
{
    (void)walk;
    return now & ~LEDGER_PAGE_COUNTED;
}

static void walk_all(PagesWalk *walk)
{
    pages_walk(walk, 0, UINT64_C(1) << LEDGER_ADDRESS_BITS);
}

void mapped_count(LedgerHeader *header, uint32_t number)
{
    Count count = {{header, count_next, count_done, false}, number};
    walk_all(&count.walk);
}

void mapped_uncount(LedgerHeader *header)
{
    PagesWalk walk = {header, uncount_next, NULL, false};
    walk_all(&walk);
}
