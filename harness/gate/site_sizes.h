/* Sizes of call sites by a short hash of their keys. A baseline keeps this of the sites whose stacks it does
 * not list. */
#ifndef HEAPGATE_GATE_SITE_SIZES_H
#define HEAPGATE_GATE_SITE_SIZES_H

#include "model/call_site.h"

typedef struct SiteSizes SiteSizes;

SiteSizes *site_sizes_new(void);       /* (transfer full) */
void site_sizes_free(SiteSizes *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SiteSizes, site_sizes_free)

/* 40 bits of the hash of a key. Among 100,000 keys two agree with a probability of 1/200. */
guint64 site_sizes_hash(const char *key);
/* The same for a site of a table, without making its key. */
guint64 site_sizes_hash_at(const CallSites *sites, guint index);
/* Adds a size. If the hash has one, the larger one stays. size: in the metric's unit, not negative. */
void site_sizes_add(SiteSizes *self, guint64 hash, gint64 size);
void site_sizes_add_all(SiteSizes *self, const SiteSizes *other);
/* Is there a size for this hash? If so, it is stored in *size, which may be NULL. self: NULL: there is none.
 */
gboolean site_sizes_find(const SiteSizes *self, guint64 hash, gint64 *size);
guint site_sizes_count(const SiteSizes *self);
/* How many sizes exceed the one in `than` by more than `allowed`; a hash that `than` has not has 0 there. */
guint site_sizes_larger(const SiteSizes *self, const SiteSizes *than, gint64 allowed);
/* How many hashes `than` has not. */
guint site_sizes_missing(const SiteSizes *self, const SiteSizes *than);

/* A text of pairs "HASH SIZE", sorted by hash, five to a line; (transfer full). */
char *site_sizes_format(const SiteSizes *self);
/* Reads that text; (transfer full), or NULL where it is malformed. Sizes are at most G_MAXINT64 / 4. */
SiteSizes *site_sizes_parse(const char *text);

#endif
