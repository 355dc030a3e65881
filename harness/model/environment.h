/* The environment a number holds for: numbers of two environments are not comparable. What one instrument
 * alone depends on is the measurement's `tool`. */
#ifndef HEAPGATE_MODEL_ENVIRONMENT_H
#define HEAPGATE_MODEL_ENVIRONMENT_H

#include <glib.h>

typedef struct {
    char *platform;     /* "debian-12-x86_64": names the baseline folder */
    char *architecture; /* "x86_64" */
    char *libc;         /* "glibc 2.36" */
    char *python;       /* "CPython 3.11.2" or NULL where the scenario's program is no Python */
    gint64 processors; /* that the program may use; 0: not known. No difference by itself: where a run is red,
                        * it may be what differs */
} Environment;

Environment *environment_copy(const Environment *self); /* (transfer full) */
void environment_free(Environment *self);               /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Environment, environment_free)

/* Says which Python it is, unless that is known already. python: NULL: nothing is said. */
void environment_learn_python(Environment *self, const char *python);

/* What differs, for people ("libc: glibc 2.36 there, glibc 2.39 here"), or NULL where the two are the same;
 * (transfer full). */
char *environment_difference(const Environment *base, const Environment *now);

#endif
