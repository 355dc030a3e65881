/* The addresses of a ledger's stack nodes, numbered, and which of them were lately called from which: what
 * both directions of ledger_columns.c know alike at each node. */
#ifndef HEAPGATE_FORMATS_LEDGER_NODES_H
#define HEAPGATE_FORMATS_LEDGER_NODES_H

#include <glib.h>

typedef struct NodePlaces NodePlaces;

NodePlaces *node_places_new(void); /* knows the root: node 0, address 0, number 0 */
void node_places_free(NodePlaces *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NodePlaces, node_places_free)

guint node_places_count(const NodePlaces *self); /* of addresses */
/* FALSE where the address has no number yet. */
gboolean node_places_find(const NodePlaces *self, guint64 address, guint32 *number);
/* Gives the address the next number. */
guint32 node_places_add(NodePlaces *self, guint64 address);
guint64 node_places_address(const NodePlaces *self, guint32 number);

/* The number of a node's address; the node must have been appended. */
guint32 node_places_of(const NodePlaces *self, guint node);
/* The next node: it is called from `parent`, its address has this number. */
void node_places_append(NodePlaces *self, guint parent, guint32 number);

/* Of the addresses lately called from the parent's: where the number stands, from 0; -1: nowhere. */
int node_places_position(const NodePlaces *self, guint parent, guint32 number);
/* FALSE where nothing stands there. */
gboolean node_places_at(const NodePlaces *self, guint parent, guint64 position, guint32 *number);

#endif
