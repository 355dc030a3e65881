/* The saved form of a ledger with its tables turned into columns of small numbers, which deflate packs well;
 * for ledger_pack.c.
 *
 * Head and table of sections stay as they are. Behind them stands a text for each section, ended by NUL: the
 * fields of its records (SavedArray.columns), so that sections can be unpacked that are not known. Of a table
 * each field is a column: one number for each record (ledger_numbers.h), folded, and where neighbours
 * resemble each other the difference to the record before. Stack nodes have columns of their own
 * (ledger_nodes.h). */
#ifndef HEAPGATE_FORMATS_LEDGER_LEDGER_COLUMNS_H
#define HEAPGATE_FORMATS_LEDGER_LEDGER_COLUMNS_H

#include <glib.h>

/* saved: what ledger_save gave. (transfer full). */
GByteArray *ledger_to_columns(const GByteArray *saved);
/* The saved form again, byte for byte; NULL where the bytes cannot be columns. Any bytes will do: what is
 * made of them is at most 8 times as long, as long as its head says, and has still to be checked as a saved
 * form. (transfer full). */
GByteArray *ledger_from_columns(const guint8 *bytes, gsize length);

#endif
