/* A ledger's call sites, as everything downstream knows them. */
#ifndef HEAPGATE_FORMATS_LEDGER_SITES_H
#define HEAPGATE_FORMATS_LEDGER_SITES_H

#include "ledger.h"
#include "measure/growth.h"

typedef enum {
    LEDGER_NUMBER_PEAK,
    LEDGER_NUMBER_KEPT, /* at the end mark or, without one, at the end */
    LEDGER_NUMBER_TOTAL,
    LEDGER_NUMBER_ALLOCATIONS, /* the amount is a count, and there are no blocks besides */
    LEDGER_NUMBER_TEMPORARY,   /* the same */
} LedgerNumber;

/* Frames of a key: deeper stacks differ only in what called what was called. */
#define LEDGER_KEY_FRAMES 64

/* Appends the frames of a stack to `frames` (Frame, (element-type transfer none): texts are the ledger's),
 * innermost first, at most `at_most`. What asks for memory in everyone's name (operator new) is left out at
 * the inner end, what calls main at the outer. Without names (symbols_name_ledger) a frame is its module's.
 */
void ledger_add_frames(const Ledger *self, guint32 node, guint at_most, GArray *frames);

/* Adds what every site comes to; returns the sum of it. sites: may be NULL: the sum alone. */
gint64 ledger_add_sites(const Ledger *self, LedgerNumber number, CallSites *sites);

/* How many marks are named "iteration". */
guint ledger_iterations(const Ledger *self);
/* What grows after the first `before` iterations (at least 1); as growth_of_call_sites. */
gint64 ledger_growth(const Ledger *self, guint before, CallSites *growing, gint64 *smallest);

/* The module a node's address lies in; (transfer none) or NULL. */
const LedgerModule *ledger_module_of(const Ledger *self, guint32 node);
/* The address of a node as an address of code: inside the call where it is a return address. */
guint64 ledger_code_address(guint64 node_address);

#endif
