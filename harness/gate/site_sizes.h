/* Sizes of call sites by a short hash of their keys: what a baseline keeps of the sites that it does not list
 * for reading. */
#ifndef HEAPGATE_GATE_SITE_SIZES_H
#define HEAPGATE_GATE_SITE_SIZES_H

#include "model/call_site.h"

typedef struct SiteSizes SiteSizes;

SiteSizes *site_sizes_new(void);       /* (transfer full) */
void site_sizes_free(SiteSizes *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SiteSizes, site_sizes_free)

/* 40 bits of the key's hash: of 100,000 keys one in 200 sets has a pair that agrees. */
guint64 site_sizes_hash(const char *key);
/* The same of a table's site. */
guint64 site_sizes_hash_at(const CallSites *sites, guint index);
/* Of two sizes of one hash the larger one counts. size: in the metric's unit, not negative. */
void site_sizes_add(SiteSizes *self, guint64 hash, gint64 size);
void site_sizes_add_all(SiteSizes *self, const SiteSizes *other);
/* FALSE: it holds nothing of this hash. size: may be NULL. self: NULL holds nothing. */
gboolean site_sizes_find(const SiteSizes *self, guint64 hash, gint64 *size);
guint site_sizes_count(const SiteSizes *self);
/* How many of self are larger than they are in `than` by more than `allowed`; what `than` lacks has 0 there.
 */
guint site_sizes_larger(const SiteSizes *self, const SiteSizes *than, gint64 allowed);
/* How many of self `than` lacks. */
guint site_sizes_missing(const SiteSizes *self, const SiteSizes *than);

/* "HASH SIZE" in lines of several, by hash, so that a change of one changes one line; (transfer full). */
char *site_sizes_format(const SiteSizes *self);
/* Reads that text; (transfer full), or NULL where it is anything else. Sizes are below 2^61. */
SiteSizes *site_sizes_parse(const char *text);

#endif
