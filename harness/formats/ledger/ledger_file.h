/* The files that ledgers are saved in, for `heapgate show` and `diff`. */
#ifndef HEAPGATE_FORMATS_LEDGER_LEDGER_FILE_H
#define HEAPGATE_FORMATS_LEDGER_LEDGER_FILE_H

#include "ledger.h"

/* PROGRAM.PID.ledger, without blanks or other characters that a shell minds. number: from 1; from 2 on it is
 * part of the name, for one process may run a program twice. (transfer full). */
char *ledger_file_name(const Ledger *self, guint number);
/* Saves it packed, whole or not at all. Errors: G_FILE_ERROR. */
gboolean ledger_write(const Ledger *self, const char *path, GError **error);

#endif
