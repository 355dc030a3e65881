/* Texts in the ledger: each is there once. Python's str objects as UTF-8, without calling Python. */
#ifndef HEAPGATE_GUEST_PYTHON_PYTHON_TEXT_H
#define HEAPGATE_GUEST_PYTHON_PYTHON_TEXT_H

#include "guest.h"
#include "python_layout.h"

/* Makes the private half, empty; false: no memory. Again after a fork. */
GUEST_HIDDEN bool python_text_open(void);
/* Where in the text section these bytes are, a NUL after them; 0 where there are none or there is no room. */
GUEST_HIDDEN uint32_t python_text_keep(LedgerHeader *header, const void *bytes, uint32_t size);
/* The same for a str object (NULL: ""), cut where it is longer than a path may be. Lone surrogates become
 * U+FFFD. */
GUEST_HIDDEN uint32_t python_text_keep_string(LedgerHeader *header, const PythonLayout *layout,
                                              const void *string);
GUEST_HIDDEN uint64_t python_text_hash(const void *bytes, size_t size);

#endif
