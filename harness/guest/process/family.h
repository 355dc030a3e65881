/* The family of this process: the file that holds its ledger, those of its forks, and the roll (roll.h).
 *
 * What a vfork's child may call writes to shared memory alone and leaves nothing behind in its parent's. */
#ifndef HEAPGATE_GUEST_PROCESS_FAMILY_H
#define HEAPGATE_GUEST_PROCESS_FAMILY_H

#include "guest.h"
#include "roll.h"

/* Makes the file, maps the first ledger and tells the harness, as it does why there is none. NULL: there is
 * none. */
GUEST_HIDDEN LedgerHeader *family_begin(void);
/* In a fork: the next ledger, in the place of the parent's. NULL: there is none, which the roll says. */
GUEST_HIDDEN LedgerHeader *family_join(void);
/* Is there a roll? Forks have it before their ledger. */
GUEST_HIDDEN bool family_is_open(void);

/* Enters what this process becomes (ROLL_EXEC) or starts (ROLL_SPAWN). folder, path, flags: as of fstatat.
 * known: the file that lies there now will be the program. Returns the entry, 0: none, as nothing lies there
 * or there is no room, which is counted. errno may change. A vfork's child may call it, and the next two. */
GUEST_HIDDEN uint32_t family_enter(uint32_t kind, int folder, const char *path, int flags, bool known);
/* The same of a program that is searched for as execvp does; `found`: where it lies, ends in NUL. */
GUEST_HIDDEN uint32_t family_enter_found(uint32_t kind, const char *file, const char **found);
/* Any program may answer it. */
GUEST_HIDDEN void family_loosen(uint32_t entry);
/* It will have no books, and why (LEDGER_OFF_*). 0 is fine. */
GUEST_HIDDEN void family_explain(uint32_t entry, uint32_t off_reason);
/* It did not start after all. 0 is fine. */
GUEST_HIDDEN void family_take_back(uint32_t entry);
/* The child that it is about. */
GUEST_HIDDEN void family_started(uint32_t entry, uint32_t pid);
/* "FAMILY.ENTRY", ROLL_PARENT_SIZE bytes with the NUL; "" of entry 0. */
GUEST_HIDDEN void family_parent_text(uint32_t entry, char *text);

#endif
