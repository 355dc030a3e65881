/* The CPythons of this machine, and what a ledger says in words of Python. */
#ifndef HEAPGATE_TESTS_GUEST_PYTHONS_H
#define HEAPGATE_TESTS_GUEST_PYTHONS_H

#include "ledgers.h"

/* A CPython that is too old for frames; NULL, and the test is told as skipped, where there is none. (transfer
 * full).
 */
char *pythons_older(const char *test);

/* Paths of the interpreters from 3.9 to 3.13 that are installed: pyenv's and Debian's. Prints the versions
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
