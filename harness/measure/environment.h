/* The environment a number holds for: numbers of two environments are not comparable. */
#ifndef HEAPGATE_MEASURE_ENVIRONMENT_H
#define HEAPGATE_MEASURE_ENVIRONMENT_H

#include <glib.h>

typedef struct {
    char *platform;     /* "debian-12-x86_64": names the baseline folder */
    char *architecture; /* "x86_64" */
    char *libc;         /* "glibc 2.36" */
    char *valgrind;     /* "3.19.0" or NULL */
    char *python;       /* "CPython 3.11.2" or NULL where the scenario's program is no Python */
} Environment;

Environment *environment_copy(const Environment *self); /* (transfer full) */
void environment_free(Environment *self);               /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Environment, environment_free)

/* What differs, for people ("Valgrind: 3.19.0 there, 3.22.0 here"), or NULL where the two are the same;
 * (transfer full). */
char *environment_difference(const Environment *base, const Environment *now);

#endif
