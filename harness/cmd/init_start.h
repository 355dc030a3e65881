/* What `heapgate init` writes into a folder: it depends on what the folder holds. */
#ifndef HEAPGATE_CMD_INIT_START_H
#define HEAPGATE_CMD_INIT_START_H

#include <glib.h>

/* A file to write. */
typedef struct {
    char *path; /* relative to the folder */
    char *text;
} StartFile;

typedef struct {
    GPtrArray *files; /* of StartFile */
    char *advice;     /* what to do next, lines with an end each */
} Start;

/* The start for the working folder. A Python project (pyproject.toml, setup.py or setup.cfg) gets the heap
 * instrument alone, a function that is called again and again, and the interpreter of its virtual
 * environment. Any other gets the commands that build it, as far as its build files tell them. (transfer
 * full). */
Start *start_new(void);
void start_free(Start *self);
/* The interpreter of a virtual environment in a folder, ".venv/bin/python", relative to it; NULL: there is
 * none. (transfer none). */
const char *start_find_interpreter(const char *folder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Start, start_free)

#endif
