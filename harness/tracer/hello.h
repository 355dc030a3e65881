/* What the guest tells its harness: one packet (roll.h) on a connection of its own, to the socket that the
 * environment named. Nothing waits: a harness that is stopped or busy finds it later, one that has too many
 * waiting not at all.
 *
 * Nothing here allocates. errno may change. */
#ifndef HEAPGATE_TRACER_HELLO_H
#define HEAPGATE_TRACER_HELLO_H

#include "guest.h"

/* Sends the descriptor of the family's file, which stays the caller's; false: nobody listens, or there is no
 * descriptor to send it by, which is told as hello_send_off does. */
GUEST_HIDDEN bool hello_send(int file);
/* Tells that there will be no ledger of this process, and why (LEDGER_OFF_*); also where no descriptor is
 * free. */
GUEST_HIDDEN void hello_send_off(uint32_t off_reason);

#endif
