/* A file named on the command line: mapped, and unpacked where it is packed. */
#ifndef HEAPGATE_CMD_INPUT_H
#define HEAPGATE_CMD_INPUT_H

#include <glib.h>

typedef struct {
    const char *name;  /* (transfer none) */
    const char *bytes; /* never NULL */
    gsize length;
    GMappedFile *map;
    char *copy;           /* of what cannot be mapped: a pipe */
    GByteArray *unpacked; /* of what gzip, xz, zstd or heapgate packed */
} Input;

/* The entry of the commands that open files: how large what is unpacked may be. size: its text, for
 * input_open; (transfer full). */
GOptionEntry input_size_entry(char **size);

/* Opens a file. size: as of input_size_entry; NULL: 256 MiB. Errors: HEAPGATE_ERROR_USAGE, and
 * HEAPGATE_ERROR_FORMAT for what cannot be unpacked. Clear with input_clear in any case. */
gboolean input_open(Input *self, const char *path, const char *size, GError **error);
void input_clear(Input *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Input, input_clear)

#endif
