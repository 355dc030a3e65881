/* The keys of a ledger's call sites, as numbers: which sites are one, without a text for any of them. */
#ifndef HEAPGATE_FORMATS_LEDGER_LEDGER_KEYS_H
#define HEAPGATE_FORMATS_LEDGER_LEDGER_KEYS_H

#include "ledger_frames.h"

struct LedgerKeys {
    guint count;
    guint32 *of_site; /* by site: its key, less than count */
    GArray *texts;    /* LedgerText by key: the same in every ledger that has this key */
    GArray *first;    /* guint32 by key: its first site */
};

/* Sites have one key where their stacks differ in lines and depth of recursion alone (model/call_site.h).
 * Worked out when first asked for, and then kept until the names change; (transfer none). For one thread at a
 * time, as the ledger is. */
const LedgerKeys *ledger_keys(const Ledger *self);
void ledger_keys_free(LedgerKeys *self); /* NULL is fine */

/* Has the key a frame of Python? */
gboolean ledger_key_is_python(const Ledger *self, guint32 key);
/* A number for each innermost frame of a key, whatever called it. */
guint64 ledger_key_function(const Ledger *self, guint32 key);
/* The same for each innermost frame with the one that called it. */
guint64 ledger_key_caller(const Ledger *self, guint32 key);

/* Adds a site's stack, with its lines, to a table of call sites. */
void ledger_add_site(const Ledger *self, guint32 site, gint64 bytes, gint64 blocks, CallSites *sites);

#endif
