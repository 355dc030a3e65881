/* A program that restricts the system calls it may make (seccomp) is killed for others, whoever makes them in
 * its process. On the way of an event the tracer makes those that the C library's malloc makes: mmap, munmap
 * and mremap. A few more help it (docs/tracer.md lists them); once the program enters a sandbox, or is about
 * to, it goes without. */
#ifndef HEAPGATE_GUEST_SANDBOX_H
#define HEAPGATE_GUEST_SANDBOX_H

#include <stdbool.h>

/* Since PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP or seccomp(2), for good. */
extern __attribute__((visibility("hidden"))) bool sandbox_entered;
/* A filter is in force under which a program that is started would be killed for what the tracer calls at its
 * beginning: it is left alone. */
extern __attribute__((visibility("hidden"))) bool sandbox_kills_starts;

#endif
