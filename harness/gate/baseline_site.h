/* What a baseline knows of one call site: it is listed, or among the others, or was doubtful growth, or
 * nothing is kept of it. */
#ifndef HEAPGATE_GATE_BASELINE_SITE_H
#define HEAPGATE_GATE_BASELINE_SITE_H

#include "baseline.h"

typedef struct {
    const CallSite *listed; /* (transfer none); NULL where it is not listed for reading */
    gboolean is_kept;       /* its size is known; else it had the cutoff at the most */
    gboolean is_doubtful;   /* its growth was */
    gint64 had;             /* in the metric's unit; 0 where its size is not known */
    gint64 chance;          /* what it may have more by chance */
} BaselineSite;

/* hash: of the site's key (site_sizes.h). listed: what call_sites_find gives for it in self->sites. self:
 * NULL: there is no baseline, and nothing is known. */
BaselineSite baseline_site(const BaselineFigure *self, guint64 hash, const CallSite *listed);
/* The same by its key. */
BaselineSite baseline_site_find(const BaselineFigure *self, const char *key);

/* The most that each site may have, of all that the baseline keeps; (transfer full). */
SiteSizes *baseline_sites_all(const BaselineFigure *self);

#endif
