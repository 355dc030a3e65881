#include "ledger_nodes.h"

#include <string.h>

/* More are rare, and every one is looked at. */
enum { MOST_CALLED = 64 };

/* Places that were called from one, latest first. */
typedef struct {
    guint length, room;
    guint32 places[];
} Called;

/* What both directions know alike at each node: which places were lately called from which. */
typedef struct {
    guint count;     /* of places */
    guint32 next;    /* the place after the highest that was appended; may be their count */
    GArray *nodes;   /* guint32 by node: its place */
    Called **called; /* by place; NULL: none */
} NodePlaces;

/* count: of places. Knows the root: node 0, place 0. */
static NodePlaces *node_places_new(guint count)
{
    const guint32 root = 0;
    NodePlaces *self = g_new0(NodePlaces, 1);
    self->count = count;
    self->next = 1;
    self->nodes = g_array_new(FALSE, FALSE, sizeof(guint32));
    self->called = g_new0(Called *, (gsize)count + 1);
    g_array_append_val(self->nodes, root);
    return self;
}

static void node_places_free(NodePlaces *self)
{
    for (guint i = 0; i <= self->count; i++)
        g_free(self->called[i]);
    g_free(self->called);
    g_array_unref(self->nodes);
    g_free(self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NodePlaces, node_places_free)

static Called **called_from(const NodePlaces *self, guint caller)
{
    return &self->called[g_array_index(self->nodes, guint32, caller)];
}

/* Of the places lately called from the caller's: where this one stands, from 0; -1: nowhere. */
static int node_places_position(const NodePlaces *self, guint caller, guint32 place)
{
    const Called *called = *called_from(self, caller);
    for (guint i = 0; called != NULL && i < called->length; i++)
        if (called->places[i] == place)
            return (int)i;
    return -1;
}

/* FALSE where nothing stands there. */
static gboolean node_places_at(const NodePlaces *self, guint caller, guint64 position, guint32 *place)
{
    const Called *called = *called_from(self, caller);
    if (called == NULL || position >= called->length)
        return FALSE;
    *place = called->places[position];
    return TRUE;
}

/* One more fits in. */
static Called *make_room(Called *called)
{
    guint room = called == NULL ? 1 : called->room;
    if (called != NULL && called->length < called->room)
        return called;
    guint more = called == NULL ? room : MIN(2 * room, MOST_CALLED);
    Called *larger = g_realloc(called, sizeof *larger + more * sizeof larger->places[0]);
    larger->length = called == NULL ? 0 : larger->length;
    larger->room = more;
    return larger;
}

/* The next node: it is called from `caller`, a node that was appended, and is of this place, less than their
 * count. */
static void node_places_append(NodePlaces *self, guint caller, guint32 place)
{
    Called **called = called_from(self, caller);
    int position = node_places_position(self, caller, place);
    if (position < 0 && (*called == NULL || (*called)->length < MOST_CALLED)) {
        *called = make_room(*called);
        (*called)->length++;
    }
    guint end = position >= 0 ? (guint)position : (*called)->length - 1;
    memmove(&(*called)->places[1], &(*called)->places[0], end * sizeof place);
    (*called)->places[0] = place;
    self->next = MAX(self->next, place + 1);
    g_array_append_val(self->nodes, place);
}

enum { MOST_UP = 128 }; /* callers; every one is a step, and the file may be hostile */

/* The k of "the k-th caller of the node before"; 0: it is none of the nearer ones. */
static guint callers_up(const LedgerStack *nodes, guint node, guint32 parent)
{
    guint32 at = node - 1;
    for (guint up = 1; up <= MOST_UP && at != 0; up++) {
        at = nodes[at].caller;
        if (at == parent)
            return up;
    }
    return 0;
}

static guint64 parent_code(const LedgerStack *nodes, guint node)
{
    guint32 parent = nodes[node].caller;
    if (parent == node - 1)
        return 0;
    guint up = callers_up(nodes, node, parent);
    return up > 0 ? 2 * (guint64)up : 2 * (guint64)(node - 1 - parent) + 1;
}

static gboolean parent_of_code(const LedgerStack *nodes, guint node, guint64 code, guint32 *parent)
{
    *parent = node - 1;
    if ((code & 1) != 0) {
        *parent = node - 1 - (guint32)MIN(code >> 1, node - 1);
        return code >> 1 <= node - 1;
    }
    for (guint64 up = code >> 1; up > 0 && up <= MOST_UP; up--)
        *parent = nodes[*parent].caller;
    return code >> 1 <= MOST_UP;
}

void ledger_nodes_put(const LedgerStack *nodes, guint count, guint known, GByteArray *out)
{
    g_autoptr(NodePlaces) places = node_places_new(known);
    g_autoptr(GByteArray) codes = g_byte_array_new(), seen = g_byte_array_new();
    for (guint i = 1; i < count; i++)
        number_put(out, parent_code(nodes, i));
    for (guint i = 1; i < count; i++) {
        guint32 place = nodes[i].place;
        int position = node_places_position(places, nodes[i].caller, place);
        gboolean is_next = place == places->next;
        number_put(codes, position >= 0 ? (guint64)position + 2 : is_next ? 0 : 1);
        if (position < 0 && !is_next)
            number_put(seen, place);
        node_places_append(places, nodes[i].caller, place);
    }
    g_byte_array_append(out, codes->data, codes->len);
    g_byte_array_append(out, seen->data, seen->len);
}

static guint32 get_place(NodePlaces *places, guint caller, guint64 code, NumberReader *seen)
{
    guint32 place = 0;
    if (code > 1) {
        seen->bad = seen->bad || !node_places_at(places, caller, code - 2, &place);
        return place;
    }
    guint64 told = code == 0 ? places->next : number_get(seen);
    seen->bad = seen->bad || told >= places->count;
    return seen->bad ? 0 : (guint32)told;
}

void ledger_nodes_get(NumberReader *reader, LedgerStack *nodes, guint count, guint known)
{
    if (count == 0)
        return;
    g_autoptr(NodePlaces) places = node_places_new(known);
    for (guint i = 1; i < count && !reader->bad; i++)
        reader->bad = !parent_of_code(nodes, i, number_get(reader), &nodes[i].caller) || reader->bad;
    NumberReader seen = number_skip(reader, count - 1);
    for (guint i = 1; i < count && !reader->bad; i++) {
        nodes[i].place = get_place(places, nodes[i].caller, number_get(reader), &seen);
        reader->bad = reader->bad || seen.bad;
        if (!reader->bad)
            node_places_append(places, nodes[i].caller, nodes[i].place);
    }
    reader->at = seen.at;
}
