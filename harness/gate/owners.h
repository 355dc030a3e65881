/* Owners: lines of the program's own code that many call sites have in common. What one line keeps, a dialog,
 * a document, is dozens of call sites in libraries; their sum stands at the line. */
#ifndef HEAPGATE_GATE_OWNERS_H
#define HEAPGATE_GATE_OWNERS_H

#include "result/result.h"

enum { OWNER_FEWEST_SITES = 4, OWNERS_MOST = 3 };

/* The owners of what was gained: of each call site the innermost frame of the program's own code (its Python
 * before its native code), where so many sites at least share it; the largest first. deltas: SiteDelta.
 * (transfer full), of SiteDelta: one frame each, delta_blocks is the number of call sites. */
GPtrArray *owners_of(const GPtrArray *deltas);

#endif
