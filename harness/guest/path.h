/* Paths, copied to where they are kept: in shared memory that another process reads. A vfork's child may call
 * both. */
#ifndef HEAPGATE_GUEST_PATH_H
#define HEAPGATE_GUEST_PATH_H

#include <stddef.h>

#include "guest.h"

/* Copies the path, with its NUL; one that is too long is cut. room: bytes of `to`, at least 1. */
GUEST_HIDDEN void path_put(char *to, size_t room, const char *path);
/* The same, and a relative one is put behind the folder that this process is in, which others do not know. It
 * stays relative where the system does not tell the folder, as in a sandbox, or there is no room for both. */
GUEST_HIDDEN void path_put_absolute(char *to, size_t room, const char *path);

#endif
