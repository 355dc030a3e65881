/* The environment of a measurement. Figures from two environments are not comparable. What matters to one
 * instrument alone (Valgrind's version) is in Measurement.tool instead. */
#ifndef HEAPGATE_MODEL_ENVIRONMENT_H
#define HEAPGATE_MODEL_ENVIRONMENT_H

#include <glib.h>

typedef struct {
    char *platform;     /* "debian-12-x86_64": names the baseline folder */
    char *architecture; /* "x86_64" */
    char *libc;         /* "glibc 2.36" */
    char *python;       /* "CPython 3.11.2"; NULL where no Python ran */
    gint64 processors;  /* how many the program may use; 0: not known. Another number is no other environment,
                         * but reports name it as a possible cause of a regression. */
} Environment;

Environment *environment_copy(const Environment *self); /* (transfer full) */
void environment_free(Environment *self);               /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Environment, environment_free)

/* Sets the Python, unless one is set. python: copied; NULL changes nothing. */
void environment_learn_python(Environment *self, const char *python);

/* What differs, for people: "libc: glibc 2.36 there, glibc 2.39 here", where base is there and now is here.
 * NULL where nothing does. (transfer full). */
char *environment_difference(const Environment *base, const Environment *now);

#endif
