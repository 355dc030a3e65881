/* Objects that find the C library's malloc past the tracer: those loaded with RTLD_DEEPBIND, those of another
 * namespace (dlmopen), and whoever asks dlsym for it. What they have bound is bound to us.
 *
 * Only such calls of dlopen are more than passed on. The loader looks at who called it where the name has no
 * slash (RUNPATH); then the call is passed on all the same. What it brought is bound before its constructors,
 * at the latest at the program's next dlsym or mark. What an object of another namespace allocates while it
 * is loaded goes past us: the audit finds it, if it came from this namespace's C library. */
#ifndef HEAPGATE_GUEST_MALLOC_BIND_H
#define HEAPGATE_GUEST_MALLOC_BIND_H

#include "guest.h"

extern GUEST_HIDDEN bool bind_waiting;
GUEST_HIDDEN void bind_all(void);

/* Binds what was loaded since, if anything was. */
static inline void bind_waited(void)
{
    if (UNLIKELY(bind_waiting))
        bind_all();
}

#endif
