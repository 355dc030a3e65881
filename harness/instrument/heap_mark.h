/* Marks from outside, in processes that keep ledgers: whoever holds the ledgers writes the mark into them. */
#ifndef HEAPGATE_INSTRUMENT_HEAP_MARK_H
#define HEAPGATE_INSTRUMENT_HEAP_MARK_H

#include "mark.h"

/* What is sent to the socket (heap_socket.h); it is answered with one byte once the mark is in every ledger.
 */
typedef struct {
    guint64 magic;
    char key[20]; /* of the address */
    char name[MARK_NAME_SIZE + 1];
} HeapMark;
#define HEAP_MARK_MAGIC UINT64_C(0x314b52414d504748) /* "HGPMARK1" */

/* Sends a mark to the heapgate that listens at this address and waits until it is set. Errors:
 * HEAPGATE_ERROR_BROKEN. */
gboolean heap_mark_send(const char *address, const char *name, GError **error);
/* The same to the address that the environment tells, if it tells one. An Instrument.mark. */
gboolean heap_mark(const char *folder, const char *name, GError **error);

#endif
