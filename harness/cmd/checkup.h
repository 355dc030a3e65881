/* A checkup: what `heapgate doctor` finds, a line for each thing, and the command that mends it. */
#ifndef HEAPGATE_CMD_CHECKUP_H
#define HEAPGATE_CMD_CHECKUP_H

#include <glib.h>

typedef struct {
    guint wrong; /* how many things are missing */
} Checkup;

void checkup_found(const char *what, const char *detail);
/* Something that a run needs. */
void checkup_missing(Checkup *self, const char *what, const char *detail, const char *mend);
/* Something that only some need: it is told, and nothing is wrong. */
void checkup_note(const char *what, const char *detail, const char *mend);

/* Runs an interpreter under the tracer and tells its version, whether its frames are seen, and whether the
 * module for Python that it imports, if it does, fits this tracer. interpreter: an absolute path, or a name
 * to look up in PATH. label: how the user knows it. */
void checkup_python(Checkup *self, const char *interpreter, const char *label);

#endif
