/* Reads files of the project into memory: heapgate.yaml, scenarios, baselines. They may come from pull
 * requests: pipes, devices, and links that lead out of the project are refused before they are read. */
#ifndef HEAPGATE_SCENARIO_PROJECT_FILE_H
#define HEAPGATE_SCENARIO_PROJECT_FILE_H

#include "project.h"

/* Reads the file at `path`, of at most `limit` bytes. what: what it is, for messages ("scenario"). *bytes:
 * set to the contents and a NUL, (transfer full). missing: NULL, or set to whether the file does not exist;
 * then FALSE is returned without an error. Errors: HEAPGATE_ERROR_CONFIG, "NAME cannot be read: WHY". */
gboolean project_file_read(const Project *self, const char *path, const char *what, gsize limit, char **bytes,
                           gsize *length, gboolean *missing, GError **error);

#endif
