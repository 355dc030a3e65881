#include "baseline_site.h"

/* Doubtful growth may be half as much more and stay as doubtful. Sites that moved (size 0) may have nothing.
 */
static gint64 chance_of_doubtful(gint64 size)
{
    return size > 0 ? size / 2 + 1 : 0;
}

/* The site's own slack; a site of which nothing is kept may have had as much as the cutoff. */
static gint64 chance_of(const BaselineFigure *self, guint64 hash, const BaselineSite *site)
{
    gint64 slack = 0;
    site_sizes_find(self->slack, hash, &slack);
    return MIN(site->is_kept ? slack : MAX(slack, self->cutoff_bytes), G_MAXINT64 / 4);
}

BaselineSite baseline_site(const BaselineFigure *self, guint64 hash, const CallSite *listed)
{
    if (self == NULL)
        return (BaselineSite){0};
    BaselineSite site = {.listed = listed, .is_kept = TRUE, .had = listed != NULL ? listed->bytes : 0};
    if (listed == NULL && !site_sizes_find(self->others, hash, &site.had)) {
        site.is_doubtful = site_sizes_find(self->doubtful, hash, &site.had);
        site.is_kept = site.is_doubtful;
    }
    site.chance = site.is_doubtful ? chance_of_doubtful(site.had) : chance_of(self, hash, &site);
    return site;
}

BaselineSite baseline_site_find(const BaselineFigure *self, const char *key)
{
    const CallSite *listed = self != NULL && self->sites != NULL ? call_sites_find(self->sites, key) : NULL;
    return baseline_site(self, site_sizes_hash(key), listed);
}

SiteSizes *baseline_sites_all(const BaselineFigure *self)
{
    SiteSizes *all = site_sizes_new();
    for (guint i = 0; self->sites != NULL && i < call_sites_count(self->sites); i++) {
        guint64 hash = site_sizes_hash_at(self->sites, i);
        gint64 slack = 0;
        site_sizes_find(self->slack, hash, &slack);
        site_sizes_add(all, hash, call_sites_bytes(self->sites, i) + slack);
    }
    if (self->others != NULL)
        site_sizes_add_all(all, self->others);
    if (self->doubtful != NULL)
        site_sizes_add_all(all, self->doubtful);
    return all;
}
