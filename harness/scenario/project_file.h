/* Files of the project that are read into memory: heapgate.yaml, scenarios, baselines. They come from pull
 * requests: a pipe, a device, or a link that leads out of the project is refused before it is read. */
#ifndef HEAPGATE_SCENARIO_PROJECT_FILE_H
#define HEAPGATE_SCENARIO_PROJECT_FILE_H

#include "project.h"

/* Reads the file at `path`, of at most `limit` bytes. what: the noun in messages ("scenario"). bytes:
 * (transfer full), ends in NUL. missing: may be NULL; else a file that does not exist sets it, and FALSE is
 * returned without an error.
 * Errors: HEAPGATE_ERROR_CONFIG "NAME cannot be read: WHY". */
gboolean project_file_read(const Project *self, const char *path, const char *what, gsize limit, char **bytes,
                           gsize *length, gboolean *missing, GError **error);

#endif
