/* The CPythons of this machine, and what a ledger says in words of Python. */
#ifndef HEAPGATE_TESTS_GUEST_PYTHONS_H
#define HEAPGATE_TESTS_GUEST_PYTHONS_H

#include "ledgers.h"

/* The versions whose frames are known. */
enum { PYTHONS_VERSIONS = 7 };
extern const char *const pythons_versions[PYTHONS_VERSIONS];

/* A CPython of a version ("3.12"): pyenv's, which lies in $PYENV_ROOT or ~/.pyenv, or else the
 * system's. NULL, and the test is told as skipped, where there is none. (transfer full).
 */
char *pythons_version(const char *version, const char *test);

/* Paths of the interpreters of those versions that are installed, and /usr/bin/python3. Prints the versions
 * that are not. (transfer full) */
GPtrArray *pythons_find(const char *test);

/* Of .../bin/python3.12 the folder "...", PYTHONHOME; its library .../lib/libpython3.12.so.1.0, or NULL where
 * it has none. (transfer full) */
char *pythons_home(const char *python);
char *pythons_library(const char *python);

/* A copy in the folder of an interpreter from 3.13 on, of its program or its library. Of what it publishes
 * about itself (_Py_DebugOffsets) one word is 8 less than the truth. (transfer full) */
char *pythons_misled(const char *path, guint word, const char *folder);

const LedgerCode *received_codes(const Received *self);
const char *received_text(const Received *self, guint32 at);
/* The names of the Python frames of a site, innermost first, joined by "<"; offset: of the innermost.
 * (transfer full), "" without any. */
char *received_python_stack(const Received *self, guint site, guint32 *offset);
/* The innermost Python frame's code object; NULL: there is none. */
const LedgerCode *received_python_code(const Received *self, guint site);

#endif
