/* Comparing a measurement with its baseline: a pure function. */
#ifndef HEAPGATE_GATE_COMPARE_H
#define HEAPGATE_GATE_COMPARE_H

#include "flips.h"
#include "result/result.h"
#include "scenario/allow.h"

/* What a measurement is held against. */
typedef struct {
    const Baseline *baseline;       /* NULL: none */
    const char *elsewhere;          /* platforms that have one, where this one has none; or NULL */
    const Environment *environment; /* of the measurement */
    const Allow *allow;
} Reference;

/* The verdict of one instrument's measurement, metric by metric. measurement: (transfer full). (transfer
 * full). */
InstrumentResult *compare(const Reference *reference, Measurement *measurement);

/* The call sites in which base and now differ, largest growth first. base: NULL where no sites are known.
 * allowance: what one site may add, beyond what it differed by when it was captured, before it counts on its
 * own. flips: what may have come from another metric is forgotten; NULL: nothing may. Returns (transfer
 * full), elements SiteDelta; *regressed gets the number of sites that are new or grown beyond that and are
 * not merely an old site called by another way. */
GPtrArray *compare_call_sites(const BaselineFigure *base, const CallSites *now, const Allowance *allowance,
                              Flips *flips, guint *regressed);

/* How many call sites of a newly captured metric are new or grown beyond what a run is allowed: with the old
 * baseline a run is red for them though the totals are the same. *deltas: (transfer full), as above. */
guint compare_captured(MetricId metric, const BaselineFigure *old, const BaselineFigure *fresh,
                       const Allow *allow, const Environment *environment, GPtrArray **deltas);
/* How many call sites of fresh are doubtful growth that old does not know of; 0 where old says nothing of it.
 */
guint compare_captured_doubtful(const BaselineFigure *old, const BaselineFigure *fresh);

/* Are these two stacks the same allocation reached another way, or compiled otherwise? All but one
 * frame, or one in three, of the longer stack stand in the other, in order; and the allocating function is
 * the same or, of the same file, was left out. */
gboolean call_sites_similar(const char *key, const char *other);

#endif
