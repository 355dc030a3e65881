/* The frames of a ledger's stacks, each kept once: thousands of addresses make up millions of stacks. */
#ifndef HEAPGATE_FORMATS_LEDGER_LEDGER_PLACES_H
#define HEAPGATE_FORMATS_LEDGER_LEDGER_PLACES_H

#include "ledger.h"

typedef struct LedgerPlaces LedgerPlaces;

/* Fills the ledger's places; its modules have been read. The ledger must outlive it. (transfer full). */
LedgerPlaces *ledger_places_new(Ledger *ledger);
void ledger_places_free(LedgerPlaces *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LedgerPlaces, ledger_places_free)

/* The index of a node's place, made where it is new. Nodes are asked for in their order: of several objects
 * that lay at an address in turn, a place is of the one that did when the node was made. */
guint32 ledger_places_add(LedgerPlaces *self, guint32 number, const LedgerNode *node);

#endif
