/* A ledger's call sites, as everything downstream knows them. */
#ifndef HEAPGATE_FORMATS_LEDGER_LEDGER_SITES_H
#define HEAPGATE_FORMATS_LEDGER_LEDGER_SITES_H

#include "ledger_keys.h"
#include "model/growth.h"

typedef enum {
    LEDGER_NUMBER_PEAK,
    LEDGER_NUMBER_KEPT, /* at the end mark or, without one, at the end */
    LEDGER_NUMBER_TOTAL,
    LEDGER_NUMBER_ALLOCATIONS, /* the amount is a count, and there are no blocks besides */
    LEDGER_NUMBER_TEMPORARY,   /* the same */
    /* Of what the program maps itself; blocks are mappings. */
    LEDGER_NUMBER_MAPPED_PEAK,
    LEDGER_NUMBER_MAPPED_KEPT,
} LedgerNumber;

/* What the sites of one key come to. */
typedef struct {
    gint64 amount, blocks;
    guint32 largest; /* the site that has most of it: its lines are those to show */
} LedgerKeySum;

/* by_key: zeros, one for each of ledger_keys. */
void ledger_key_sums(const Ledger *self, LedgerNumber number, LedgerKeySum *by_key);
/* The sum over all sites. */
gint64 ledger_whole(const Ledger *self, LedgerNumber number);
/* Adds what every site comes to; returns the sum of it. sites: may be NULL: the sum alone. */
gint64 ledger_add_sites(const Ledger *self, LedgerNumber number, CallSites *sites);

/* How many iterations were marked; not all of them need have a record. */
guint ledger_iterations(const Ledger *self);
/* Adds what of this kind (LEDGER_SITE_*) grows after the first `before` iterations (at least 1); as
 * growth_of_table. */
void ledger_growth(const Ledger *self, guint32 kind, guint before, Growth *growth);

/* The place of a node; (transfer none). */
static inline LedgerPlace *ledger_place_of(const Ledger *self, guint32 node)
{
    return &g_array_index(self->places, LedgerPlace, g_array_index(self->nodes, LedgerStack, node).place);
}
/* The index + 1 of the module in which an address lay when the node was made; 0: in none. */
guint32 ledger_module_at(const Ledger *self, guint64 node_address, guint32 node);
/* The address of a node as an address of code: inside the call where it is a return address. */
guint64 ledger_code_address(guint64 node_address);

#endif
