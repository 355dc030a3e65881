/* A ledger's stacks as frames with names, and the keys of its call sites. */
#ifndef HEAPGATE_FORMATS_LEDGER_FRAMES_H
#define HEAPGATE_FORMATS_LEDGER_FRAMES_H

#include "ledger.h"

/* Frames of a key: deeper stacks differ only in what called what was called. (A macro, for G_STRINGIFY.) */
#define LEDGER_KEY_FRAMES 64

/* Appends the frames of a stack to `frames` (Frame, (element-type transfer none): texts are the ledger's),
 * innermost first, at most `at_most`. What asks for memory in everyone's name (operator new) is left out at
 * the inner end, what calls main at the outer; where an interpreter of Python
 * is known, its own functions too, but for those of its interface, and of these, below Python frames, all but
 * the innermost. Without names (symbols_name_ledger) a frame is its module's. */
void ledger_add_frames(const Ledger *self, guint32 node, guint at_most, GArray *frames);

/* Which sites have one key: their stacks differ in lines and depth of recursion alone. */
struct LedgerKeys {
    CallSites *known; /* every key once, with 0 bytes; the lines are those of its first site */
    guint32 *of_site; /* by site: its key's index in known */
    guint32 *site_of; /* by key: its first site */
};

/* Worked out when first asked for, and then kept until the names change; (transfer none). For one thread at a
 * time, as the ledger is. */
const LedgerKeys *ledger_keys(const Ledger *self);
/* Adds to the key of this site, in a table of which the lines shown are to be this site's where it is new. */
CallSite *ledger_add_key(const Ledger *self, guint32 site, gint64 bytes, gint64 blocks, CallSites *sites);
/* Source files named `from`, or below it, are `to`, or below that: where a linked file really is. */
void ledger_move_files(Ledger *self, const char *from, const char *to);
/* What is kept is out of date: the names changed. */
void ledger_forget_keys(Ledger *self);

#endif
