/* Saved ledgers packed with zlib: what `heapgate exec` writes. */
#ifndef HEAPGATE_FORMATS_LEDGER_LEDGER_PACK_H
#define HEAPGATE_FORMATS_LEDGER_LEDGER_PACK_H

#include <glib.h>

/* What ledger_save gave, packed; (transfer full). */
GByteArray *ledger_pack(GByteArray *saved);
gboolean ledger_is_packed(const char *bytes, gsize length);
/* The saved form again, for ledger_load; (transfer full). Never larger than it says itself, and that is held
 * to most_bytes (up to PACKED_MOST_BYTES). Errors: as packed_fail. */
GByteArray *ledger_unpack(const char *bytes, gsize length, gsize most_bytes, const char *name,
                          GError **error);

#endif
