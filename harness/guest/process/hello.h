/* What the guest tells its harness: one packet (roll.h) on a connection of its own, to the socket that the
 * environment named. Nothing waits: a harness that is stopped or busy finds it later, one that has too many
 * waiting not at all.
 *
 * Nothing here allocates. errno may change. */
#ifndef HEAPGATE_GUEST_PROCESS_HELLO_H
#define HEAPGATE_GUEST_PROCESS_HELLO_H

#include "guest.h"

/* Sends the descriptor of the family's file, which stays the caller's. LEDGER_OFF_NOT, or why it is not sent:
 * NO_DESCRIPTOR: for the socket; NO_HARNESS: nobody listens, or no way leads there. */
GUEST_HIDDEN uint32_t hello_send(int file);
/* Tells that there will be no ledger of this process, and why (LEDGER_OFF_*). Returns the same. */
GUEST_HIDDEN uint32_t hello_send_off(uint32_t off_reason);

#endif
