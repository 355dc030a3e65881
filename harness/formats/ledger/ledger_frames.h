/* A ledger's stacks as frames with names. */
#ifndef HEAPGATE_FORMATS_LEDGER_LEDGER_FRAMES_H
#define HEAPGATE_FORMATS_LEDGER_LEDGER_FRAMES_H

#include "ledger_kinds.h"

/* Frames of a key: deeper stacks differ only in what called what was called. (A macro, for G_STRINGIFY.) */
#define LEDGER_KEY_FRAMES 64

/* Appends the frames of a stack to `frames` (Frame, (element-type transfer none): texts are the ledger's),
 * innermost first, at most `at_most` (LEDGER_DEEPEST). What asks for memory in everyone's name (operator new)
 * is left out at the inner end, what calls main at the outer; where an interpreter of Python
 * is known, its own functions too, but for those of its interface, and of these, below Python frames, all but
 * the innermost. Without names (symbols_name_ledger) a frame is its module's. */
void ledger_add_frames(const Ledger *self, guint32 node, guint at_most, GArray *frames);
/* The same as items, for who needs no texts. items: room for LEDGER_DEEPEST. Returns how many. */
guint ledger_items(const Ledger *self, guint32 node, guint at_most, LedgerItem *items);

/* Source files named `from`, or below it, are `to`, or below that: where a linked file really is. */
void ledger_move_files(Ledger *self, const char *from, const char *to);
/* What is kept is out of date: the names changed. */
void ledger_forget_keys(Ledger *self);

#endif
