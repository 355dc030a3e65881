/* The directory of a ledger, and the table of sections of a saved one: who made it may have had more
 * sections than are known here, and longer records.
 *
 * Both are hostile input: nothing outside of the file, nothing twice, and no two sections over each other. */
#ifndef HEAPGATE_FORMATS_LEDGER_LEDGER_SECTIONS_H
#define HEAPGATE_FORMATS_LEDGER_LEDGER_SECTIONS_H

#include <glib.h>

#include "guest/ledger.h"

enum { LEDGER_LONGEST_RECORD = 1 << 16 }; /* bytes; those of a known section are no longer */

/* tag: ends in NUL where it is shorter than a section's. */
gboolean ledger_section_is(const LedgerSection *section, const char *tag);
/* Of these rows; (transfer none), or NULL. */
const LedgerSection *ledger_section_find(const LedgerSection *sections, guint count, const char *tag);

/* A section that a reader needs. */
typedef struct {
    const char *tag;
    gsize record_size; /* in bytes, of the part that is known here */
    gboolean words;    /* its records are exactly so long */
    gsize place;       /* offset of a LedgerSection, in what is filled */
} LedgerSectionNeed;

/* Fills in the section of every need. sections: count rows of a table, of a file of `size` bytes that has
 * sections from `begin` on. found: (inout), as `place` says; what it gets lies within the file. FALSE with
 * HEAPGATE_ERROR_FORMAT, "NAME: ..." */
gboolean ledger_sections_find(const LedgerSection *sections, guint count, guint64 begin, guint64 size,
                              const LedgerSectionNeed *needs, guint n_needs, gpointer found, const char *name,
                              GError **error);

/* The sections of the tracer's own ledger. */
typedef struct {
#define SECTION(name, type, count) LedgerSection name;
#define WORDS(name, type, count)   LedgerSection name;
#include "guest/ledger_sections.def"
} LedgerSections;

/* The same for the tracer's own ledger, of its header's directory. */
gboolean ledger_sections_of_header(const LedgerHeader *header, const char *name, LedgerSections *found,
                                   GError **error);

/* Leaves of each record what is known here. records: count of them, each of section's size, put together at
 * the beginning, each of `known` bytes. */
void ledger_sections_cut(const LedgerSection *section, gsize known, guint8 *records, gsize count);

#endif
