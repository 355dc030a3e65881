/* Nodes are found by (parent, address, flags) in a table of open addressing: first in the cache line of their
 * parent, which lies beside those of the nodes made just before and after it, then, where that is full, by a
 * hash. So a stack that is seen for the first time touches few lines. The table is private memory that grows
 * with the nodes: whoever makes it too full makes one of twice the size. Nobody waits for that: a node that
 * is made meanwhile may be missing there, and is then made once more. Its stacks have two sites, which the
 * harness adds up, for they have one name. */
#include "modules.h"
#include "own.h"
#include "stack_tree.h"

enum { SMALLEST_SHIFT = 13, LARGEST_SHIFT = 28, LINE = 8, PROBES = 256 };
_Static_assert(LEDGER_NODES <= 1 << (LARGEST_SHIFT - 1), "twice as many slots as nodes");

/* The upper half of the hash, and the node; 0: free. */
typedef uint64_t Slot;

typedef struct {
    uint32_t shift, limit; /* slots are 1 << shift; nodes beyond the limit call for a larger table */
    Slot slots[] __attribute__((aligned(64)));
} Table;

static Table *table;
static uint32_t *site_of_node; /* by node; 0: it has none yet */
static uint32_t growing;

static size_t table_size(uint32_t shift)
{
    return sizeof(Table) + (sizeof(Slot) << shift);
}

static Table *table_new(uint32_t shift)
{
    Table *self = guest_map(table_size(shift));
    if (self != NULL) {
        self->shift = shift;
        self->limit = shift < LARGEST_SHIFT ? UINT32_C(1) << (shift - 1) : UINT32_MAX;
    }
    return self;
}

bool stack_tree_open(LedgerHeader *header)
{
    if (table != NULL)
        guest_unmap(table, table_size(table->shift));
    if (site_of_node != NULL)
        guest_unmap(site_of_node, sizeof *site_of_node * LEDGER_NODES);
    growing = 0;
    own_open();
    table = table_new(SMALLEST_SHIFT);
    site_of_node = guest_map(sizeof *site_of_node * LEDGER_NODES);
    header->nodes = 1;
    header->sites = STACK_TREE_UNKNOWN_SITE + 1;
    return table != NULL && site_of_node != NULL;
}

static inline uint64_t node_hash(const LedgerNode *node)
{
    uint64_t hash = (node->address ^ (uint64_t)node->parent << 32) * UINT64_C(0x9e3779b97f4a7c15);
    hash = (hash ^ hash >> 32 ^ node->flags) * UINT64_C(0xd6e8feb86659fd93);
    return hash ^ hash >> 32;
}

/* Where the i-th probe looks. There are half as many nodes as slots, so four parents in a row share a line.
 */
static inline Slot *slot_at(Table *self, uint32_t parent, uint64_t hash, unsigned i)
{
    uint64_t at = i < LINE ? (uint64_t)(parent / (LINE / 2)) * LINE + i : (hash >> (64 - self->shift)) + i;
    return &self->slots[at & ((UINT64_C(1) << self->shift) - 1)];
}

static inline bool node_is(LedgerHeader *header, uint32_t id, const LedgerNode *wanted)
{
    const LedgerNode *node = &guest_nodes(header)[id];
    return node->address == wanted->address && node->parent == wanted->parent &&
           node->flags == wanted->flags &&
           (!ledger_frame_is(wanted->address, LEDGER_FRAME_NATIVE) ||
            modules_same(header, wanted->address, id));
}

/* ---- growing ---- */

/* A node that is just being written is left out, or put where nobody looks for it. */
static void table_fill(LedgerHeader *header, Table *to)
{
    uint32_t nodes = __atomic_load_n(&header->nodes, __ATOMIC_ACQUIRE);
    for (uint32_t id = 1; id < nodes; id++) {
        const LedgerNode *node = &guest_nodes(header)[id];
        if (node->address == 0)
            continue;
        uint64_t hash = node_hash(node);
        for (unsigned probe = 0; probe < PROBES; probe++) {
            Slot *place = slot_at(to, node->parent, hash, probe);
            if (*place != 0)
                continue;
            *place = hash << 32 | id;
            break;
        }
    }
}

/* The memory of a table that somebody may still look into becomes zero, and stays: he finds nothing there,
 * and what he enters there is lost. That may be another thread, or what a signal handler has interrupted in
 * this one. */
