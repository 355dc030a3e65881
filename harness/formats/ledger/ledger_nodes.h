/* A ledger's stack nodes as small numbers, told apart from what was there before them; for ledger_columns.c.
 * The first node, the root, is not written. Of the others the callers come first, then the places, then the
 * numbers of those places whose code is 1:
 *   caller   0: the node before; 2k: the k-th caller of the node before; 2k + 1: that many nodes before it
 *   place    0: the one after the highest so far; 1: another, its number in a column of its own;
 *            2 + k: the k-th of those that were last called from the caller's place, latest first */
#ifndef HEAPGATE_FORMATS_LEDGER_LEDGER_NODES_H
#define HEAPGATE_FORMATS_LEDGER_LEDGER_NODES_H

#include "ledger.h"
#include "ledger_numbers.h"

/* Appends count nodes. known: how many places there are. */
void ledger_nodes_put(const LedgerStack *nodes, guint count, guint known, GByteArray *out);
/* Fills in count nodes, which are zeros. The reader is bad afterwards where its bytes say none. */
void ledger_nodes_get(NumberReader *reader, LedgerStack *nodes, guint count, guint known);

#endif
