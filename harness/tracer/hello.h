/* What the guest tells its harness: datagrams (LedgerHello) to the socket that the environment named.
 *
 * Nothing here allocates or writes anything global, so all of it may be called in a vfork's child. errno may
 * change. */
#ifndef HEAPGATE_TRACER_HELLO_H
#define HEAPGATE_TRACER_HELLO_H

#include "guest.h"

/* Sends the descriptor of the ledger and closes it; false: nobody listens, or there is no descriptor to send
 * it by, which is told as hello_send_off does. */
GUEST_HIDDEN bool hello_send(const LedgerHeader *header, int fd);
/* Tells that there will be no ledger of this process, and why (LEDGER_OFF_*); also where no descriptor is
 * free. */
GUEST_HIDDEN void hello_send_off(bool forked, uint32_t off_reason);
/* Tells what program the process pid becomes. kind: LEDGER_HELLO_EXEC, _SPAWN or, program being -1, _STAYS.
 * program: a descriptor of its file, which stays the caller's. */
GUEST_HIDDEN void hello_announce(uint32_t kind, uint32_t pid, int program);

#endif
