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

const LedgerCode *received_codes(const Received *self);
const char *received_text(const Received *self, guint32 at);
/* The names of the Python frames of a site, innermost first, joined by "<"; offset: of the innermost.
 * (transfer full), "" without any. */
char *received_python_stack(const Received *self, guint site, guint32 *offset);
/* The innermost Python frame's code object; NULL: there is none. */
const LedgerCode *received_python_code(const Received *self, guint site);

#endif
