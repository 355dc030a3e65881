/* How the saved form of a ledger is laid out: a head, a table of sections, the sections, each aligned to 8
 * bytes. Native, little-endian numbers, as in the books. A newer heapgate may save more sections and longer
 * records: a reader takes what it knows of them. For ledger_saved.c, ledger_columns.c and ledger_pack.c. */
#ifndef HEAPGATE_FORMATS_LEDGER_LEDGER_SAVED_H
#define HEAPGATE_FORMATS_LEDGER_LEDGER_SAVED_H

#include "ledger.h"
#include "ledger_sections.h"

#define SAVED_MAGIC UINT64_C(0x3164657661534748) /* "HGSaved1" */

/* The version is what the numbers mean: it stays where a section or a field at a record's end is added. */
enum { SAVED_VERSION = 3, SAVED_ALIGNMENT = 8, SAVED_MOST_SECTIONS = 64 };

/* A sentence for the name of the file. */
#define SAVED_OTHER_VERSION "%s: the saved ledger is of another version of heapgate"

typedef struct {
    guint64 magic;
    guint32 version;
    guint32 sections;
    guint64 file_size;
    guint64 checksum; /* saved_checksum */
    guint64 damaged;
    guint32 at_end_mark;
    guint32 reserved;
} SavedHead;

/* What of a Ledger is a section of its own. */
typedef struct {
    const char *tag;
    gsize record_size;
    guint64 most; /* records */
    gsize place;  /* of the GArray in Ledger */
    /* The fields of a record, for ledger_columns.c: d, D: the difference to the record before, of 4 and 8
     * bytes; p, P: the number itself. "n": stack nodes. "": the section stays as it is. */
    const char *columns;
} SavedArray;

/* In the order in which they are saved, behind "header" (LedgerHeader) and "strings". */
extern const SavedArray saved_arrays[];
extern const guint saved_n_arrays;

/* How many bytes of padding follow so many of a section, or of a file whose sections begin aligned. */
static inline guint saved_padding(guint64 bytes)
{
    return (guint)(-bytes & (SAVED_ALIGNMENT - 1));
}

/* Of a head (with 0 for its checksum) and its table of sections. */
guint64 saved_checksum(const SavedHead *head, const LedgerSection *sections);

#endif
