/* Line tables of CPython's code objects: which line an instruction is of.
 *
 * Formats: Objects/lnotab_notes.txt (3.9: co_lnotab; 3.10: co_linetable) and Objects/locations.md, earlier
 * InternalDocs (3.11 and later: co_linetable, the location table). The tables come from another program's
 * memory: any bytes give an answer, and reading ends with the table. */
#ifndef HEAPGATE_FORMATS_LEDGER_PYTHON_LINES_H
#define HEAPGATE_FORMATS_LEDGER_PYTHON_LINES_H

#include <glib.h>

/* The line of the instruction at `offset` bytes into the code; 0: it has none.
 * version: as PY_VERSION_HEX. first_line: the code object's co_firstlineno. table: (transfer none). */
guint python_line(guint32 version, const guint8 *table, gsize size, gint32 first_line, guint32 offset);

#endif