static void table_retire(Table *old)
{
    guest_empty(old->slots, sizeof(Slot) << old->shift);
}

__attribute__((noinline, cold)) static void table_grow(LedgerHeader *header)
{
    if (__atomic_exchange_n(&growing, 1, __ATOMIC_ACQ_REL) != 0)
        return;
    Table *old = table;
    Table *fresh = header->nodes > old->limit ? table_new(old->shift + 1) : NULL;
    if (fresh != NULL) {
        table_fill(header, fresh);
        __atomic_store_n(&table, fresh, __ATOMIC_RELEASE);
        table_retire(old);
    }
    __atomic_store_n(&growing, 0, __ATOMIC_RELEASE);
}

/* ---- nodes ---- */

static uint32_t node_make(LedgerHeader *header, const LedgerNode *wanted)
{
    if (ledger_frame_is(wanted->address, LEDGER_FRAME_NATIVE))
        modules_see(header, wanted->address); /* before the node is claimed: nodes are the modules' clock */
    uint32_t id = atomic_claim(&header->nodes, LEDGER_NODES);
    if (id != 0) {
        guest_nodes(header)[id] = *wanted;
        own_see(header, id, wanted);
    }
    return id;
}

/* From a free place on: somebody may have made the node meanwhile (then a node is left unused). */
static uint32_t node_enter(LedgerHeader *header, Table *in, const LedgerNode *wanted, uint64_t hash,
                           unsigned probe)
{
    uint32_t id = node_make(header, wanted);
    if (UNLIKELY(id == 0)) {
        atomic_add(&header->full_nodes, 1, true);
        return 0;
    }
    for (; probe < PROBES; probe++) {
        Slot free = 0;
        if (__atomic_compare_exchange_n(slot_at(in, wanted->parent, hash, probe), &free, hash << 32 | id,
                                        false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
            break;
        if (free >> 32 == (uint32_t)hash && node_is(header, (uint32_t)free, wanted))
            return (uint32_t)free;
    }
    if (UNLIKELY(id > in->limit) || UNLIKELY(probe == PROBES))
        table_grow(header);
    return id;
}

uint32_t stack_tree_child(LedgerHeader *header, uint32_t parent, uint64_t address, uint32_t flags)
{
    LedgerNode wanted = {.address = address, .parent = parent, .flags = flags};
    uint64_t hash = node_hash(&wanted);
    Table *in = __atomic_load_n(&table, __ATOMIC_ACQUIRE);
    unsigned probe = 0;
    for (; probe < PROBES; probe++) {
        Slot slot = __atomic_load_n(slot_at(in, parent, hash, probe), __ATOMIC_ACQUIRE);
        if (slot == 0)
            break;
        if (slot >> 32 == (uint32_t)hash && LIKELY(node_is(header, (uint32_t)slot, &wanted)))
            return (uint32_t)slot;
    }
    return node_enter(header, in, &wanted, hash, probe);
}

bool stack_tree_nodes(LedgerHeader *header, const uintptr_t *addresses, uint32_t frames, bool truncated,
                      uint32_t outer, uint32_t *nodes)
{
    uint32_t node = outer, flags = truncated && outer == 0 ? LEDGER_NODE_TRUNCATED : 0;
    for (uint32_t i = frames; i-- > 0; flags = 0) {
        node = nodes[i] = stack_tree_child(header, node, addresses[i], flags);
        if (node == 0)
            return false;
    }
    return true;
}

uint32_t stack_tree_site(LedgerHeader *header, uint32_t node)
{
    if (UNLIKELY(node == 0))
        return STACK_TREE_UNKNOWN_SITE;
    uint32_t *at = &site_of_node[node];
    uint32_t site = __atomic_load_n(at, __ATOMIC_ACQUIRE);
    if (LIKELY(site != 0))
        return site;
    if (own_is(node))
        return LEDGER_OWN_SITE;
    uint32_t made = atomic_claim(&header->sites, LEDGER_OWN_SITE);
    if (made == 0) {
        atomic_add(&header->full_sites, 1, true);
        return STACK_TREE_UNKNOWN_SITE;
    }
    guest_sites(header)[made].node = node;
    if (__atomic_compare_exchange_n(at, &site, made, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        return made;
    return site; /* a site nobody uses is left behind */
}
