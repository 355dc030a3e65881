/* Compares a measurement with its baseline. Nothing here reads a file or the system. */
#ifndef HEAPGATE_GATE_COMPARE_H
#define HEAPGATE_GATE_COMPARE_H

#include "flips.h"
#include "result/result.h"
#include "scenario/allow.h"

/* What a measurement is compared with. All pointers are (transfer none). */
typedef struct {
    const Baseline *baseline;       /* NULL: there is none */
    const char *elsewhere;          /* the platforms that have one, where this one has none; or NULL */
    const Environment *environment; /* of the measurement */
    const Allow *allow;
} Reference;

/* Judges one instrument's measurement, metric by metric. measurement: (transfer full). Returns (transfer
 * full). */
InstrumentResult *compare(const Reference *reference, Measurement *measurement);

/* The call sites in which a measurement differs from a baseline's figure, largest growth first. base: NULL:
 * nothing is known, all sites are new. allowance: what one site may add besides its chance (baseline_site.h).
 * flips: gains that came from the other metric are dropped; NULL: none can have. Returns (transfer full), of
 * SiteDelta; *regressed is set to the number of sites that add more than they may. A site that is a known one
 * reached or compiled another way is not counted. */
GPtrArray *compare_call_sites(const BaselineFigure *base, const CallSites *now, const Allowance *allowance,
                              Flips *flips, guint *regressed);

/* How many call sites of a fresh capture would make a run red if the old baseline were kept, whatever the
 * totals. *deltas: set to (transfer full), of SiteDelta, as above. */
guint compare_captured(MetricId metric, const BaselineFigure *old, const BaselineFigure *fresh,
                       const Allow *allow, const Environment *environment, GPtrArray **deltas);
/* How many doubtful call sites of a fresh capture the old one does not have; 0 where the old one keeps no
 * doubtful sites (format 2). */
guint compare_captured_doubtful(const BaselineFigure *old, const BaselineFigure *fresh);

/* Are these two keys the same allocation, reached another way or compiled otherwise? Yes, where all frames of
 * the longer stack but one, or one in three, stand in the other one, in order; and where the allocating
 * function is the same, or was left out by a tail call in the same file. */
gboolean call_sites_similar(const char *key, const char *other);

#endif
