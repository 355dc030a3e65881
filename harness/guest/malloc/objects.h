/* The loaded objects of the program, in the order in which the loader looks for symbols: as the loader keeps
 * them for debuggers. Nothing here takes a lock or allocates; whoever asks while other threads load and
 * unload holds the loader's lock (dl_iterate_phdr). */
#ifndef HEAPGATE_GUEST_MALLOC_OBJECTS_H
#define HEAPGATE_GUEST_MALLOC_OBJECTS_H

#include <link.h>
#include <stdbool.h>

#include "guest.h"

typedef struct link_map Object;

/* The executable; NULL: the loader does not say. */
GUEST_HIDDEN const Object *objects_first(void);
/* This library. */
GUEST_HIDDEN const Object *objects_own(void);
/* The one that an address lies in, also where it is another namespace's; NULL: none. */
GUEST_HIDDEN const Object *objects_at(const void *address);
/* The first of another namespace (dlmopen) after this one's; NULL for the program's own. NULL: no more. */
GUEST_HIDDEN const Object *objects_next_namespace(const Object *first);

/* The address of a function that the object defines; NULL: it does not. */
GUEST_HIDDEN void *object_find(const Object *self, const char *name);
/* That of the first object from `from` on, up to `until` (NULL: all), that defines it. in: where it was found
 * (NULL: not wanted). */
GUEST_HIDDEN void *objects_find(const Object *from, const Object *until, const char *name, const Object **in);

#endif
