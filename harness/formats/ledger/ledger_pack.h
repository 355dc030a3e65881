/* Saved ledgers packed with zlib: what `heapgate exec` writes, and ledger_load reads as it reads the plain
 * form. */
#ifndef HEAPGATE_FORMATS_LEDGER_LEDGER_PACK_H
#define HEAPGATE_FORMATS_LEDGER_LEDGER_PACK_H

#include <glib.h>

/* What ledger_save gave, packed; (transfer full). */
GByteArray *ledger_pack(GByteArray *saved);
gboolean ledger_is_packed(const char *bytes, gsize length);
/* The saved form again; (transfer full). Errors: HEAPGATE_ERROR_TRUNCATED, HEAPGATE_ERROR_FORMAT. Never
 * larger than 1032 times the length, nor than it says itself. */
GByteArray *ledger_unpack(const char *bytes, gsize length, const char *name, GError **error);

#endif
