/* What a baseline knows of one call site: it is listed (its key is in the file), or among the others (a hash
 * of its key is), or it was doubtful growth, or nothing is kept of it. */
#ifndef HEAPGATE_GATE_BASELINE_SITE_H
#define HEAPGATE_GATE_BASELINE_SITE_H

#include "baseline.h"

typedef struct {
    const CallSite *listed; /* the baseline's; NULL where the site is not listed */
    gboolean is_kept;       /* its size is known; otherwise it had at most the cutoff */
    gboolean is_doubtful;   /* it is among the doubtful sites only */
    gint64 had;             /* its size, in the metric's unit; 0 where that is not known */
    gint64 chance;          /* what it may have more by chance */
} BaselineSite;

/* self: NULL: there is no baseline, so nothing is known. hash: site_sizes_hash of the site's key. listed: the
 * site in self->sites, or NULL. */
BaselineSite baseline_site(const BaselineFigure *self, guint64 hash, const CallSite *listed);
/* Looks the site up by its key. */
BaselineSite baseline_site_find(const BaselineFigure *self, const char *key);

/* What each site that the baseline keeps may have, by hash; (transfer full). */
SiteSizes *baseline_sites_all(const BaselineFigure *self);

#endif
