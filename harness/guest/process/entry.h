/* Entries of the family's roll (roll.h): what its processes start, and which of them have no books.
 *
 * What a vfork's child may call writes to shared memory alone and leaves nothing behind in its parent's. */
#ifndef HEAPGATE_GUEST_PROCESS_ENTRY_H
#define HEAPGATE_GUEST_PROCESS_ENTRY_H

#include "guest.h"
#include "roll.h"

/* Enters what this process becomes (ROLL_EXEC) or starts (ROLL_SPAWN). folder, path, flags: as of fstatat.
 * known: the file that lies there now will be the program. Returns the entry, 0: none, as nothing lies there
 * or there is no room, which is counted. errno may change. A vfork's child may call it, and the next two. */
GUEST_HIDDEN uint32_t entry_add(uint32_t kind, int folder, const char *path, int flags, bool known);
/* The same of a program that is searched for as execvp does; `found`: where it lies, ends in NUL. */
GUEST_HIDDEN uint32_t entry_add_found(uint32_t kind, const char *file, const char **found);
/* Any program may answer it. */
GUEST_HIDDEN void entry_loosen(uint32_t entry);
/* It will have no books, and why (LEDGER_OFF_*). 0 is fine. */
GUEST_HIDDEN void entry_explain(uint32_t entry, uint32_t off_reason);
/* It did not start after all. 0 is fine. */
GUEST_HIDDEN void entry_take_back(uint32_t entry);
/* The child that it is about. */
GUEST_HIDDEN void entry_started(uint32_t entry, uint32_t pid);
/* "FAMILY.ENTRY", ROLL_PARENT_SIZE bytes with the NUL; "" of entry 0. */
GUEST_HIDDEN void entry_parent_text(uint32_t entry, char *text);

/* Enters that this process, a fork, has no books, and why (LEDGER_OFF_*). */
GUEST_HIDDEN void entry_refuse(uint32_t off_reason);
/* Which file lies there; folder, path, flags: as of fstatat. Zeros: none that can be known. */
GUEST_HIDDEN RollFile entry_file_at(int folder, const char *path, int flags);

#endif
