/* How the saved form of a ledger is laid out: a head, a table of sections, the sections, each aligned to 8
 * bytes. Native, little-endian numbers, as in the books. For ledger_saved.c and ledger_columns.c alone. */
#ifndef HEAPGATE_FORMATS_LEDGER_LEDGER_SAVED_H
#define HEAPGATE_FORMATS_LEDGER_LEDGER_SAVED_H

#include <glib.h>

#define SAVED_MAGIC UINT64_C(0x3164657661534748) /* "HGSaved1" */

enum { SAVED_VERSION = 2, SAVED_ALIGNMENT = 8 };

typedef struct {
    guint64 magic;
    guint32 version;
    guint32 sections;
    guint64 file_size;
    guint64 checksum; /* of this head (with 0 here) and the table of sections */
    guint64 damaged;
    guint32 at_end_mark;
    guint32 reserved;
} SavedHead;

typedef struct {
    guint32 kind;
    guint32 record_size;
    guint64 count;
    guint64 offset;
} SavedSection;

/* In this order in the file: the header, the texts, the arrays of Ledger. */
enum {
    KIND_HEADER,
    KIND_STRINGS,
    KIND_MODULES,
    KIND_MARKS,
    KIND_PLACES,
    KIND_NODES,
    KIND_SITES,
    KIND_KEPT,
    KIND_CHANGES,
    KIND_SAMPLES,
    KIND_NAMES,
    SECTIONS,
    KIND_ARRAYS = KIND_MODULES,
    ARRAYS = SECTIONS - KIND_ARRAYS,
};

#endif
