#include "ledger_nodes.h"

/* More are rare, and every one is looked at. */
enum { MOST_CALLED = 64 };

struct NodePlaces {
    GArray *addresses;   /* guint64 by number */
    GHashTable *numbers; /* address -> number */
    GArray *nodes;       /* guint32 by node: number */
    GPtrArray *called;   /* by number: GArray of guint32, the numbers called from there; NULL: none */
};

static void free_list(gpointer data)
{
    if (data != NULL)
        g_array_unref(data);
}

NodePlaces *node_places_new(void)
{
    const guint32 root = 0;
    NodePlaces *self = g_new0(NodePlaces, 1);
    self->addresses = g_array_new(FALSE, FALSE, sizeof(guint64));
    self->numbers = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    self->nodes = g_array_new(FALSE, FALSE, sizeof(guint32));
    self->called = g_ptr_array_new_with_free_func(free_list);
    node_places_add(self, 0);
    g_array_append_val(self->nodes, root);
    return self;
}

void node_places_free(NodePlaces *self)
{
    g_array_unref(self->addresses);
    g_hash_table_unref(self->numbers);
    g_array_unref(self->nodes);
    g_ptr_array_unref(self->called);
    g_free(self);
}

guint node_places_count(const NodePlaces *self)
{
    return self->addresses->len;
}

gboolean node_places_find(const NodePlaces *self, guint64 address, guint32 *number)
{
    gpointer found = NULL;
    if (!g_hash_table_lookup_extended(self->numbers, &address, NULL, &found))
        return FALSE;
    *number = GPOINTER_TO_UINT(found);
    return TRUE;
}

guint32 node_places_add(NodePlaces *self, guint64 address)
{
    guint32 number = self->addresses->len;
    g_array_append_val(self->addresses, address);
    g_ptr_array_add(self->called, NULL);
    g_hash_table_insert(self->numbers, g_memdup2(&address, sizeof address), GUINT_TO_POINTER(number));
    return number;
}

guint64 node_places_address(const NodePlaces *self, guint32 number)
{
    return g_array_index(self->addresses, guint64, number);
}

guint32 node_places_of(const NodePlaces *self, guint node)
{
    return g_array_index(self->nodes, guint32, node);
}

static GArray *called_from(const NodePlaces *self, guint parent)
{
    return g_ptr_array_index(self->called, node_places_of(self, parent));
}

int node_places_position(const NodePlaces *self, guint parent, guint32 number)
{
    const GArray *called = called_from(self, parent);
    for (guint i = 0; called != NULL && i < called->len; i++)
        if (g_array_index(called, guint32, i) == number)
            return (int)i;
    return -1;
}

gboolean node_places_at(const NodePlaces *self, guint parent, guint64 position, guint32 *number)
{
    const GArray *called = called_from(self, parent);
    if (called == NULL || position >= called->len)
        return FALSE;
    *number = g_array_index(called, guint32, position);
    return TRUE;
}

void node_places_append(NodePlaces *self, guint parent, guint32 number)
{
    GArray *called = called_from(self, parent);
    int position = node_places_position(self, parent, number);
    if (called == NULL) {
        called = g_array_new(FALSE, FALSE, sizeof(guint32));
        g_ptr_array_index(self->called, node_places_of(self, parent)) = called;
    }
    if (position >= 0)
        g_array_remove_index(called, (guint)position);
    else if (called->len == MOST_CALLED)
        g_array_set_size(called, MOST_CALLED - 1);
    g_array_prepend_val(called, number);
    g_array_append_val(self->nodes, number);
}
