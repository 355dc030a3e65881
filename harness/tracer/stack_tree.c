/* Nodes are found by a hash of (parent, address, flags) with chains; its heads and links are private memory,
 * indexed by node, so that they take as little as there are nodes. A chain only ever grows at its head, by
 * compare and swap: whoever loses looks at what was put there meanwhile, so no frame has two nodes. (A node
 * that loses is left unused.) */
#include "modules.h"
#include "stack_tree.h"

enum { HEADS_SHIFT = 17 };

typedef struct {
    uint32_t next;
    uint32_t site;
} Link;

/* Kept for the life of the process; emptied by a fork. */
static struct {
    uint32_t heads[1 << HEADS_SHIFT];
    Link links[LEDGER_NODES];
} * tree;

bool stack_tree_open(LedgerHeader *header)
{
    if (tree != NULL)
        guest_unmap(tree, sizeof *tree);
    tree = guest_map(sizeof *tree);
    header->nodes = 1;
    header->sites = STACK_TREE_UNKNOWN_SITE + 1;
    return tree != NULL;
}

static uint32_t *head_of(uint32_t parent, uint64_t address)
{
    uint64_t hash = (address ^ (uint64_t)parent << 40) * UINT64_C(0x9e3779b97f4a7c15);
    return &tree->heads[hash >> (64 - HEADS_SHIFT)];
}

static bool is_native(uint64_t address)
{
    return (address >> LEDGER_FRAME_SHIFT & LEDGER_FRAME_MASK) == LEDGER_FRAME_NATIVE;
}

/* In a chain from `from` up to `before`. */
static uint32_t find(LedgerHeader *header, uint32_t from, uint32_t before, const LedgerNode *wanted)
{
    for (uint32_t id = from; id != before; id = __atomic_load_n(&tree->links[id].next, __ATOMIC_RELAXED)) {
        const LedgerNode *node = &guest_nodes(header)[id];
        if (node->address == wanted->address && node->parent == wanted->parent &&
            node->flags == wanted->flags &&
            (!is_native(wanted->address) || modules_same(header, wanted->address, id)))
            return id;
    }
    return 0;
}

static uint32_t make(LedgerHeader *header, uint32_t *head, uint32_t seen, const LedgerNode *wanted)
{
    if (is_native(wanted->address))
        modules_see(header, wanted->address); /* before the node is claimed: nodes are the modules' clock */
    uint32_t id = atomic_claim(&header->nodes, LEDGER_NODES);
    if (id == 0) {
        atomic_add(&header->full_nodes, 1, true);
        return 0;
    }
    guest_nodes(header)[id] = *wanted;
    uint32_t top = seen;
    for (;;) {
        tree->links[id].next = top;
        uint32_t expected = top;
        if (__atomic_compare_exchange_n(head, &expected, id, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
            return id;
        uint32_t other = find(header, expected, top, wanted);
        if (other != 0)
            return other;
        top = expected;
    }
}

static uint32_t child(LedgerHeader *header, const LedgerNode *wanted)
{
    uint32_t *head = head_of(wanted->parent, wanted->address);
    uint32_t seen = __atomic_load_n(head, __ATOMIC_ACQUIRE);
    uint32_t id = find(header, seen, 0, wanted);
    return id != 0 ? id : make(header, head, seen, wanted);
}

bool stack_tree_nodes(LedgerHeader *header, const uintptr_t *addresses, uint32_t frames, bool truncated,
                      uint32_t outer, uint32_t *nodes)
{
    LedgerNode wanted = {.parent = outer, .flags = truncated && outer == 0 ? LEDGER_NODE_TRUNCATED : 0};
    for (uint32_t i = frames; i-- > 0; wanted.flags = 0) {
        wanted.address = addresses[i];
        wanted.parent = nodes[i] = child(header, &wanted);
        if (wanted.parent == 0)
            return false;
    }
    return true;
}

uint32_t stack_tree_site(LedgerHeader *header, uint32_t node)
{
    if (UNLIKELY(node == 0))
        return STACK_TREE_UNKNOWN_SITE;
    uint32_t *at = &tree->links[node].site;
    uint32_t site = __atomic_load_n(at, __ATOMIC_ACQUIRE);
    if (LIKELY(site != 0))
        return site;
    uint32_t made = atomic_claim(&header->sites, LEDGER_SITES);
    if (made == 0) {
        atomic_add(&header->full_sites, 1, true);
        return STACK_TREE_UNKNOWN_SITE;
    }
    guest_sites(header)[made].node = node;
    if (__atomic_compare_exchange_n(at, &site, made, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        return made;
    return site; /* a site nobody uses is left behind */
}
