/* What a ledger's frames may be, whatever their lines: asked of each name's text once; stacks are compared by
 * numbers. For ledger_frames.c and ledger_keys.c. */
#ifndef HEAPGATE_FORMATS_LEDGER_LEDGER_KINDS_H
#define HEAPGATE_FORMATS_LEDGER_LEDGER_KINDS_H

#include "ledger.h"

enum {
    LEDGER_KIND_FOR_OTHERS = 1, /* operator new and its like, the tracer itself */
    LEDGER_KIND_BELOW_MAIN = 2,
    LEDGER_KIND_NAMELESS = 4,
    LEDGER_KIND_INTERFACE = 8, /* of the interpreter */
    LEDGER_KIND_UNTOLD = 16,   /* "(below main)": no part of a key */
};

/* 128 bits of what a text or a row of texts says: they are the same for the same, and for no other. */
typedef struct {
    guint64 low, high;
} LedgerText;

typedef struct {
    LedgerText text; /* of the frame's part of a key */
    guint32 same;    /* frames of one number repeat each other */
    guint16 traits;  /* LEDGER_KIND_* */
    guint16 frame;   /* FrameKind */
} LedgerKind;

/* A frame of a stack: of a name or, where there is none, of a module. */
typedef struct {
    guint32 number; /* index into names; from their count on, into modules; behind these: of nothing known */
    gboolean is_main;
} LedgerItem;

struct LedgerKinds {
    LedgerKind *kinds, *mains; /* by number of an item; mains: where it is main, of nameless ones alone */
    guint32 *items;            /* by place: its first item */
    guint32 *counts;           /* by place: how many; they follow each other, innermost first */
    guint8 *python;            /* a bit by node: a frame of Python is in its stack */
};

/* Worked out when first asked for, and then kept until the names change; (transfer none). */
const LedgerKinds *ledger_kinds(const Ledger *self);
void ledger_kinds_free(LedgerKinds *self); /* NULL is fine */

/* What an item stands for; texts are the ledger's. */
Frame ledger_item_frame(const Ledger *self, const LedgerItem *item);

static inline gboolean ledger_kinds_python(const LedgerKinds *self, guint32 node)
{
    return self->python[node / 8] >> node % 8 & 1;
}

#endif
