/* The family of this process: the file that holds its ledger, those of its forks, and the roll (roll.h). */
#ifndef HEAPGATE_GUEST_PROCESS_FAMILY_H
#define HEAPGATE_GUEST_PROCESS_FAMILY_H

#include "guest.h"
#include "roll.h"

/* Makes the file, maps the first ledger and tells the harness, as it does why there is none. NULL: there is
 * none. */
GUEST_HIDDEN LedgerHeader *family_begin(void);
/* In a fork: the next ledger, in the place of the parent's. NULL: there is none, which the roll says. */
GUEST_HIDDEN LedgerHeader *family_join(void);
/* NULL: there is none. Forks have it before their ledger. */
GUEST_HIDDEN extern RollHeader *family_roll;
/* Of the ledger in it, of this process or, after a fork, still of its parent. */
GUEST_HIDDEN extern uint32_t family_number;

#endif
