/* Which places of a ledger's stacks were lately called from which: what both directions of ledger_columns.c
 * know alike at each node. */
#ifndef HEAPGATE_FORMATS_LEDGER_LEDGER_NODES_H
#define HEAPGATE_FORMATS_LEDGER_LEDGER_NODES_H

#include <glib.h>

typedef struct NodePlaces NodePlaces;

/* count: of places. Knows the root: node 0, place 0. */
NodePlaces *node_places_new(guint count);
void node_places_free(NodePlaces *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NodePlaces, node_places_free)

guint node_places_count(const NodePlaces *self);
/* The place after the highest that was appended; may be their count. */
guint32 node_places_next(const NodePlaces *self);

/* The next node: it is called from `caller`, a node that was appended, and is of this place, less than their
 * count. */
void node_places_append(NodePlaces *self, guint caller, guint32 place);

/* Of the places lately called from the caller's: where this one stands, from 0; -1: nowhere. */
int node_places_position(const NodePlaces *self, guint caller, guint32 place);
/* FALSE where nothing stands there. */
gboolean node_places_at(const NodePlaces *self, guint caller, guint64 position, guint32 *place);

#endif
