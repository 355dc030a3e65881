/* operator new and delete in the program's place. */
#ifndef HEAPGATE_GUEST_MALLOC_INTERPOSE_NEW_H
#define HEAPGATE_GUEST_MALLOC_INTERPOSE_NEW_H

#include "guest.h"

/* Our function of this name; NULL: it is no form of new or delete. */
GUEST_HIDDEN void *interpose_new_ours(const char *name);
/* Objects were unloaded: the C++ library may be another now. */
GUEST_HIDDEN void interpose_new_forget(void);

#endif
