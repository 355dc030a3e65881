/* A file named on the command line, mapped. */
#ifndef HEAPGATE_CMD_INPUT_H
#define HEAPGATE_CMD_INPUT_H

#include <glib.h>

typedef struct {
    const char *name;  /* (transfer none) */
    const char *bytes; /* never NULL */
    gsize length;
    GMappedFile *map;
    char *copy; /* of what cannot be mapped: a pipe */
} Input;

/* Opens a file. Errors: HEAPGATE_ERROR_USAGE. Clear with input_clear in any case. */
gboolean input_open(Input *self, const char *path, GError **error);
void input_clear(Input *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Input, input_clear)

#endif
