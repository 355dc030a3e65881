/* The frames of Python in a ledger: what a code object's number and an instruction are called, and which
 * frames of a mixed stack say something to who wrote the program. */
#ifndef HEAPGATE_FORMATS_LEDGER_LEDGER_PYTHON_H
#define HEAPGATE_FORMATS_LEDGER_LEDGER_PYTHON_H

#include "ledger.h"

/* Names the places of Python frames: function (qualified from 3.11 on), file and line. codes: LedgerCode,
 * text: what their offsets are of; both (transfer none) and as untrustworthy as all else. The ledger is
 * checked (ledger_check) and has no names yet. A place whose code makes no sense gets none, and is counted as
 * damaged.
 */
void ledger_name_python(Ledger *self, const GArray *codes, const GByteArray *text);

/* Is this function of the interpreter's (NULL: it has no name) one of its public interface, other than those
 * that only allocate: what a Python programmer may have heard of, and what keeps its name from one patch
 * release to the next? */
gboolean python_is_interface(const char *function);

/* The sentence that says why there are no Python frames, or that some are missing; NULL: all is well.
 * (transfer full). */
char *ledger_python_note(const LedgerHeader *header);
/* Why its small objects are in no book; NULL where they are, or it is no interpreter; (transfer full). */
char *ledger_python_hidden(const LedgerHeader *header);
/* "CPython 3.12.1", as platform.python_version() has it; NULL where no interpreter was seen; (transfer full).
 */
char *ledger_python_name(const LedgerHeader *header);

#endif
