/* Owners: lines of the program's own code that many call sites have in common. One line that keeps a dialog
 * or a document shows as dozens of call sites in libraries; the owner has their sum. */
#ifndef HEAPGATE_GATE_OWNERS_H
#define HEAPGATE_GATE_OWNERS_H

#include "result/result.h"

enum { OWNER_FEWEST_SITES = 4, OWNERS_MOST = 3 };

/* The owners of what call sites gained, the largest first, at most OWNERS_MOST. The owner of a call site is
 * the innermost frame of the program's own Python code or, without one, of its native code; at least
 * OWNER_FEWEST_SITES sites share it. deltas: of SiteDelta. Returns (transfer full), of SiteDelta with one
 * frame each; delta_blocks is the number of call sites. */
GPtrArray *owners_of(const GPtrArray *deltas);

#endif
