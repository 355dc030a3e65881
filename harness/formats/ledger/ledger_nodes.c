#include "ledger_nodes.h"

#include <string.h>

/* More are rare, and every one is looked at. */
enum { MOST_CALLED = 64 };

/* Places that were called from one, latest first. */
typedef struct {
    guint length, room;
    guint32 places[];
} Called;

struct NodePlaces {
    guint count;
    guint32 next;
    GArray *nodes;   /* guint32 by node: its place */
    Called **called; /* by place; NULL: none */
};

NodePlaces *node_places_new(guint count)
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

void node_places_free(NodePlaces *self)
{
    for (guint i = 0; i <= self->count; i++)
        g_free(self->called[i]);
    g_free(self->called);
    g_array_unref(self->nodes);
    g_free(self);
}

guint node_places_count(const NodePlaces *self)
{
    return self->count;
}

guint32 node_places_next(const NodePlaces *self)
{
    return self->next;
}

static Called **called_from(const NodePlaces *self, guint caller)
{
    return &self->called[g_array_index(self->nodes, guint32, caller)];
}

int node_places_position(const NodePlaces *self, guint caller, guint32 place)
{
    const Called *called = *called_from(self, caller);
    for (guint i = 0; called != NULL && i < called->length; i++)
        if (called->places[i] == place)
            return (int)i;
    return -1;
}

gboolean node_places_at(const NodePlaces *self, guint caller, guint64 position, guint32 *place)
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

void node_places_append(NodePlaces *self, guint caller, guint32 place)
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
